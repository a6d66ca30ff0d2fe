"""Settings of an exported picture: its contents and its size.

One value, shared by the dialog, the command line and the Python API. Needs neither Qt nor torch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from explorer.base.languages import join_list, join_with_and, tr, tr_n
from explorer.export.paper import PAPERS, PaperFormat
from explorer.viewmodels.card_parts import CARD_PARTS, CardPart
from explorer.viewmodels.diagram import DIRECTIONS, LEVELS, Direction, Level

#: What is drawn: the graph, its feature maps as boxes, or the table of its stages as in a paper.
PictureKind = Literal["graph", "volumes", "table"]
#: How much of the graph: everything, what is in sight in the window, or what is selected.
ExportScope = Literal["all", "visible", "selection"]
ThemeName = Literal["light", "dark", "print"]
#: How many pictures a document holds: as many as readable text needs, one, one for each level of detail, or one for
#: each step of the edits.
SlideSet = Literal["fit", "one", "levels", "edits"]

PICTURE_KINDS: tuple[PictureKind, ...] = get_args(PictureKind)
EXPORT_SCOPES: tuple[ExportScope, ...] = get_args(ExportScope)
THEMES: tuple[ThemeName, ...] = get_args(ThemeName)
SLIDE_SETS: tuple[SlideSet, ...] = get_args(SlideSet)
SUFFIXES = (".png", ".svg", ".pdf")
#: The network itself: Python that rebuilds it, its weights, both for other programs.
NETWORK_SUFFIXES = (".py", ".safetensors", ".onnx")
#: The picture as something to edit or to explore in other programs: slides, drawings, documents, a web page.
DOCUMENT_SUFFIXES = (".pptx", ".drawio", ".tex", ".mmd", ".html")
#: Formats that can hold several pictures.
PAGED_SUFFIXES = (".pdf", ".pptx", ".drawio", ".tex")
#: Steps of the edits, one after the other.
ANIMATION_SUFFIXES = (".gif", ".webp")
#: The graph of the network, for programs that analyse or draw graphs.
GRAPH_SUFFIXES = (".graphml", ".dot")

#: Units of the drawing on an inch of paper, as CSS has it: at scale 1 type is 11 to 13 units, 8 to 10 points, high.
UNITS_PER_INCH = 96.0
#: Of a PNG, which is painted and written in bands. Programs that open one hold four bytes for each pixel.
MAX_PNG_SIDE = 200_000
MAX_PNG_PIXELS = 1_000_000_000
#: Of an image that is held as a whole, on the clipboard: Qt paints no further than this.
MAX_IN_MEMORY_SIDE = 32_767
MAX_IN_MEMORY_PIXELS = 200_000_000
#: Acrobat shows no page of more than 200 inches, at 72 points each.
MAX_PDF_SIDE = 14_400

DEFAULT_SCALE = 2.0
#: Of a bitmap on a page of a given format.
PRINT_DPI = 300.0
#: Of the lines on cards at zoom 1: 11 units.
CARD_TEXT_POINTS = 11 * 72 / UNITS_PER_INCH
#: Below this nobody reads a line, where no format of paper says another size.
READABLE_POINTS = 6.0
POINTS_TOLERANCE = 0.05  # sizes are said to a tenth of a point
_MAX_PAPER_ZOOM = 1.9  # a few cards do not become giants on a slide
_COLUMN_TEXT_POINTS = 7.0  # what figures of papers usually have


class ExportError(ValueError):
    """Something that cannot be written. The message names the file and what to do instead."""


@dataclass(frozen=True, slots=True)
class Page:
    """Settings of an exported picture.

    With `paper`, a key of `explorer.export.paper.PAPERS`, the page has that size and the layout fills it; the size in
    pixels is of bitmaps alone then. `text_points` is the size of the lines on cards, in points on paper: more is not
    done where the picture would not fit. `parts` are what cards say. `title_text`, `subtitle` and `caption_text` are
    own texts; a title or caption left empty is the network's. `slides` are for documents with pages and animations: a
    picture whose text would be smaller than `least_points` on a page of a given height is spread over several.

    At most one of `scale`, `width` and `dpi` sets the size: pixels per drawing unit, pixels of the whole page, or
    pixels per inch, with 96 drawing units to the inch. Raises ExportError for a value that does not exist.
    """

    kind: PictureKind = "graph"
    level: Level | None = "blocks"  # None: unfolded as the window shows it
    scope: ExportScope = "all"
    direction: Direction = "columns"  # which way the data flows
    # what cards are coloured by: a key of `explorer.viewmodels.diagram.COLOURS`, or the title of other numbers
    by: str = "kind"
    theme: ThemeName = "light"
    scale: float | None = None
    width: int | None = None
    dpi: float | None = None
    transparent: bool = False
    title: bool = True
    caption: bool = True  # exact figures and their convention
    legend: bool = True
    figures: bool = False  # a table of figures
    margin: float = 24.0  # around the picture, where no paper has one of its own
    paper: str | None = None
    text_points: float | None = None
    parts: tuple[CardPart, ...] = CARD_PARTS
    title_text: str = ""
    subtitle: str = ""
    caption_text: str = ""
    slides: SlideSet = "fit"
    deltas: bool = False  # what edits removed is shown too, and what they cost or saved is said on the cards

    def __post_init__(self) -> None:
        check_choice(tr("kind of picture"), self.kind, PICTURE_KINDS)
        check_choice(tr("level"), self.level, (*LEVELS, None))
        check_choice(tr("scope"), self.scope, EXPORT_SCOPES)
        check_choice(tr("direction"), self.direction, tuple(DIRECTIONS))
        check_choice(tr("theme"), self.theme, THEMES)
        check_choice(tr("set of slides"), self.slides, SLIDE_SETS)
        check_choice(tr("page format"), self.paper, (*PAPERS, None))
        object.__setattr__(self, "parts", tuple(part for part in CARD_PARTS if part in self._known_parts()))
        sizes = {tr("scale"): self.scale, tr("width"): self.width, tr("resolution"): self.dpi}
        given = {name: value for name, value in sizes.items() if value is not None}
        if len(given) > 1:
            raise ExportError(
                tr("{names} cannot both be given; each says how large the image is", names=join_with_and(list(given)))
            )
        for name, value in given.items():
            if not (math.isfinite(value) and value > 0):
                raise ExportError(
                    tr("a {name} of {value:g} makes no image; it must be more than 0", name=name, value=value)
                )
        if self.text_points is not None and not (math.isfinite(self.text_points) and self.text_points > 0):
            text = tr("text of {points:g} points cannot be; it must be more than 0", points=self.text_points)
            raise ExportError(text)
        if not (math.isfinite(self.margin) and self.margin >= 0):
            raise ExportError(tr("a margin of {margin:g} cannot be; it must be 0 or more", margin=self.margin))

    def _known_parts(self) -> tuple[CardPart, ...]:
        for part in self.parts:
            check_choice(tr("part of a card"), part, CARD_PARTS)
        return self.parts

    @property
    def format(self) -> PaperFormat | None:
        """The size of the page; None where the page is as large as its picture."""
        return PAPERS[self.paper] if self.paper is not None else None

    @property
    def is_sized_on_paper(self) -> bool:
        """Whether units of the drawing are 1/96 inch of paper."""
        return self.dpi is not None or self.paper is not None

    @property
    def readable_points(self) -> float:
        """Size from which on lines on cards are read, in points on the page."""
        return self.format.min_points if self.format is not None else READABLE_POINTS

    @property
    def least_points(self) -> float:
        """Size of lines on cards below which a picture is spread over several pages, where there can be some."""
        return self.text_points or self.readable_points

    @property
    def max_zoom(self) -> float:
        """How much larger than natural the picture may be on the page."""
        if self.text_points is not None:
            return self.text_points / CARD_TEXT_POINTS
        if self.format is None:
            return 1.0
        return _MAX_PAPER_ZOOM if self.format.is_fixed else _COLUMN_TEXT_POINTS / CARD_TEXT_POINTS

    def scale_for(self, width: float) -> float:
        """Return pixels per drawing unit for a drawing of this width."""
        if self.width is not None:
            return self.width / width
        if self.dpi is not None:
            return self.dpi / UNITS_PER_INCH
        if self.scale is None and self.paper is not None:
            return PRINT_DPI / UNITS_PER_INCH
        return self.scale if self.scale is not None else DEFAULT_SCALE


def check_pixels(
    name: str,
    width: float,
    height: float,
    scale: float,
    max_side: int = MAX_PNG_SIDE,
    max_pixels: int = MAX_PNG_PIXELS,
    hint: str | None = None,
) -> tuple[int, int]:
    """Return width and height in pixels of a bitmap, before any memory is allocated.

    Raises ExportError when it would have no pixels or too many; the message gives the largest scale that works.
    """
    across, down = round(width * scale), round(height * scale)
    if min(across, down) < 1:
        raise ExportError(tr("at scale {scale:.3g} the image of {name} would have no pixels", scale=scale, name=name))
    if max(across, down) > max_side or across * down > max_pixels:
        most = max_scale(width, height, max_side, max_pixels)
        raise ExportError(
            tr(
                "{name} at scale {scale:.5g} would be {across:,} × {down:,} pixels, more than a "
                "bitmap holds; the largest scale that works is {limit:.10g}, {width:,} × {height:,} "
                "pixels{hint}",
                name=name,
                scale=scale,
                across=across,
                down=down,
                limit=most,
                width=round(width * most),
                height=round(height * most),
                hint=tr(" (or write an SVG or PDF)") if hint is None else hint,
            )
        )
    return across, down


def max_scale(width: float, height: float, max_side: int = MAX_PNG_SIDE, max_pixels: int = MAX_PNG_PIXELS) -> float:
    """Return the largest scale, rounded down to two digits, at which a bitmap stays within the limits."""
    exact = min(max_side / max(width, height), math.sqrt(max_pixels / (width * height)))
    digits = 100 if exact >= 0.1 else 10_000
    steps = math.floor(digits * exact)
    while round(width * steps / digits) * round(height * steps / digits) > max_pixels:
        steps -= 1  # both sides were rounded up
    return steps / digits


def size_text(page: Page, suffix: str, width: float, height: float, zoom: float = 1.0, pages: int = 1) -> str:
    """Return the size of the file that a page would give: "2,280 × 1,154 pixels, 30 × 15 cm on paper, text 7.2 pt".

    `zoom` is that of the picture on the page, of several `pages` the smallest. Raises ExportError when it is too large;
    the message gives the largest scale that works.
    """
    scale = page.scale_for(width)
    paper = f"{2.54 * width / UNITS_PER_INCH:.3g} × {2.54 * height / UNITS_PER_INCH:.3g} cm"
    if page.paper is not None or suffix in DOCUMENT_SUFFIXES:
        paper = tr_n("{n} page of {size}", "{n} pages of {size}", pages, size=paper) if pages > 1 else paper
        paper += f", {_text_size(zoom * CARD_TEXT_POINTS, page.readable_points)}"
    if suffix == ".png" or suffix in ANIMATION_SUFFIXES:
        across, down = check_pixels(tr("the image"), width, height, scale)
        size = tr("{across:,} × {down:,} pixels", across=across, down=down)
        return tr("{size}, {paper} on paper", size=size, paper=paper) if page.is_sized_on_paper else size
    if suffix in DOCUMENT_SUFFIXES:
        return paper
    if page.is_sized_on_paper:
        return tr("{paper}, sharp at any size", paper=paper)
    if suffix == ".pdf":
        scale = min(scale, MAX_PDF_SIDE / max(width, height))
        return tr(
            "a page of {width:.3g} × {height:.3g} cm, sharp at any size",
            width=2.54 / 72 * width * scale,
            height=2.54 / 72 * height * scale,
        )
    return tr("{width:,.0f} × {height:,.0f} pixels, sharp at any size", width=width * scale, height=height * scale)


def _text_size(points: float, readable: float) -> str:
    """The size of lines on cards, and what to do where nobody could read them."""
    size = tr("text {points:.1f} pt", points=points)
    if points >= readable - POINTS_TOLERANCE:
        return size
    return tr(
        "{size} (too small to be read, {least:g} pt are needed: show less detail, or choose a larger page)",
        size=size,
        least=readable,
    )


def check_suffix(path: Path, known: tuple[str, ...] = SUFFIXES) -> str:
    """Return the suffix of a path, in lower case. Raises ExportError when it is not in `known`."""
    suffix = path.suffix.lower()
    if suffix not in known:
        raise ExportError(
            tr("cannot write {file}: the name must end in {names}", file=path.name, names=join_list(known))
        )
    return suffix


def check_choice(setting: str, value: Any, known: tuple[Any, ...]) -> None:
    """Raise ExportError, with the known values, when a setting has another value."""
    if value not in known:
        names = [str(name) for name in known if name is not None]
        raise ExportError(
            tr(
                "there is no {setting} {value!r}; there are {names} and {last}",
                setting=setting,
                value=value,
                names=join_list(names[:-1]),
                last=names[-1],
            )
        )
