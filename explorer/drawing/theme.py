"""Colours and fonts of the diagram."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPaintEngine, QPainter, QPen

from explorer.base.han_spacing import FIRST_IDEOGRAPH
from explorer.base.languages import translator
from explorer.base.memo import bounded
from explorer.viewmodels.diagram import NONE_LABEL, UNKNOWN_LABEL, Card, Kind

#: Strong colour of each kind. Lightness differs as well as hue: any two kinds of op stay apart (CIE76 ≥ 15) for normal,
#: deuteranope and protanope eyes, which a test checks.
_LIGHT: dict[str, str] = {
    "conv": "#4c8ae9",
    "depthwise": "#076f83",
    "linear": "#5739cd",
    "norm": "#8a8b8e",
    "activation": "#e06d12",
    "pool": "#249b5e",
    "add": "#832057",
    "concat": "#5b4631",
    "multiply": "#b837bd",
    "split": "#5b4631",
    "shuffle": "#c44526",
    "reshape": "#7c8594",
    "dropout": "#868e9b",
    "attention": "#5a3183",
    "constant": "#7c8594",
    "other": "#707a8a",
    "input": "#3d4656",
    "output": "#3d4656",
    "network": "#3d4656",
    "stem": "#4f7d8c",
    "stage": "#3f6ea8",
    "block": "#4a66c0",
    "branch": "#6f82ae",
    "unit": "#4c8ae9",
    "gate": "#b837bd",
    "head": "#6a5a8c",
}

_DARK: dict[str, str] = {  # the same on a dark ground: lighter, so that contrast stays
    "conv": "#a5c5ff",
    "depthwise": "#ade7ee",
    "linear": "#a994ff",
    "norm": "#7c7d80",
    "activation": "#fec271",
    "pool": "#6ece98",
    "add": "#ec72be",
    "concat": "#d08630",
    "multiply": "#b356bf",
    "split": "#d08630",
    "shuffle": "#fc7c6c",
    "reshape": "#8791a1",
    "dropout": "#7d8696",
    "attention": "#a157ed",
    "constant": "#8791a1",
    "other": "#98a2b3",
    "input": "#c9d1dd",
    "output": "#c9d1dd",
    "network": "#c9d1dd",
    "stem": "#7fb4c4",
    "stage": "#7fa8e0",
    "block": "#8fa6ff",
    "branch": "#a5b4d8",
    "unit": "#a5c5ff",
    "gate": "#b356bf",
    "head": "#b3a2d8",
}


@dataclass(frozen=True)
class Theme:
    """Colours of one look of the diagram: light, dark or print."""

    name: str
    canvas: str
    card: str
    text: str
    muted: str
    border: str
    frame: str  # ground of open groups; deeper ones are tinted more
    link: str
    skip: str  # shortcuts
    selection: str
    hover: str
    found: str  # what a search has found
    changed: str
    added: str
    off: str  # what an edit switched off
    kind_colours: Mapping[str, str]
    tint_strength: float  # how much of its kind's colour a card's ground takes
    heat_stops: tuple[str, str, str]  # from little to much: what cards are coloured by figures with
    heat_strength: float  # how much of that a card's ground takes, so that text on it can be read
    dashed_skips: bool = False  # shortcuts are dashed: where there is no colour to tell them by

    def kind_colour(self, kind: Kind) -> QColor:
        """Return the strong colour of a kind of op or group."""
        return _parse_colour(self.kind_colours[kind])

    def named_colour(self, name: str) -> QColor:
        """Return one of the theme's own colours: `theme.named_colour("link")`."""
        return _parse_colour(getattr(self, name))

    def overlay_colour(self, name: str) -> QColor:
        """Return a named colour, transparent enough to lay over a card that must stay readable."""
        colour = QColor(self.named_colour(name))
        colour.setAlphaF(0.22)
        return colour

    def kind_fill(self, kind: Kind) -> QColor:
        """Return the soft colour that fills cards of a kind."""
        return _mix(self.kind_colours[kind], self.card, self.tint_strength)

    def card_colour(self, card: Card) -> QColor:
        """Return the strong colour of a card: of its kind, or of its value on the diagram's colour scale."""
        return _parse_colour(self._card_colour_name(card))

    def card_fill(self, card: Card) -> QColor:
        """Return the soft colour that fills a card."""
        if card.tint is None and not card.tint_label:
            return self.kind_fill(card.kind)
        return _mix(self._card_colour_name(card), self.card, self.heat_strength)

    def patch_colour(self, card: Card) -> QColor:
        """Return the colour of a card too small for details: calm for a kind, full for a value."""
        return self.calm_kind_colour(card.kind) if card.tint is None and not card.tint_label else self.card_colour(card)

    def heat_colour(self, position: float) -> QColor:
        """Return the colour at a position on the scale, 0 to 1."""
        return _parse_colour(self._heat_colour_name(position))

    def label_colour(self, label: str) -> QColor:
        """Return the strong colour of a label that cards are coloured by."""
        return _parse_colour(self._label_colour_name(label))

    def _card_colour_name(self, card: Card) -> str:
        if card.tint is not None:
            return self._heat_colour_name(card.tint)
        return self._label_colour_name(card.tint_label) if card.tint_label else self.kind_colours[card.kind]

    def _heat_colour_name(self, position: float) -> str:
        low, middle, high = self.heat_stops
        first = position < 0.5
        over, under = (middle, low) if first else (high, middle)
        return _mix(over, under, round(2 * position if first else 2 * position - 1, 2)).name()

    def _label_colour_name(self, label: str) -> str:
        known = {
            "unchanged": self.border,
            UNKNOWN_LABEL: self.border,
            NONE_LABEL: self.border,
            "removed": self.off,
            "added": self.added,
        }
        known |= {"changed": self.changed, **_LABEL_COLOURS}
        return known.get(label) or _OTHER_LABEL_COLOURS[sum(map(ord, label)) % len(_OTHER_LABEL_COLOURS)]

    def heading_colour(self, kind: Kind) -> QColor:
        """Return a kind's colour for text: readable on every frame."""
        return _mix(self.kind_colours[kind], self.text, 0.55)

    def distant_card_fill(self, card: Card) -> QColor:
        """Return the fill of a card at a scale where it has no outline and must stand out by itself."""
        if card.tint is not None or card.tint_label:
            return self.card_fill(card)
        return _mix(self.kind_colours[card.kind], self.card, self.tint_strength + 0.1 if self.tint_strength else 0.0)

    def calm_kind_colour(self, kind: Kind) -> QColor:
        """Return a kind's colour, toned down, for cards shown as mere patches."""
        return _mix(self.kind_colours[kind], self.card, 0.72)

    def faint_colour(self, name: str) -> QColor:
        """Return a named colour mixed with the ground, for links at small scales. Opaque, so that overlapping lines do
        not add up."""
        return _mix(getattr(self, name), self.frame, 0.5)

    def skip_pen(self, width: float, faint: bool = False) -> QPen:
        """Return the pen for shortcuts; dashed where the theme cannot tell them by colour."""
        pen = QPen(self.faint_colour("skip") if faint else self.named_colour("skip"), width)
        if self.dashed_skips:
            pen.setStyle(Qt.PenStyle.DashLine)
        return pen

    def frame_fill(self, depth: int) -> QColor:
        """Return the ground of an expanded group, `depth` groups deep (1 is outermost)."""
        return _mix(self.muted, self.frame, min(0.05 * (depth - 1), 0.2))


