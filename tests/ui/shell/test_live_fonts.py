"""A size of the font that is chosen while the window is open looks as it does at the next start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QDockWidget, QWidget
from pytestqt.qtbot import QtBot

from explorer.drawing.legend import legend_width
from explorer.ui.base import appearance
from explorer.ui.base.fonts import set_font_scale
from explorer.ui.shell.window import Window
from tests.ui.conftest import settled


@pytest.fixture
def font_of_100(qapp: QApplication) -> Iterator[None]:
    yield
    set_font_scale(qapp, 100)
    appearance.apply_scheme(qapp, "light")


def _sizes(window: Window) -> dict[str, float]:
    """Return the size of the font of each widget in sight, by where it is."""
    found: dict[str, float] = {}
    for number, widget in enumerate(window.findChildren(QWidget)):
        if widget.isVisible():
            found[f"{number} {type(widget).__name__} in {type(widget.parentWidget()).__name__}"] = _points(widget)
    return found


def _points(widget: QWidget) -> float:
    return round(widget.font().pointSizeF(), 1)


def _title_height(dock: QDockWidget) -> int:
    """Return the height, in pixels, of what is written in the title of a dock."""
    held = dock.widget()
    assert held is not None
    image = dock.grab().toImage()
    rows = range(2, held.mapTo(dock, QPoint()).y() - 2)
    written = [y for y in rows if len({image.pixel(x, y) for x in range(5, min(60, image.width()))}) > 1]
    return written[-1] - written[0]


@pytest.mark.usefixtures("font_of_100")
def test_a_font_chosen_now_is_that_of_the_next_start(window: Window, qtbot: QtBot, qapp: QApplication) -> None:
    before = _title_height(window.docks.figures)
    set_font_scale(qapp, 200)
    appearance.apply_scheme(qapp, "light")
    qtbot.wait(50)
    assert _title_height(window.docks.figures) > 1.7 * before
    started = Window()
    qtbot.addWidget(started)
    started.resize(window.size())
    started.show()
    started.room.show_awaited()
    qtbot.wait(50)
    now, fresh = _sizes(window), _sizes(started)
    other = {place: (now[place], fresh[place]) for place in now if place in fresh and now[place] != fresh[place]}
    assert len(now.keys() & fresh.keys()) > 50
    assert not other
    started.close()


@pytest.mark.usefixtures("font_of_100")
def test_the_legend_grows_with_the_fonts_of_the_window(window: Window, qtbot: QtBot, qapp: QApplication) -> None:
    window.resize(1600, 1000)
    window.start("resnet18")
    settled(qtbot, window)
    window.canvas.fit()
    picture = window.canvas.picture
    before = window.canvas._legend.rect
    assert not before.isEmpty()
    set_font_scale(qapp, 130)
    appearance.apply_scheme(qapp, "light")
    assert picture is not None
    entries = picture.legend
    qtbot.waitUntil(lambda: window.canvas._legend.rect.height() > 1.15 * before.height(), timeout=5000)
    assert window.canvas._legend.rect.width() >= 1.3 * legend_width(entries)
    assert not picture.count_cards_in(window.canvas._viewport.to_picture_rect(window.canvas._legend.rect))
