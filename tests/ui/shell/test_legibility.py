"""What is written can be read: contrast in both themes, nothing cut at fonts twice as large, an order for the Tab key.

Every panel and every dialog is looked at. What is elided on purpose says the whole in its tooltip.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QRegion
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QPushButton,
    QScrollArea,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from explorer.ui.base import appearance
from explorer.ui.base.fonts import set_font_scale
from explorer.ui.shell.cut_texts import full_tooltip
from explorer.ui.shell.window import Window
from explorer.ui.widgets.card_button import CardButton
from tests.ui.base.test_appearance import contrast
from tests.ui.conftest import settled
from tests.ui.shell.every_dialog import EveryDialog

_LEAST_CONTRAST = 4.5
_WHOLE = QWidget.RenderFlag.DrawWindowBackground | QWidget.RenderFlag.DrawChildren
_TEXTS = (QLabel, QPushButton, QToolButton, QComboBox)


def _settle(window: Window, qtbot: QtBot) -> None:
    lanes = (*window._lanes, *window.tool_context.lanes)
    for _ in range(2):
        qtbot.waitUntil(lambda: not any(lane.busy for lane in lanes), timeout=240_000)
        qtbot.wait(30)


@pytest.fixture
def full(window: Window, qtbot: QtBot) -> Window:
    """A window with a network, a selection and every panel."""
    window.resize(1600, 1000)
    window.start("resnet18")
    settled(qtbot, window)
    window.session.select("layer1.0.conv1")
    _settle(window, qtbot)
    return window


@pytest.fixture
def large_font(qapp: QApplication) -> Iterator[None]:
    set_font_scale(qapp, 200)
    appearance.apply_scheme(qapp, "light")
    yield
    set_font_scale(qapp, 100)
    appearance.apply_scheme(qapp, "light")


def _panels(window: Window, qtbot: QtBot) -> Iterator[QWidget]:
    """Yield each panel while it is in sight, in a room as wide as users give it."""
    for dock in (*window.docks.all, *window.tool_context.docks):
        was_hidden = dock.isHidden()
        dock.show()
        dock.raise_()
        _settle(window, qtbot)
        held = dock.widget()
        if held is not None:
            yield held
        if was_hidden:
            dock.hide()


def _words(widget: QWidget) -> str:
    text = getattr(widget, "text", None)
    if isinstance(widget, QComboBox):
        return widget.currentText()
    return str(text()) if callable(text) else ""


# contrast


def _faint(root: QWidget) -> Iterator[str]:
    """Yield the texts below a widget that stand out too little from what they are on."""
    image = QImage(root.size() * 3, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(3)
    image.fill(QColor(appearance.current_colours().background))
    painter = QPainter(image)
    QWidget.render(
        root, painter, QPoint(), QRegion(), QWidget.RenderFlag.DrawWindowBackground | QWidget.RenderFlag.DrawChildren
    )
    painter.end()
    for widget in root.findChildren(QWidget):
        if not isinstance(widget, _TEXTS) or not widget.isVisible() or not widget.isEnabled():
            continue
        area = QRect(widget.mapTo(root, QPoint()), widget.size())
        seen = area.intersected(root.rect())
        if seen != area or widget.visibleRegion().boundingRect() != widget.rect() or not _words(widget).strip():
            continue
        pixels = Counter(
            image.pixel(x, y)
            for x in range(3 * area.left(), 3 * area.right(), 2)
            for y in range(3 * area.top(), 3 * area.bottom())
        )
        ground = QColor(pixels.most_common(1)[0][0]).name() if pixels else "#000000"
        best = max((contrast(QColor(colour).name(), ground) for colour in pixels), default=21.0)
        if best < _LEAST_CONTRAST:
            yield f"{best:.2f} {type(widget).__name__} {_words(widget)[:40]!r} on {ground}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_their_ground(full: Window, qtbot: QtBot, qapp: QApplication, scheme: str) -> None:
    appearance.apply_scheme(qapp, scheme)
    faint = {text for panel in _panels(full, qtbot) for text in _faint(panel)}
    faint |= {*_faint(full)}
    assert not faint, "\n".join(sorted(faint))


# room


def cut_texts(root: QWidget) -> Iterator[str]:
    """Yield what below a widget has less room than its words need, and does not say them in a tooltip."""
    for widget in root.findChildren(QWidget):
        if not widget.isVisible() or not _words(widget).strip():
            continue
        lacking = _lacking(widget)
        if lacking and _words(widget) not in full_tooltip(widget):
            where = type(widget.parentWidget()).__name__
            yield f"{type(widget).__name__} {_words(widget)[:40]!r} lacks {lacking} in {where}"


def _lacking(widget: QWidget) -> str:
    """Return how much room the words of a widget lack; empty where they fit."""
    if isinstance(widget, QLabel):
        if widget.wordWrap():
            lacks = widget.heightForWidth(widget.width()) - widget.height()
            return f"{lacks} px of height" if lacks > 2 else ""
        hint = widget.sizeHint()
    elif isinstance(widget, CardButton) or not isinstance(widget, (QAbstractButton, QComboBox)):
        return ""
    else:
        hint = widget.minimumSizeHint() if isinstance(widget, QComboBox) else widget.sizeHint()
    wide, high = hint.width() - widget.width(), hint.height() - widget.height()
    if isinstance(widget, QComboBox) and full_tooltip(widget) == widget.toolTip():
        wide = 0  # what is chosen fits, whatever its other entries need
    return f"{wide}×{high} px" if wide > 2 or high > 2 else ""


@pytest.mark.usefixtures("large_font")
def test_nothing_is_cut_at_twice_the_font(full: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    cut = {f"{type(panel).__name__}: {text}" for panel in _panels(full, qtbot) for text in cut_texts(panel)}

    def look(name: str, dialog: QWidget) -> None:
        cut.update(f"{name}: {text}" for text in cut_texts(dialog))

    EveryDialog(full, qtbot, monkeypatch, look).show_all()
    assert not cut, "\n".join(sorted(cut))


# the Tab key


def _tab_stops(root: QWidget) -> list[QWidget]:
    """Return the widgets below one that the Tab key goes to, in its order."""
    stops: list[QWidget] = []
    at = root.nextInFocusChain()
    while at is not None and at is not root and len(stops) < 2000:
        is_stop = bool(at.focusPolicy() & Qt.FocusPolicy.TabFocus) and at.isVisible() and at.isEnabled()
        if root.isAncestorOf(at) and is_stop and at.focusProxy() is None:
            stops.append(at)
        at = at.nextInFocusChain()
    return stops


def _backward(root: QWidget) -> Iterator[str]:
    """Yield the steps of the Tab key below a widget that go back: above what it left, or to the left of it."""
    stops = _tab_stops(root)
    for before, after in itertools.pairwise(stops):
        one, other = _seen_places(before, after, root)
        goes_up = other.bottom() <= one.top() and other.left() < one.right()
        goes_back = other.right() <= one.left() and other.top() < one.bottom() and other.bottom() > one.top()
        if goes_up or goes_back:
            yield f"{_called(before)} → {_called(after)}"


def _seen_places(before: QWidget, after: QWidget, root: QWidget) -> Iterator[QRect]:
    """Yield where two widgets are seen, one after the other has the keyboard: a scroll area brings its own into sight,
    so that it is at most at the area's end."""
    around = [_scroll_area(widget, root) for widget in (before, after)]
    for widget, area in zip((before, after), around, strict=True):
        place = QRect(widget.mapTo(root, QPoint()), widget.size())
        if area is not None and around[0] is not around[1]:
            sight = QRect(area.mapTo(root, QPoint()), area.size())
            place.moveBottom(max(min(place.bottom(), sight.bottom()), sight.top()))
        yield place