#: Colours of words for where a layer's weights come from, and of words that a tool brings along.
_LABEL_COLOURS = {"weights sliced": "#4c8ae9", "weights extended": "#8a5bd6", "weights new": "#d1478f"}
_OTHER_LABEL_COLOURS = ("#4c8ae9", "#e06d12", "#249b5e", "#8a5bd6", "#d1478f", "#076f83", "#b08a2e")

LIGHT = Theme(
    name="light",
    canvas="#f7f8fa",
    card="#ffffff",
    text="#1b2230",
    muted="#566072",
    border="#ccd3de",
    frame="#ffffff",
    link="#8b95a6",
    skip="#c2378a",
    selection="#1f5fd0",
    hover="#7fa6e8",
    found="#c99a00",
    changed="#d98a00",
    added="#1f9d55",
    off="#7a8496",
    kind_colours=_LIGHT,
    tint_strength=0.07,
    heat_stops=("#ffe9a8", "#f2913d", "#b81f3a"),
    heat_strength=0.45,
)
DARK = Theme(
    name="dark",
    canvas="#16181d",
    card="#23272f",
    text="#eceff4",
    muted="#a3aebe",
    border="#3b424e",
    frame="#1c1f26",
    link="#6d7789",
    skip="#f06bb8",
    selection="#6ea2ff",
    hover="#4d6fae",
    found="#ffe066",
    changed="#f2b134",
    added="#4cc38a",
    off="#7d8797",
    kind_colours=_DARK,
    tint_strength=0.12,
    heat_stops=("#4a4330", "#c86a2b", "#ffd166"),
    heat_strength=0.24,
)
PRINT = Theme(
    name="print",
    canvas="#ffffff",
    card="#ffffff",
    text="#000000",
    muted="#333333",
    border="#555555",
    frame="#ffffff",
    link="#333333",
    skip="#000000",
    selection="#000000",
    hover="#777777",
    found="#777777",
    changed="#000000",
    added="#000000",
    off="#666666",
    kind_colours=dict.fromkeys(get_args(Kind), "#222222"),
    tint_strength=0.0,
    heat_stops=("#ffffff", "#aaaaaa", "#555555"),
    heat_strength=0.6,
    dashed_skips=True,
)


