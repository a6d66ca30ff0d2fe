"""Command-line commands that write files. Torch and Qt are imported when one of them runs."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explorer.base.languages import LANGUAGES, translator
from explorer.export.page import (
    ANIMATION_SUFFIXES,
    DOCUMENT_SUFFIXES,
    GRAPH_SUFFIXES,
    NETWORK_SUFFIXES,
    SLIDE_SETS,
    SUFFIXES,
    THEMES,
    ExportError,
    Page,
    PictureKind,
    check_suffix,
)
from explorer.export.paper import PAPERS
from explorer.viewmodels.card_parts import CARD_PARTS
from explorer.viewmodels.diagram import COLOUR_MODES, DIRECTIONS, LEVELS, Level

if TYPE_CHECKING:
    from explorer.training.commands import OpenNetwork

#: The levels of the figure of volumes, as it calls them.
_VOLUME_LEVELS: dict[str, Level] = {"stages": "stages", "blocks": "blocks", "layers": "units"}
_TEXT_SUFFIXES = (".md", ".tex", ".csv")
_EXPORT_SUFFIXES = (*SUFFIXES, *DOCUMENT_SUFFIXES, *ANIMATION_SUFFIXES, *NETWORK_SUFFIXES, *GRAPH_SUFFIXES)


def add_export_arguments(parser: argparse.ArgumentParser, opener: OpenNetwork) -> None:
    """Add the arguments of `export`. `opener` opens the network of a key."""
    _add_page_arguments(parser, formats=_EXPORT_SUFFIXES)
    parser.add_argument("--level", choices=LEVELS, default="blocks", help="how far groups are unfolded")
    parser.add_argument("--direction", choices=tuple(DIRECTIONS), default="columns", help="which way the data flows")
    parser.add_argument("--colour-by", dest="by", choices=tuple(COLOUR_MODES), default="kind", help="what colours say")
    parser.add_argument(
        "--select", metavar="NAME", action="append", default=[], help="only this layer, block or stage (repeatable)"
    )
    parser.add_argument(
        "--say", dest="parts", choices=CARD_PARTS, nargs="*", default=list(CARD_PARTS), help="what cards say"
    )
    parser.add_argument(
        "--slides",
        choices=SLIDE_SETS,
        default="fit",
        help="pages of .pdf, .pptx, .drawio, .tex: as many as readable text needs, one, one a level, or one an edit",
    )
    parser.add_argument("--deltas", action="store_true", help="with what edits removed, and what they cost or saved")
    parser.set_defaults(run=lambda parsed: _run_export(parsed, opener))


def add_handout_arguments(parser: argparse.ArgumentParser, opener: OpenNetwork) -> None:
    """Add the arguments of `handout`: a tour, or the guide page of a network, as a web page or slides."""
    parser.add_argument("--tour", metavar="ID|FILE", help="one of the app's tours, a lineage, or a file (.tour)")
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of the handout")
    parser.add_argument("--out", metavar="FILE", required=True, help=".html, or .pptx with notes")
    parser.set_defaults(run=lambda parsed: _run_handout(parsed, opener))


def _run_handout(parsed: argparse.Namespace, opener: OpenNetwork) -> None:
    from explorer.export.documents import handout, handout_sources
    from explorer.guide.page import find_page_key
    from explorer.tours.lineage_tour import find_tour
    from explorer.tours.listing import TOURS, is_of_the_app
    from explorer.tours.tour import read_tour

    check_suffix(Path(parsed.out), handout.HANDOUT_SUFFIXES)
    before = translator.language
    translator.set_language(parsed.language)
    try:
        if parsed.tour:
            if not is_of_the_app(parsed.tour) and not Path(parsed.tour).suffix:
                raise ExportError(f"there is no tour {parsed.tour!r}; there are {', '.join(TOURS)}, or a file (.tour)")
            tour = find_tour(parsed.tour) if is_of_the_app(parsed.tour) else read_tour(Path(parsed.tour))
            made = handout_sources.build_tour_handout(tour, parsed.language)
        else:
            network = opener(parsed, parsed.network)
            key = find_page_key(network.architecture.key)
            if key is None:
                raise ExportError(f"{network.title} has no page in the guide")
            made = handout_sources.build_page_handout(key, network, parsed.language)
        handout.export_handout(made, parsed.out)  # which has words of its own, as those that fold the answers
    finally:
        translator.set_language(before)


def add_volumes_arguments(parser: argparse.ArgumentParser, opener: OpenNetwork) -> None:
    """Add the arguments of `volumes`, the figure of feature maps as boxes."""
    _add_page_arguments(parser)
    parser.add_argument("--level", choices=tuple(_VOLUME_LEVELS), default="stages", help="what a box stands for")
    parser.set_defaults(
        select=[],
        direction="columns",
        by="kind",
        parts=CARD_PARTS,
        slides="one",
        deltas=False,
        run=lambda parsed: _run_export(parsed, opener, kind="volumes"),
    )


def add_table_arguments(parser: argparse.ArgumentParser, opener: OpenNetwork) -> None:
    """Add the arguments of `table`, the table of stages."""
    _add_page_arguments(parser, required=False)
    parser.add_argument(
        "--as",
        dest="form",
        choices=("auto", "brackets", "operators"),
        default="auto",
        help="bracketed lists as in the ResNet paper, or t, c, n, s as in the MobileNetV2 paper",
    )
    parser.set_defaults(run=lambda parsed: _run_table(parsed, opener))


def _add_page_arguments(
    parser: argparse.ArgumentParser, required: bool = True, formats: tuple[str, ...] = SUFFIXES
) -> None:
    if required:
        parser.add_argument(
            "--out", metavar="FILE|FOLDER", required=True, help="file to write; a folder for several networks"
        )
        names = [suffix.removeprefix(".") for suffix in formats]
        parser.add_argument("--format", choices=names, default="png", help="of the files in a folder (default png)")
    else:
        parser.add_argument("--out", metavar="FILE", help=".md, .tex, .csv, .png, .svg or .pdf; without it, Markdown")
    parser.add_argument("--theme", choices=THEMES, default="light", help="print is black on white")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--scale", type=float, metavar="N", help="pixels for each unit of the drawing (default 2)")
    size.add_argument("--width", type=int, metavar="PIXELS", help="of the whole image")
    size.add_argument("--dpi", type=float, metavar="N", help="dots for each inch of paper")
    parser.add_argument("--paper", choices=tuple(PAPERS), help="page format that the layout fills")
    parser.add_argument("--text-size", dest="text_points", type=float, metavar="POINTS", help="of lines on cards")
    for name, what in (("title", "title"), ("subtitle", "line below it"), ("caption", "caption")):
        dest = name if name == "subtitle" else f"{name}_text"
        parser.add_argument(f"--{name}", dest=dest, default="", metavar="TEXT", help=f"own {what}")
    parser.add_argument("--transparent", action="store_true", help="no ground behind the picture")
    for name, what in (("title", "the network's name"), ("caption", "exact figures"), ("legend", "the legend")):
        parser.add_argument(f"--no-{name}", dest=name, action="store_false", help=f"leave out {what}")
    parser.add_argument("--figures", action="store_true", help="with a table of figures")
    parser.add_argument("--margin", type=float, default=24.0, metavar="N", help="units around the picture (default 24)")


def _build_page(parsed: argparse.Namespace, **more: Any) -> Page:
    names: tuple[str, ...] = (
        "theme",
        "scale",
        "width",
        "dpi",
        "transparent",
        "title",
        "caption",
        "legend",
        "figures",
        "margin",
    )
    names += ("paper", "text_points", "title_text", "subtitle", "caption_text")
    return Page(**{name: getattr(parsed, name) for name in names}, **more)


def _run_export(parsed: argparse.Namespace, opener: OpenNetwork, kind: PictureKind = "graph") -> None:
    level = _VOLUME_LEVELS.get(parsed.level, parsed.level)
    graph = {name: getattr(parsed, name) for name in ("direction", "by", "slides", "deltas")}
    page = _build_page(parsed, kind=kind, level=level, parts=tuple(parsed.parts), **graph)
    known = _EXPORT_SUFFIXES if kind == "graph" else SUFFIXES
    for key, path in _output_files(parsed.network, parsed.out, parsed.format):
        suffix = check_suffix(path, known)
        if suffix in NETWORK_SUFFIXES:
            from explorer.export.network_files import save_network

            save_network(opener(parsed, key), path)
            continue
        if suffix in GRAPH_SUFFIXES:
            from explorer.export.network_graph import save_graph

            save_graph(opener(parsed, key), path, parsed.level)
            continue
        from explorer.export.network_sheet import save_diagram

        save_diagram(opener(parsed, key), path, page, select=parsed.select)


def _run_table(parsed: argparse.Namespace, opener: OpenNetwork) -> None:
    page = _build_page(parsed, kind="table")
    path = Path(parsed.out) if parsed.out else None
    if path is not None:
        check_suffix(path, (*_TEXT_SUFFIXES, *SUFFIXES))  # said before any network is opened
    networks = [opener(parsed, key) for key in expand_patterns(parsed.network)]
    from explorer.export.tables import save_table_text, table_as_markdown
    from explorer.presenters.stage_table import stage_table

    table = stage_table([network.analysis for network in networks], parsed.form)
    if path is None:
        print(table_as_markdown(table), end="")
    elif path.suffix.lower() in _TEXT_SUFFIXES:
        save_table_text(table, path)
    else:
        from explorer.export.network_sheet import save_table

        save_table(networks, table, path, page)


def expand_patterns(patterns: list[str]) -> list[str]:
    """Return the catalogue keys that match the patterns, each once. Anything without wildcards, and a user module
    (net.py:Net), is kept as it is.

    Raises LookupError for a pattern that matches none.
    """
    from explorer.networks.catalogue import all_entries
    from explorer.networks.user_module import is_user_module

    known = [entry.key for entry in all_entries()]
    found: dict[str, None] = {}
    for pattern in patterns:
        if is_user_module(pattern) or not any(mark in pattern for mark in "*?["):
            found[pattern] = None
            continue
        alike = [key for key in known if fnmatchcase(key, pattern)]
        if not alike:
            raise LookupError(f"no network of the catalogue is called like {pattern!r}")
        found.update(dict.fromkeys(alike))
    return list(found)


def _output_files(patterns: list[str], out: str, suffix: str) -> Iterator[tuple[str, Path]]:
    """The networks, and the file for each. Makes the folder for several; raises ExportError where there is none."""
    named, path = expand_patterns(patterns), Path(out)
    if len(named) == 1 and not path.is_dir() and not out.endswith(("/", "\\")):
        yield named[0], path
        return
    if path.suffix.lower() in _EXPORT_SUFFIXES and not path.is_dir():
        raise ExportError(f"{len(named)} networks do not fit into one file {path.name}: name a folder")
    from explorer.networks.catalogue import get_entry
    from explorer.networks.user_module import is_user_module

    for key in named:
        if not is_user_module(key):
            get_entry(key)  # an unknown one is said before any file is written
    try:
        path.mkdir(exist_ok=True)
    except OSError as failure:
        raise ExportError(f"cannot make the folder {path}: {failure.strerror}") from failure
    for key in named:
        yield key, path / f"{key.rpartition(':')[2]}.{suffix}"
