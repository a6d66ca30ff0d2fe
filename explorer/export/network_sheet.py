"""Pictures of a network on a page, and their files: used by the dialog, the command line and the Python API."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explorer.base.languages import tr
from explorer.export.page import (
    ANIMATION_SUFFIXES,
    DOCUMENT_SUFFIXES,
    PAGED_SUFFIXES,
    SUFFIXES,
    ExportError,
    Page,
    check_suffix,
)
from explorer.export.page_diagram import build_page_diagram, resolve_selection
from explorer.export.sheet_text import sheet_text
from explorer.network import Network
from explorer.presenters.stage_table import StageTable, stage_table
from explorer.presenters.volumes import build_volumes
from explorer.viewmodels.diagram import LEVEL_NAMES, Colouring, ProgressCallback

if TYPE_CHECKING:
    from PySide6.QtGui import QGuiApplication

    from explorer.export.sheet import Sheet, SheetContent

_application: QGuiApplication | None = None  # fonts need one; kept for the life of the process


def save_diagram(
    network: Network, path: str | Path, page: Page = Page(), *, select: Collection[str] = (), **settings: Any
) -> None:
    """Write a picture of a network, by the suffix of `path`: as PNG, SVG or PDF; as .pptx, .drawio, .tex, .mmd or
    .html, to be edited or explored in other programs; or, step by step of its edits, as an animated .gif or .webp.

    Args:
        page: what it shows and how large it is; `settings` are fields of it: level="units", theme="dark", width=2000.
        select: layers, blocks or stages, if nothing else should be on it.

    Raises:
        ExportError: a setting there is no such value of, or a file that cannot be written as asked; nothing is
            written then. The message says the largest scale that works, or the package that is missing.
    """

    try:
        page = replace(page, **settings)
    except TypeError as failure:
        raise ExportError(tr("no such setting: {reason}", reason=failure)) from failure
    ensure_application()
    suffix = check_suffix(Path(path), (*SUFFIXES, *DOCUMENT_SUFFIXES, *ANIMATION_SUFFIXES))
    is_paged = suffix not in ANIMATION_SUFFIXES
    sheets = build_network_sheets(network, page_for_suffix(page, suffix), select, is_paged=is_paged)
    write_sheets(sheets, path, network)


def write_sheets(sheets: Sequence[Sheet], path: str | Path, network: Network) -> None:
    """Write sheets of a network in the format of the suffix of `path`; formats of one picture hold the first. Raises
    ExportError, and then nothing is written."""
    from explorer.export.animation import export_animation
    from explorer.export.documents.files import export_document
    from explorer.export.sheet_files import export_image

    suffix = Path(path).suffix.lower()
    if suffix in ANIMATION_SUFFIXES:
        export_animation(sheets, path)
    elif suffix in DOCUMENT_SUFFIXES:
        export_document(sheets, path, network)
    else:
        export_image(sheets, path)


def page_for_suffix(page: Page, suffix: str) -> Page:
    """Return a page as its format needs it: slides have one size, an animation is of the edits."""
    if suffix in ANIMATION_SUFFIXES:
        return replace(page, slides="edits", paper=page.paper or "16:9")
    if suffix not in PAGED_SUFFIXES:
        return replace(page, slides="one")
    needs_paper = suffix == ".pptx" or page.slides in ("levels", "edits")
    return replace(page, paper=page.paper or "16:9") if needs_paper else page


def save_table(networks: Sequence[Network], table: StageTable, path: str | Path, page: Page = Page()) -> None:
    """Write a table of stages as PNG, SVG or PDF. Raises ExportError."""
    from explorer.export.sheet_files import export_image

    ensure_application()
    export_image(build_table_sheet(networks, table, page), path)


def build_table_sheet(networks: Sequence[Network], table: StageTable, page: Page) -> Sheet:
    """Return a table of stages on a page. Needs a QGuiApplication."""
    from explorer.export.sheet import Sheet, SheetText
    from explorer.export.table_image import TableImage

    single = sheet_text(networks[0]) if len(networks) == 1 else SheetText(table.title, " · ".join(table.notes))
    return Sheet(TableImage(table), page, single)


def build_network_sheet(network: Network, page: Page = Page(), select: Collection[str] = ()) -> Sheet:
    """Return the picture that a page asks for, with title, figures, caption and legend. Needs a QGuiApplication.

    Raises ExportError for a selection that is not in the network.
    """
    from explorer.export.sheet import fill_sheet

    drawn = resolve_selection(network, select) if page.kind == "graph" else ()
    return fill_sheet(build_content(network, page, select), page, sheet_text(network, drawn))


def build_network_sheets(
    network: Network,
    page: Page,
    select: Collection[str] = (),
    expanded: frozenset[str] | None = None,
    *,
    is_paged: bool = True,
    report_progress: ProgressCallback = float,
) -> list[Sheet]:
    """Return a sheet for each picture that a page asks for, or several where it could not be read on one.

    `expanded` are the groups that are open where the page names no level. A step of an animation is one picture: it
    is not `is_paged`. `report_progress` may raise to cancel. Raises ExportError.
    """
    from explorer.export.sheet import fill_sheet
    from explorer.export.spread import spread_sheet

    if page.slides == "levels":
        levels = pages_by_level(network, replace(page, slides="fit"), select)
        built = (build_network_sheets(network, each, select, report_progress=report_progress) for each in levels)
        return [sheet for sheets in built for sheet in sheets]
    if page.slides in ("one", "fit"):
        whole = build_network_sheet(network, page, select)
        return spread_sheet(whole, partial(sheet_text, network), report_progress)
    history, sheets = network.history, []
    page = replace(page, slides="fit" if is_paged else "one")
    for position, title in enumerate([tr("As opened"), *(edit.title for edit in history.applied_edits)]):
        state = replace(network, history=history.at_position(position))
        each = replace(page, subtitle=" · ".join(filter(None, (page.subtitle, title))))
        whole = fill_sheet(build_content(state, each, (), None, expanded), each, sheet_text(state))
        sheets += spread_sheet(whole, partial(sheet_text, state), report_progress)
    return sheets


def pages_by_level(network: Network, page: Page, select: Collection[str] = ()) -> Iterator[Page]:
    """Yield a page for each level of detail that shows other cards than the one before."""
    before: Collection[str] = ()
    for level, name in LEVEL_NAMES.items():
        each = replace(page, level=level, subtitle=" · ".join(filter(None, (page.subtitle, tr(name)))))
        cards = build_page_diagram(network, each, select).cards.keys()
        if cards != before:
            yield each
        before = cards


def build_content(
    network: Network,
    page: Page,
    select: Collection[str] = (),
    colouring: Colouring | None = None,
    expanded: frozenset[str] | None = None,
) -> SheetContent:
    """Return the picture alone. `colouring` supplies the values when the page colours by a mode that is not in
    `COLOUR_MODES`; `expanded` are the groups that are open where it names no level."""
    from explorer.drawing import compose_picture
    from explorer.export.table_image import TableImage
    from explorer.export.volumes_image import VolumesImage

    study = network.analysis
    if page.kind == "table":
        return TableImage(stage_table([study]))
    if page.kind == "volumes":
        return VolumesImage(build_volumes(study, page.level or "blocks"))
    diagram = build_page_diagram(network, page, select, colouring, expanded)
    return compose_picture(diagram, page.direction)


def ensure_application() -> None:
    """Create a QGuiApplication if there is none, offscreen where there is no display."""
    global _application
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtGui import QGuiApplication

    if QGuiApplication.instance() is None:
        _application = QGuiApplication(["cnn-explorer"])