def _scroll_area(widget: QWidget, root: QWidget) -> QScrollArea | None:
    """Return the scroll area below `root` that a widget is in; None where it is in none."""
    at: QWidget | None = widget
    while at is not None and at is not root:
        if isinstance(at, QScrollArea):
            return at
        at = at.parentWidget()
    return None


def _called(widget: QWidget) -> str:
    return f"{type(widget).__name__} {widget.accessibleName() or _words(widget)!r}"


def _trap(root: QWidget, qtbot: QtBot) -> str:
    """Press Tab through a widget; return where it got no further, "" where it went round or out."""
    stops = _tab_stops(root)
    if not stops:
        return ""
    stops[0].setFocus(Qt.FocusReason.TabFocusReason)
    for _ in stops:
        at = QApplication.focusWidget()
        if at is None or not root.isAncestorOf(at):
            return ""
        qtbot.keyClick(at, Qt.Key.Key_Tab)
        if QApplication.focusWidget() is at and len(stops) > 1:
            return _called(at)
    return ""


def test_the_tab_key_follows_the_order_of_reading(full: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {f"{type(panel).__name__}: {step}" for panel in _panels(full, qtbot) for step in _backward(panel)}

    def look(name: str, dialog: QWidget) -> None:
        wrong.update(f"{name}: {step}" for step in _backward(dialog))

    EveryDialog(full, qtbot, monkeypatch, look).show_all()
    assert not wrong, "\n".join(sorted(wrong))


def test_the_tab_key_is_caught_nowhere(full: Window, qtbot: QtBot) -> None:
    full.activateWindow()
    caught = {f"{type(panel).__name__}: {at}" for panel in _panels(full, qtbot) if (at := _trap(panel, qtbot))}
    assert not caught
