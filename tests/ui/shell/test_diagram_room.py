"""The diagram is the app: in a small window it keeps its share whatever panel is used, and nothing covers its cards."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest
from PySide6.QtCore import QRectF, QSettings, Qt
from PySide6.QtWidgets import QDockWidget, QTabBar
from pytestqt.exceptions import TimeoutError as QtBotTimeoutError
from pytestqt.qtbot import QtBot

from explorer import SwapActivation
from explorer.base.languages import translator
from explorer.drawing.picture import compose_picture
from explorer.network import Network
from explorer.presenters import build_diagram, expanded_at_level, toggle_expanded
from explorer.ui.canvas.canvas import Canvas
from explorer.ui.canvas.diagram_view import DiagramView
from explorer.ui.canvas.legend_placement import _bottom_rects, _corner_rects, _covered, choose_legend_rect
from explorer.ui.minimap.minimap import Minimap
from explorer.ui.shell.diagram_room import DiagramRoom
from explorer.ui.shell.window import Window
from explorer.ui.training.panel import TrainingPanel
from explorer.viewmodels.diagram import Level
from tests.conftest import TYPICAL
from tests.ui.conftest import settled

_SIZES = ((1280, 800), (1000, 700))


@pytest.fixture
def small(window: Window, qtbot: QtBot) -> Window:
    """A window that is small for the first time."""
    QSettings().setValue("one_side_in_small_windows", True)
    window.room.small_changed.emit(window.room.is_small)
    window.room.arrange_first()
    window.start("resnet18")
    settled(qtbot, window)
    return window


def _share(window: Window) -> float:
    return window.canvas.width() * window.canvas.height() / (window.width() * window.height())


def _toggle(dock: QDockWidget, qtbot: QtBot) -> None:
    dock.toggleViewAction().trigger()
    qtbot.wait(60)  # two rounds of the layout, and its animation


def _is_tab_readable(window: Window, dock: QDockWidget) -> bool:
    """Whether the tab of a panel in front says its whole title, however many others are beside it."""
    bars = window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
    seen = [bar for bar in bars if bar.isVisible() and bar.tabText(bar.currentIndex()) == dock.windowTitle()]
    return bool(seen) and all(
        bar.elideMode() == Qt.TextElideMode.ElideNone and bar.rect().contains(bar.tabRect(bar.currentIndex()).center())
        for bar in seen
    )


def _is_below(window: Window, dock: QDockWidget) -> bool:
    return window.dockWidgetArea(dock) == window.dockWidgetArea(window.docks.figures)


@pytest.mark.parametrize("size", _SIZES)
def test_the_diagram_has_room_with_and_after_every_panel(small: Window, size: tuple[int, int], qtbot: QtBot) -> None:
    small.setAnimated(False)
    small.resize(*size)
    qtbot.wait(50)
    least = {1280: (0.6, 0.6, 0.6), 1000: (0.53, 0.5, 0.6)}[size[0]]  # at the side, below, and after
    for dock in small.room._standing():
        _toggle(dock, qtbot)
    for dock in (*small.docks.all, *small.tool_context.docks):
        _toggle(dock, qtbot)
        assert dock.isVisible()
        wanted = least[1 if _is_below(small, dock) else 0]
        small.notice.hide()
        with contextlib.suppress(QtBotTimeoutError):  # the assertion says more
            qtbot.waitUntil(lambda wanted=wanted: _share(small) >= wanted - 0.01, timeout=1000)  # type: ignore[misc]
        assert _share(small) >= wanted - 0.01, (dock.objectName(), dock.size(), small.canvas.size())
        assert small.size().toTuple() == size, dock.objectName()
        _toggle(dock, qtbot)
        assert dock.isHidden()
        assert _share(small) >= least[2], dock.objectName()
        assert small.size().toTuple() == size


def test_a_picture_stands_beside_the_diagram_of_a_small_window_and_below_that_of_a_large_one(
    small: Window, qtbot: QtBot
) -> None:
    small.setAnimated(False)
    names = {dock.objectName() for dock in small.tool_context.docks if dock.needs_height}
    assert {"How it computes", "Feature maps", "Where it looks", "Memory film-strip"} <= names
    assert {"Along the depth", "Budget lock"} <= names  # whose curves and points were a strip of 20 pixels
    picture = small.findChild(QDockWidget, "How it computes")
    assert picture is not None
    _toggle(picture, qtbot)
    assert not _is_below(small, picture)
    qtbot.waitUntil(lambda: picture.height() > picture.width())
    small.room._was_small = True
    small.resize(1590, 990)
    qtbot.waitUntil(lambda: _is_below(small, picture))
    assert picture.isVisible()
    small.resize(1280, 800)
    qtbot.wait(60)
    _toggle(small.docks.figures, qtbot)
    small.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, picture)  # by the user
    _toggle(picture, qtbot)
    assert not _is_below(small, picture)
    settled(qtbot, small)


def test_a_picture_that_was_dragged_below_in_a_small_window_stays_there_the_next_time(
    small: Window, qtbot: QtBot
) -> None:
    small.setAnimated(False)
    small.resize(1280, 800)
    picture = small.findChild(QDockWidget, "How it computes")
    assert picture is not None
    _toggle(picture, qtbot)
    assert not _is_below(small, picture)
    assert not QSettings().contains("pictures_moved_aside")  # before the arrangement is saved, too
    small.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, picture)  # by the user
    small.room.save_state()
    next_time = DiagramRoom(
        small, small.canvas, (*small.docks.all, picture), small.docks.library, small.docks.inspector, [picture]
    )
    next_time._place_picture(picture)
    assert _is_below(small, picture)
    settled(qtbot, small)


def test_a_training_can_be_set_and_started_in_a_small_window(small: Window, qtbot: QtBot) -> None:
    small.setAnimated(False)
    small.resize(1000, 700)
    dock = small.findChild(QDockWidget, "Training")
    assert dock is not None
    _toggle(dock, qtbot)
    panel = dock.findChild(TrainingPanel)
    assert panel is not None
    qtbot.waitUntil(lambda: not panel.data_choice.samples.picture.pixmap().isNull())
    controls = (panel.data_choice.box, panel.epochs, panel.start_button, panel.more_button)
    qtbot.waitUntil(lambda: all(one.visibleRegion().boundingRect() == one.rect() for one in controls))
    assert panel.start_button.isVisible()
    panel.more_button.click()
    qtbot.waitUntil(panel.recipe_form.isVisible)
    panel._settings_area.ensureWidgetVisible(panel.recipe_form)
    assert not panel.recipe_form.visibleRegion().isEmpty()
    settled(qtbot, small)


def test_what_gave_way_comes_back(small: Window, qtbot: QtBot) -> None:
    assert small.room._standing() == [small.docks.library]
    small.session.select("layer1")
    qtbot.waitUntil(lambda: small.room._standing() == [small.docks.inspector])
    _toggle(small.docks.figures, qtbot)
    assert small.room._standing() == [small.docks.figures]
    small.session.select("layer1.0")
    qtbot.wait(50)
    assert small.room._standing() == [small.docks.figures]  # a panel that follows the selection stays in sight
    _toggle(small.docks.figures, qtbot)
    assert small.room._standing() == [small.docks.inspector]
    _toggle(small.docks.inspector, qtbot)
    small.session.select("layer2")
    qtbot.wait(50)
    assert small.docks.inspector not in small.room._standing()  # the user has closed it


def test_a_panel_opened_beside_the_list_stays_when_a_card_is_selected(small: Window, qtbot: QtBot) -> None:
    maps = small.findChild(QDockWidget, "Feature maps")
    assert maps is not None
    _toggle(maps, qtbot)
    small.session.select("layer1.0")
    qtbot.wait(50)
    assert small.room._standing() == [maps]
    settled(qtbot, small)


def test_the_start_page_has_the_room_of_panels_that_wait_for_a_network(qtbot: QtBot) -> None:
    QSettings().setValue("one_side_in_small_windows", True)
    window = Window()
    qtbot.addWidget(window)
    window.resize(1500, 900)
    before = window.room._standing()
    window.show()
    assert window.room._standing() == [window.docks.library]
    window.start("resnet18")
    settled(qtbot, window)
    assert window.room._standing() == before
    assert not window.docks.inspector.visibleRegion().isEmpty()  # in front of the other tabs
    assert window.docks.figures.width() >= window.docks.output.width() > 0.4 * window.docks.figures.width()
    window.apply_edit(SwapActivation("*", "gelu"))
    settled(qtbot, window)
    window.actions_.undo.trigger()
    settled(qtbot, window)
    assert not window.docks.inspector.visibleRegion().isEmpty()  # still


def test_a_panel_opened_on_the_start_page_joins_the_tabs_of_those_that_wait(qtbot: QtBot) -> None:
    QSettings().setValue("one_side_in_small_windows", True)
    window = Window()
    qtbot.addWidget(window)
    window.resize(1500, 900)
    window.show()
    table = next(dock for dock in window.tool_context.docks if dock.objectName() == "Stage table")
    _toggle(table, qtbot)
    window.start("resnet18")
    settled(qtbot, window)
    assert window.docks.output in window.tabifiedDockWidgets(table)
    qtbot.waitUntil(lambda: not table.visibleRegion().isEmpty())
    assert window.width() == 1500


def test_what_waits_for_a_network_is_there_the_next_time(qtbot: QtBot) -> None:
    for _ in range(2):
        window = Window()
        qtbot.addWidget(window)
        window.show()
        assert window.room._standing() == [window.docks.library]
        window.close()
    window = Window()
    qtbot.addWidget(window)
    window.show()
    window.start("alexnet")
    settled(qtbot, window)
    assert {*window.docks.all} <= {*window.room._standing()}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("size", [(1440, 900), *_SIZES])
def test_no_panel_widens_the_window(window: Window, size: tuple[int, int], language: str, qtbot: QtBot) -> None:
    QSettings().setValue("one_side_in_small_windows", True)
    translator.set_language(language)
    window.start("alexnet")
    settled(qtbot, window)
    window.resize(*size)
    qtbot.wait(50)
    for dock in (*window.docks.all, *window.tool_context.docks):
        while not dock.isHidden():  # one behind a tab comes to the front first
            _toggle(dock, qtbot)
        _toggle(dock, qtbot)
        assert not dock.isHidden()
        assert window.size().toTuple() == size, dock.objectName()


@pytest.mark.parametrize("size", [(1500, 900), (1000, 700)])
def test_a_panel_that_is_opened_stands_in_front(small: Window, size: tuple[int, int], qtbot: QtBot) -> None:
    small.setAnimated(False)
    small.resize(*size)
    guide = next(dock for dock in small.tool_context.docks if dock.objectName() == "Guide")
    for dock in (*small.docks.all, *small.tool_context.docks):
        dock.hide()
        guide.show()
        guide.raise_()
        qtbot.wait(20)
        if dock is not guide:
            _toggle(dock, qtbot)
            assert not dock.visibleRegion().isEmpty(), dock.objectName()


def test_a_window_that_becomes_small_keeps_the_right_side(window: Window, qtbot: QtBot) -> None:
    QSettings().setValue("one_side_in_small_windows", True)
    window.resize(1500, 900)
    window.room._was_small = False
    before = window.room._standing()
    window.resize(1200, 800)
    sides = {window.dockWidgetArea(dock) for dock in window.room._standing()}
    assert sides == {window.dockWidgetArea(window.docks.inspector)}
    window.resize(1500, 900)
    assert window.room._standing() == before


def test_layouts_are_kept_for_each_screen(window: Window) -> None:
    window.docks.save_state()
    keys = [key for key in QSettings().allKeys() if key.startswith("screens/")]
    size = window.screen().size()
    assert any(f"{size.width()}x{size.height()}/state" in key for key in keys)
    assert window.docks.restore_state()


@pytest.mark.parametrize("key", TYPICAL[:8])
def test_nothing_covers_cards_of_a_fitted_diagram(key: str, opened: Callable[[str], Network], qtbot: QtBot) -> None:
    network = opened(key)
    canvas = Canvas()
    qtbot.addWidget(canvas)
    levels: tuple[Level, ...] = ("stages", "blocks")
    for level in levels:
        picture = compose_picture(build_diagram(network.analysis, expanded_at_level(network.analysis, level)))
        for size in ((1500, 800), (930, 650), (1180, 420), (640, 560)):
            canvas.resize(*size)
            canvas.show_picture(picture)
            canvas.fit()
            assert _count_covered(canvas) == 0, (key, level, size)


@pytest.mark.parametrize("key", ["alexnet_2012", "resnet18"])
def test_nothing_covers_frames_of_a_fitted_diagram(key: str, opened: Callable[[str], Network], qtbot: QtBot) -> None:
    analysis = opened(key).analysis
    canvas = Canvas()
    qtbot.addWidget(canvas)
    picture = compose_picture(build_diagram(analysis, expanded_at_level(analysis, "blocks")))
    frames = [placed.rect for placed in picture._frames]
    assert len(frames) > 3
    for width in (640, 737, 930, 1180):
        for height in range(400, 700, 12):
            canvas.resize(width, height)
            canvas.show_picture(picture)
            canvas.fit()
            for floating in _floating(canvas):
                assert not [f for f in frames if f.intersects(floating) and not f.contains(floating)], (width, height)


@pytest.mark.parametrize("zoom", [0.9, 1.2])
def test_the_legend_of_a_moved_view_gives_way_to_cards_when_the_window_changes(
    zoom: float, opened: Callable[[str], Network], qtbot: QtBot
) -> None:
    analysis = opened("mobilenet_v2").analysis
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(1500, 800)
    canvas.show()
    canvas.show_picture(compose_picture(build_diagram(analysis, expanded_at_level(analysis, "blocks"))))
    canvas.fit()
    canvas.zoom(zoom)
    picture = canvas.picture
    assert picture is not None
    for size in ((1180, 620), (930, 650), (640, 560), (1500, 800)):
        canvas.resize(*size)
        least = choose_legend_rect(picture, canvas._viewport, QRectF(canvas.rect()), canvas._buttons_rect)
        places = (canvas._legend.rect, least)
        covered = [picture.count_cards_in(canvas._viewport.to_picture_rect(place)) for place in places]
        assert covered[0] == covered[1], size
    canvas.close()


@pytest.mark.parametrize("key", TYPICAL[:8])
def test_a_legend_covers_no_title_of_a_stage_where_it_need_not(
    key: str, opened: Callable[[str], Network], qtbot: QtBot
) -> None:
    analysis = opened(key).analysis
    canvas = Canvas()
    qtbot.addWidget(canvas)
    picture = compose_picture(build_diagram(analysis, expanded_at_level(analysis, "blocks")))
    for size in ((720, 540), (930, 650), (1180, 620)):
        canvas.resize(*size)
        canvas.show_picture(picture)
        canvas.fit()
        for zoom in (1.0, 1.3, 1.3):
            canvas.zoom(zoom)
            view, room = canvas._viewport, QRectF(canvas.rect())
            places = [*_corner_rects(picture, room), *_bottom_rects(picture, room, canvas._buttons_rect)]
            is_free = any(_covered(place, picture, view) == (0, 0) for place in places)
            for before in (QRectF(), *places):
                chosen = choose_legend_rect(picture, view, room, canvas._buttons_rect, before)
                assert not is_free or _covered(chosen, picture, view) == (0, 0), (size, zoom)


@pytest.mark.parametrize("key", TYPICAL[:8])
def test_what_floats_gives_way_to_cards_that_unfold(key: str, opened: Callable[[str], Network], qtbot: QtBot) -> None:
    """Legend and minimap lie where they cover no card, if there is such a place; else the minimap covers the least, and
    the card that was unfolded only where all corners do."""
    analysis = opened(key).analysis
    canvas = Canvas()
    qtbot.addWidget(canvas)
    minimap = Minimap(canvas)
    canvas.show()
    seen = 0
    for size in ((1180, 620), (760, 560)):
        canvas.resize(*size)
        expanded = expanded_at_level(analysis, "stages")
        canvas.show_picture(compose_picture(build_diagram(analysis, expanded)))
        canvas.fit()
        canvas.zoom(1.5)
        assert canvas.picture is not None
        for id in [card.id for card in canvas.picture.diagram.cards.values() if card.is_expandable]:
            expanded = toggle_expanded(analysis, expanded, id)
            canvas.select((id,))
            canvas.show_picture(compose_picture(build_diagram(analysis, expanded)), anchor=id)
            canvas.grab()
            picture, view, room = canvas.picture, canvas._viewport, QRectF(canvas.rect())
            assert picture is not None
            if canvas._legend.is_visible:
                best = choose_legend_rect(picture, view, room, canvas._buttons_rect)
                legend = picture.count_cards_in(view.to_picture_rect(canvas._legend.rect))
                assert not legend or picture.count_cards_in(view.to_picture_rect(best)), (id, size)
            if minimap.isVisible():
                seen += 1
                below = canvas.controls_height + 6
                corners = minimap._corners(minimap.size(), below)
                assert canvas.weigh_covered(minimap.geometry()) == min(map(canvas.weigh_covered, corners)), (id, size)
    assert seen
    canvas.close()


def _count_covered(canvas: DiagramView) -> int:
    picture = canvas.picture
    assert picture is not None
    return sum(map(picture.count_cards_in, _floating(canvas)))


def _floating(canvas: DiagramView) -> list[QRectF]:
    """What lies over the diagram, in the coordinates of the picture."""
    rects = [canvas._buttons_rect, canvas._legend.rect if canvas._legend.is_visible else QRectF()]
    return [canvas._viewport.to_picture_rect(rect) for rect in rects if not rect.isEmpty()]


def test_a_panel_that_takes_the_place_of_another_leaves_the_window_as_it_was(small: Window, qtbot: QtBot) -> None:
    small.setAnimated(False)
    small.resize(1000, 700)
    library, other = small.docks.library, small.docks.inspector
    for dock in small.room._standing():
        dock.hide()
    for dock in (library, other):
        dock.widget().setMinimumWidth(400)  # as with fonts twice as large
    _toggle(library, qtbot)
    assert small.size().toTuple() == (1000, 700)
    _toggle(other, qtbot)
    qtbot.waitUntil(lambda: small.size().toTuple() == (1000, 700), timeout=5000)
    assert small.room._standing() == [other]
    small.resize(1100, 720)  # the user's own change stays
    qtbot.wait(60)
    assert small.size().toTuple() == (1100, 720)


@pytest.mark.parametrize("size", _SIZES)
def test_panels_that_come_up_one_after_another_never_enlarge_the_window(
    small: Window, size: tuple[int, int], qtbot: QtBot
) -> None:
    small.setAnimated(False)
    small.resize(*size)
    qtbot.wait(50)
    docks = [dock for dock in (*small.docks.all, *small.tool_context.docks) if dock.isHidden()]
    for dock in (*docks, *docks[::3], *docks[::-2]):
        if dock.isHidden():
            _toggle(dock, qtbot)
        assert dock.isVisible(), dock.objectName()
        assert small.size().toTuple() == size, dock.objectName()
        area = small.dockWidgetArea(dock)
        beside = {other for other in small.room._standing() if small.dockWidgetArea(other) == area} - {dock}
        if not _is_below(small, dock):
            assert beside <= set(small.tabifiedDockWidgets(dock)), dock.objectName()
            if beside:
                qtbot.waitUntil(lambda dock=dock: _is_tab_readable(small, dock), timeout=5000)  # type: ignore[misc]
    settled(qtbot, small)
