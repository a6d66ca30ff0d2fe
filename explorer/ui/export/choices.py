"""What the export dialog offers to choose from: texts, and the settings of a page that they stand for."""

from __future__ import annotations

from explorer.base.languages import tr_noop
from explorer.export.page import DEFAULT_SCALE, SUFFIXES, ExportScope, PictureKind, SlideSet, ThemeName
from explorer.export.paper import PAPERS
from explorer.viewmodels.diagram import DIRECTIONS, Direction, Level

KIND_CHOICES: dict[str, PictureKind] = {
    tr_noop("Diagram"): "graph",
    tr_noop("Feature maps as boxes"): "volumes",
    tr_noop("Table of stages"): "table",
}
LEVEL_CHOICES: dict[str, Level | None] = {
    tr_noop("As in the window"): None,
    tr_noop("Stages"): "stages",
    tr_noop("Blocks"): "blocks",
    tr_noop("Units"): "units",
    tr_noop("Ops"): "ops",
}
VOLUME_LEVELS: dict[str, Level | None] = {
    tr_noop("Stages"): "stages",
    tr_noop("Blocks"): "blocks",
    tr_noop("Layers"): "units",
}
SCOPES: dict[str, ExportScope] = {
    tr_noop("Whole network"): "all",
    tr_noop("Visible part"): "visible",
    tr_noop("Selection"): "selection",
}
DIRECTION_CHOICES: dict[str, Direction] = {text: direction for direction, text in DIRECTIONS.items()}
THEME_CHOICES: dict[str, ThemeName] = {
    tr_noop("Light"): "light",
    tr_noop("Dark"): "dark",
    tr_noop("Print (black on white)"): "print",
}
PAPER_CHOICES: dict[str, str | None] = {
    tr_noop("As large as the picture"): None,
    **{paper.name: key for key, paper in PAPERS.items()},
}
SLIDES: dict[str, SlideSet] = {
    tr_noop("As many as readable text needs"): "fit",
    tr_noop("One"): "one",
    tr_noop("One for each level of detail"): "levels",
    tr_noop("One for each edit"): "edits",
}
CHECKBOXES = {
    "title": tr_noop("Title"),
    "caption": tr_noop("Caption"),
    "legend": tr_noop("Legend"),
    "figures": tr_noop("Table of figures"),
    "transparent": tr_noop("Transparent background"),
    "deltas": tr_noop("What edits removed, cost or saved"),
}
#: Fields of the page for texts of one's own, and what stands there while they are empty.
TEXTS = {
    "title_text": tr_noop("Name of the network"),
    "subtitle": tr_noop("None"),
    "caption_text": tr_noop("Exact figures"),
}
#: Unit of the size: field of the page, default, decimals.
SIZES = {
    tr_noop("× scale"): ("scale", DEFAULT_SCALE, 2),
    tr_noop("pixels wide"): ("width", 2000.0, 0),
    tr_noop("dots per inch"): ("dpi", 300.0, 0),
}
_TABLE_FORMATS = {"LaTeX": ".tex", "Markdown": ".md", "CSV": ".csv"}
_GRAPH_FORMATS = {
    "PowerPoint": ".pptx",
    "draw.io": ".drawio",
    "TikZ (LaTeX)": ".tex",
    "HTML": ".html",
    "Mermaid": ".mmd",
    "GIF": ".gif",
    "WebP": ".webp",
    "GraphML": ".graphml",
    "DOT (Graphviz)": ".dot",
}

#: Formats that other programs edit or explore.
DOCUMENT_DESCRIPTIONS = {
    ".pptx": tr_noop("Slides: cards are shapes, links are glued to them."),
    ".drawio": tr_noop("A drawing for draw.io: links are attached to cards, frames can be folded."),
    ".tex": tr_noop("A LaTeX document of TikZ pictures, for pdflatex."),
    ".mmd": tr_noop("A flowchart for README files, which Mermaid lays out itself."),
    ".html": tr_noop("A page for any browser: fold, zoom, search, read figures."),
    ".gif": tr_noop("The edits, step by step."),
    ".webp": tr_noop("The edits, step by step."),
}
#: Of these, the ones that are as large as the program that shows them has room.
WITHOUT_SIZE = (".mmd", ".html")
#: Formats without a page: no size, colours or preview of their own.
TEXT_DESCRIPTIONS = {
    ".tex": tr_noop("A tabular with brackets; needs the packages amsmath, amssymb and booktabs."),
    ".md": tr_noop("A table for READMEs and notes."),
    ".csv": tr_noop("For spreadsheets and programs, with exact counts."),
    ".graphml": tr_noop("The graph with all figures, for networkx, Gephi, yEd and other programs."),
    ".dot": tr_noop("The graph for Graphviz, which lays it out and draws it."),
}


def text_description(kind: PictureKind, suffix: str) -> str | None:
    """Return what is said of a format without a page; None for one with a page."""
    return None if kind == "graph" and suffix in DOCUMENT_DESCRIPTIONS else TEXT_DESCRIPTIONS.get(suffix)


def formats_of(kind: PictureKind) -> dict[str, str]:
    """Return the suffixes that a kind of picture can be written with, by the names of their formats."""
    texts = {"table": _TABLE_FORMATS, "graph": _GRAPH_FORMATS}.get(kind, {})
    return {suffix.removeprefix(".").upper(): suffix for suffix in SUFFIXES} | texts


def levels_of(kind: PictureKind) -> dict[str, Level | None]:
    """Return the levels of detail of a kind of picture."""
    return VOLUME_LEVELS if kind == "volumes" else LEVEL_CHOICES