def get_theme(name: str) -> Theme:
    """Return the theme "light", "dark" or "print". Raises KeyError for another name."""
    return {"light": LIGHT, "dark": DARK, "print": PRINT}[name]


_UNTHICKENED = 4  # times the size of a line on a card, at which FreeType adds nothing
_FAMILIES = ("Inter", "Segoe UI", "SF Pro Text", "Helvetica Neue", "Noto Sans", "DejaVu Sans")


def diagram_font(pixels: float, bold: bool = False) -> QFont:
    """Return the diagram's font at a size in drawing units, independent of the screen, for the language in force."""
    return _build_font(pixels, bold, translator.about.fonts)


@bounded(128)
def _build_font(pixels: float, bold: bool, further_families: tuple[str, ...]) -> QFont:
    made = QFont()
    made.setFamilies([*_FAMILIES, *further_families])
    made.setPixelSize(max(round(pixels), 1))
    made.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)  # the same widths at every scale
    return made


def draw_text(painter: QPainter, place: QPointF, text: str) -> None:
    """Draw a text in the font of the painter; `place` is where its baseline begins.

    On bitmaps, FreeType thickens the stems of small characters in CFF fonts, which the Chinese ones are, by their size
    before it is scaled: beside letters of other fonts they were bold. At four times the size they are as they are.
    """
    engine = painter.paintEngine()
    if max(text, default="") < FIRST_IDEOGRAPH or engine is None or engine.type() != QPaintEngine.Type.Raster:
        painter.drawText(place, text)
        return
    painter.save()
    font = painter.font()
    font.setPixelSize(_UNTHICKENED * font.pixelSize())
    painter.setFont(font)
    painter.translate(place)
    painter.scale(1 / _UNTHICKENED, 1 / _UNTHICKENED)
    painter.drawText(QPointF(), text)
    painter.restore()


def text_width(text: str, pixels: float, bold: bool = False) -> float:
    """Return the width of a text in drawing units."""
    return _measure_width(text, pixels, bold, translator.about.fonts)


@bounded(2**16)
def _measure_width(text: str, pixels: float, bold: bool, further_families: tuple[str, ...]) -> float:
    return QFontMetricsF(_build_font(pixels, bold, further_families)).horizontalAdvance(text)


@bounded(256)
def _parse_colour(value: str) -> QColor:
    return QColor(value)


@bounded(256)
def _mix(over: str, under: str, share: float) -> QColor:
    a, b = QColor(over), QColor(under)
    pairs = ((a.redF(), b.redF()), (a.greenF(), b.greenF()), (a.blueF(), b.blueF()))
    return QColor.fromRgbF(*(share * x + (1 - share) * y for x, y in pairs))
