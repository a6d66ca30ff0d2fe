"""What the export dialog offers to choose from: texts, and the settings of a page that they stand for."""

from __future__ import annotations

from explorer.base.languages import tr_noop
from explorer.export.page import DEFAULT_SCALE, SUFFIXES, ExportScope, PictureKind, ThemeName
from explorer.viewmodels.diagram import DIRECTIONS, Direction, Level

KINDS: dict[str, PictureKind] = {
    tr_noop("Diagram"): "graph",
    tr_noop("Feature maps as boxes"): "volumes",
    tr_noop("Table of stages"): "table",
}
LEVELS: dict[str, Level | None] = {
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
THEMES: dict[str, ThemeName] = {
    tr_noop("Light"): "light",
    tr_noop("Dark"): "dark",
    tr_noop("Print (black on white)"): "print",
}
CHECKBOXES = {
    "title": tr_noop("Title"),
    "caption": tr_noop("Caption with exact figures"),
    "legend": tr_noop("Legend"),
    "figures": tr_noop("Table of figures"),
    "transparent": tr_noop("Transparent background"),
}
#: Unit of the size: field of the page, default, decimals.
SIZES = {
    tr_noop("× scale"): ("scale", DEFAULT_SCALE, 2),
    tr_noop("pixels wide"): ("width", 2000.0, 0),
    tr_noop("dots per inch"): ("dpi", 300.0, 0),
}
_TABLE_FORMATS = {"LaTeX": ".tex", "Markdown": ".md", "CSV": ".csv"}
_GRAPH_FORMATS = {"GraphML": ".graphml", "DOT (Graphviz)": ".dot"}

#: Formats without a page: no size, colours or preview of their own.
TEXT_DESCRIPTIONS = {
    ".tex": tr_noop("A tabular with brackets; needs the packages amsmath, amssymb and booktabs."),
    ".md": tr_noop("A table for READMEs and notes."),
    ".csv": tr_noop("For spreadsheets and programs, with exact counts."),
    ".graphml": tr_noop("The graph with all figures, for networkx, Gephi, yEd and other programs."),
    ".dot": tr_noop("The graph for Graphviz, which lays it out and draws it."),
}


def formats_of(kind: PictureKind) -> dict[str, str]:
    """Return the suffixes that a kind of picture can be written with, by the names of their formats."""
    texts = {"table": _TABLE_FORMATS, "graph": _GRAPH_FORMATS}.get(kind, {})
    return {suffix.removeprefix(".").upper(): suffix for suffix in SUFFIXES} | texts


def levels_of(kind: PictureKind) -> dict[str, Level | None]:
    """Return the levels of detail of a kind of picture."""
    return VOLUME_LEVELS if kind == "volumes" else LEVELS
