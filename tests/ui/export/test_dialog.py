"""Exporting from the window: what is asked for is what is written, and what cannot be is said before."""

from __future__ import annotations

import re
from pathlib import Path

import networkx as nx
import pytest
from PySide6.QtCore import QSettings
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

import explorer
from explorer.drawing import Picture
from explorer.export.page import Page
from explorer.ui.export.dialog import ExportDialog
from explorer.ui.export.jobs import ExportSource, build_sheet
from explorer.ui.export.last_page import load_last_page, save_last_page
from explorer.ui.export.presets import BUILT_IN, load_presets
from explorer.ui.export.preview import choose_grid
from explorer.ui.export.tool import ExportTool
from explorer.ui.language.tool import LanguageTool
from explorer.ui.shell.window import Window
from explorer.ui.widgets.combo_boxes import select_data
from explorer.viewmodels.diagram import Colouring

SLOW = 60_000


@pytest.fixture
def tool(window: Window, qtbot: QtBot, tmp_path: Path) -> ExportTool:
    QSettings().setValue("export/folder", str(tmp_path))
    window.start("resnet18")
    qtbot.waitUntil(lambda: window.canvas.picture is not None, timeout=SLOW)
    return next(tool for tool in window.tools if isinstance(tool, ExportTool))


def asked(tool: ExportTool, qtbot: QtBot, kind: str | None = None) -> ExportDialog:
    tool.show_dialog(kind)  # type: ignore[arg-type]
    assert tool.dialog is not None
    qtbot.waitUntil(lambda: tool.dialog is not None and bool(tool.dialog._message.text()), timeout=SLOW)
    return tool.dialog


def seen(dialog: ExportDialog, qtbot: QtBot) -> str:
    """What is said of the size once the preview has followed."""
    dialog._message.setText("")
    dialog._update_preview()
    qtbot.waitUntil(lambda: bool(dialog._message.text()), timeout=SLOW)
    return dialog._message.text()


def source(tool: ExportTool) -> ExportSource:
    """What the tool would export now."""
    found = tool.exportable
    assert found is not None
    return found


def saved(tool: ExportTool, qtbot: QtBot) -> None:
    dialog = tool.dialog
    assert dialog is not None
    dialog._save.click()
    qtbot.waitUntil(dialog.isEnabled, timeout=SLOW)
    assert dialog._message.text() == f"Wrote {dialog.path}"
    dialog.reject()
    assert tool.dialog is None


def test_what_is_asked_for_is_written_and_remembered(tool: ExportTool, qtbot: QtBot, tmp_path: Path) -> None:
    dialog = asked(tool, qtbot)
    assert not dialog._picture.pixmap().isNull()
    select_data(dialog.form.level, "stages")
    select_data(dialog.form.theme, "print")
    dialog.form.unit.setCurrentIndex(1)
    dialog.form.size_box.setValue(640)
    dialog.form.checkboxes["transparent"].setChecked(True)
    dialog._name.setText("mine")
    assert seen(dialog, qtbot).startswith("640 × ")
    saved(tool, qtbot)
    image = QImage(str(tmp_path / "mine.png"))
    assert image.width() == 640
    assert image.pixelColor(0, 0).alpha() == 0
    again = asked(tool, qtbot).page
    assert (again.level, again.theme, again.width, again.transparent) == ("stages", "print", 640, True)
    tool.dialog.reject() if tool.dialog else None


def test_scopes(tool: ExportTool, qtbot: QtBot) -> None:
    dialog = asked(tool, qtbot)
    whole = seen(dialog, qtbot)
    model = dialog.form.scope.model()
    assert not model.item(2).isEnabled()  # type: ignore[attr-defined]  # nothing is selected
    dialog.reject()
    tool._session.select("layer2")
    tool._context.canvas.zoom_to_actual()
    dialog = asked(tool, qtbot)
    sizes = {whole}
    for scope in ("visible", "selection"):
        select_data(dialog.form.scope, scope)
        sizes.add(seen(dialog, qtbot))
    assert len(sizes) == 3
    titles = [build_sheet(source(tool), dialog.page).title]
    select_data(dialog.form.scope, "all")
    titles.append(build_sheet(source(tool), dialog.page).title)
    assert titles == ["Stage 2 · layer2 · ResNet-18", "ResNet-18"]
    dialog.reject()


def test_it_begins_as_the_window_is_and_the_picture_follows_direction_and_colours(
    tool: ExportTool, qtbot: QtBot, tmp_path: Path
) -> None:
    session, canvas = tool._session, tool._context.canvas
    session.set_direction("right")
    session.colour_by("params")
    session.select("layer2")
    qtbot.waitUntil(lambda: canvas.picture is not None and canvas.picture.diagram.scale is not None, timeout=SLOW)
    dialog = asked(tool, qtbot)
    assert (dialog.page.direction, dialog.page.by, dialog.page.level) == ("right", "params", None)
    shown = build_sheet(source(tool), dialog.page).content
    assert isinstance(shown, Picture)
    assert canvas.picture is not None
    assert shown.geometry is canvas.picture.geometry  # exactly what the window shows …
    assert not any(card.is_expandable for card in shown.diagram.cards.values())  # … without its signs of folding
    across = seen(dialog, qtbot)
    select_data(dialog.form.direction, "down")
    select_data(dialog.form.by, "macs")
    assert seen(dialog, qtbot) != across
    for scope in ("all", "selection"):
        select_data(dialog.form.scope, scope)
        drawn = build_sheet(source(tool), dialog.page).content
        assert drawn.height > drawn.width
        assert isinstance(drawn, Picture)
        assert drawn.diagram.scale.title == "MACs"
    select_data(dialog.form.scope, "visible")  # is as it is
    assert (dialog.page.direction, dialog.page.by) == ("right", "params")
    assert not dialog.form.direction.isEnabled()
    assert not dialog.form.by.isEnabled()
    dialog.reject()


def test_numbers_of_a_tool_can_colour_an_export(tool: ExportTool, qtbot: QtBot) -> None:
    tool._session.colour_by(Colouring("Time", {"conv1": 3.0}, "ms"))
    canvas = tool._context.canvas
    qtbot.waitUntil(lambda: canvas.picture is not None and canvas.picture.diagram.scale is not None, timeout=SLOW)
    dialog = asked(tool, qtbot)
    for level in (None, "stages"):
        select_data(dialog.form.level, level)
        assert dialog.page.by == "Time"
        drawn = build_sheet(source(tool), dialog.page).content
        assert isinstance(drawn, Picture)
        assert drawn.diagram.scale.title == "Time"
    dialog.reject()


def test_too_large_is_said_before_it_is_tried(tool: ExportTool, qtbot: QtBot, tmp_path: Path) -> None:
    dialog = asked(tool, qtbot)
    dialog.form.unit.setCurrentIndex(1)
    dialog.form.size_box.setValue(150_000)
    assert "largest scale that works is" in seen(dialog, qtbot)
    assert not dialog._save.isEnabled()
    select_data(dialog._format, ".svg")
    assert "sharp at any size" in seen(dialog, qtbot)
    assert dialog._save.isEnabled()
    dialog._name.setText(" ")
    assert "needs a name" in seen(dialog, qtbot)
    dialog.reject()


def test_what_is_said_of_a_file_takes_no_room_from_the_preview(tool: ExportTool, qtbot: QtBot) -> None:
    dialog = asked(tool, qtbot)
    width = dialog.form.width()
    dialog._message.setText(
        "8.89 × 22.8 cm, text 4.7 pt (small: show less detail, or choose a larger page), sharp. " * 3
    )
    qtbot.wait(20)
    assert dialog.form.width() == width


def test_a_failure_stays_in_the_dialog(tool: ExportTool, qtbot: QtBot, tmp_path: Path) -> None:
    dialog = asked(tool, qtbot)
    dialog._name.setText("nowhere/net")
    dialog.save()
    qtbot.waitUntil(dialog.isEnabled, timeout=SLOW)
    assert "There is no folder" in dialog._message.text() or "there is no folder" in dialog._message.text()
    dialog.reject()
    assert tool.dialog is None


@pytest.mark.parametrize("replaces", [True, False])
def test_a_file_is_not_replaced_unasked(
    tool: ExportTool, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replaces: bool
) -> None:
    answer = QMessageBox.StandardButton.Yes if replaces else QMessageBox.StandardButton.No
    monkeypatch.setattr(QMessageBox, "question", lambda *args: answer)
    (tmp_path / "resnet18.png").write_text("old")
    dialog = asked(tool, qtbot)
    if replaces:
        saved(tool, qtbot)
    else:
        dialog.save()
        dialog.reject()
    assert ((tmp_path / "resnet18.png").read_bytes() == b"old") != replaces


def test_copy(tool: ExportTool, qtbot: QtBot) -> None:
    dialog = asked(tool, qtbot)
    dialog._copy.click()
    qtbot.waitUntil(dialog.isEnabled, timeout=SLOW)
    held = QGuiApplication.clipboard().mimeData()
    assert held.hasImage()
    assert "Residual block" in bytes(held.data("image/svg+xml").data()).decode()
    dialog.reject()


def test_a_table_as_text_and_as_a_picture(tool: ExportTool, qtbot: QtBot, tmp_path: Path) -> None:
    dialog = asked(tool, qtbot, "table")
    assert not dialog.form.level.isEnabled()
    select_data(dialog._format, ".csv")
    assert not dialog.form.size_box.isEnabled()
    saved(tool, qtbot)
    assert (tmp_path / "resnet18.csv").read_text().startswith("Stage,Output,Layers")
    asked(tool, qtbot, "table")
    assert tool.dialog is not None
    select_data(tool.dialog._format, ".png")
    saved(tool, qtbot)
    assert QImage(str(tmp_path / "resnet18.png")).width() > 500


@pytest.mark.parametrize("level", [None, "stages"])
def test_the_graph_for_other_programs(tool: ExportTool, qtbot: QtBot, tmp_path: Path, level: str | None) -> None:
    dialog = asked(tool, qtbot)
    select_data(dialog._format, ".graphml")
    select_data(dialog.form.level, level)
    assert dialog.form.level.isEnabled()
    form = dialog.form
    assert not any(box.isEnabled() for box in (form.size_box, form.scope, form.direction, form.by))
    saved(tool, qtbot)
    graph = nx.read_graphml(tmp_path / "resnet18.graphml", force_multigraph=True)
    network = tool._session.network
    assert network is not None
    expanded = tool._session.expanded if level is None else level
    assert set(graph) == set(explorer.to_networkx(network, expanded))  # type: ignore[arg-type]
    assert sum(params for _, params in graph.nodes(data="params")) == network.figures.total.params


def test_the_graph_for_graphviz(tool: ExportTool, qtbot: QtBot, tmp_path: Path) -> None:
    select_data(asked(tool, qtbot)._format, ".dot")
    saved(tool, qtbot)
    assert (tmp_path / "resnet18.dot").read_text(encoding="utf-8").startswith("digraph")


def test_one_export_after_the_other(tool: ExportTool, qtbot: QtBot, tmp_path: Path) -> None:
    dialog = asked(tool, qtbot)
    for suffix in (".svg", ".pptx", ".drawio", ".tex", ".mmd", ".html"):
        select_data(dialog._format, suffix)
        assert seen(dialog, qtbot)
        dialog._save.click()
        qtbot.waitUntil(dialog.isEnabled, timeout=SLOW)
        assert dialog._message.text() == f"Wrote {tmp_path / f'resnet18{suffix}'}"
    assert tool.dialog is dialog
    assert len(list(tmp_path.glob("resnet18.*"))) == 6
    dialog.reject()


def test_a_page_of_a_given_format_with_texts_of_ones_own(tool: ExportTool, qtbot: QtBot, tmp_path: Path) -> None:
    dialog = asked(tool, qtbot)
    form = dialog.form
    select_data(form.paper, "16:9")
    form.texts["title_text"].setText("Our network")
    form.texts["subtitle"].setText("as of today")
    form.parts["figures"].setChecked(False)
    assert "33.9 × 19" in seen(dialog, qtbot)
    form.text_size.setValue(5.0)
    assert "text 5.0 pt" in seen(dialog, qtbot)
    sheet = build_sheet(source(tool), dialog.page)
    assert [text.text for text in sheet.around.above] == ["Our network", "as of today"]
    assert isinstance(sheet.content, Picture)
    assert not any("params" in line for card in sheet.content.diagram.cards.values() for line in card.lines)
    select_data(dialog._format, ".pptx")
    saved(tool, qtbot)
    again = asked(tool, qtbot).page
    assert (again.paper, again.text_points, again.title_text) == ("16:9", 5.0, "")  # a title is of one network
    assert again.parts == ("attributes", "shapes", "ops")
    tool.dialog.reject() if tool.dialog else None


def test_the_edits_as_slides_and_as_a_film(tool: ExportTool, window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    network = tool._session.network
    assert network is not None
    tool._session.set_network(network.edit(explorer.ToggleShortcut("layer2.0", on=False)))
    dialog = asked(tool, qtbot)
    assert not dialog.form.slides.isEnabled()
    select_data(dialog._format, ".drawio")
    assert dialog.form.slides.isEnabled()
    select_data(dialog.form.slides, "edits")
    saved(tool, qtbot)
    pages = (tmp_path / "resnet18.drawio").read_text(encoding="utf-8").count("<diagram ")
    assert pages == 2 * 2  # two states, each on two pages to be read
    select_data(asked(tool, qtbot)._format, ".gif")
    saved(tool, qtbot)
    assert (tmp_path / "resnet18.gif").read_bytes().startswith(b"GIF89a")


def test_named_settings(tool: ExportTool, qtbot: QtBot) -> None:
    dialog = asked(tool, qtbot)
    choose = dialog._presets
    assert choose.currentData() == ""
    assert not dialog._forget.isEnabled()
    for name in ("Slide for a talk", "Figure of a paper, one column"):
        select_data(choose, name)
        choose.activated.emit(choose.currentIndex())
        page, suffix = BUILT_IN[name]
        assert (dialog.page.paper, dialog.page.theme, dialog.page.parts) == (page.paper, page.theme, page.parts)
        assert dialog.path.suffix == suffix
    select_data(dialog.form.level, "stages")
    dialog.keep_preset("mine")
    dialog.reject()
    dialog = asked(tool, qtbot)
    select_data(dialog._presets, "mine")
    dialog._presets.activated.emit(dialog._presets.currentIndex())
    assert (dialog.page.level, dialog.page.paper, dialog.path.suffix) == ("stages", "ieee-column", ".pdf")
    assert dialog._forget.isEnabled()
    dialog._forget.click()
    assert dialog._presets.findData("mine") < 0
    assert load_presets() == {}
    dialog.reject()


@pytest.mark.parametrize("held", ["{", "[]", '{"a": 1}', '{"a": {"page": {"level": "atoms"}}}', '{"a": {}}'])
def test_named_settings_that_make_no_sense_are_let_go(held: str) -> None:
    QSettings().setValue("export/presets", held)
    assert load_presets() == {}


def test_volumes(tool: ExportTool, qtbot: QtBot) -> None:
    dialog = asked(tool, qtbot)
    first = seen(dialog, qtbot)
    select_data(dialog.form.kind, "volumes")
    select_data(dialog.form.level, "stages")
    assert not dialog.form.scope.isEnabled()
    assert seen(dialog, qtbot) != first
    dialog.reject()


@pytest.mark.parametrize("held", ["{", "[]", '{"level": "atoms"}', '{"colour": 1}', '{"scale": "x"}'])
def test_settings_that_make_no_sense_are_let_go(held: str) -> None:
    QSettings().setValue("export/page", held)
    assert load_last_page() == Page(level=None)


def test_settings_come_back(tmp_path: Path) -> None:
    page = Page(kind="volumes", dpi=300.0, theme="dark", figures=True, level=None)
    save_last_page(page, tmp_path / "a.svg")
    assert load_last_page() == page


def test_the_menu_and_the_keys(window: Window, qtbot: QtBot) -> None:
    tool = next(tool for tool in window.tools if isinstance(tool, ExportTool))
    assert not tool.diagram_action.isEnabled()
    titles = [action.text() for action in tool._context.get_menu("File").actions()]
    assert titles.index("Export diagram…") < titles.index("Export table…") < titles.index("Quit")
    tool.show_dialog()
    assert tool.dialog is None
    assert (
        tool.diagram_action.shortcut().toString(tool.diagram_action.shortcut().SequenceFormat.PortableText) == "Ctrl+E"
    )
    assert tool.dialog is None


def test_the_network_itself(
    tool: ExportTool, window: Window, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [(str(tmp_path / "mine"), "Python (*.py)"), (str(tmp_path / "nowhere" / "mine.py"), ""), ("", "")]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: answers.pop(0))
    tool.choose_network_file()
    qtbot.waitUntil(lambda: not tool._file_lane.busy, timeout=SLOW)
    assert "class ResNet18(nn.Module):" in (tmp_path / "mine.py").read_text()
    tool.choose_network_file()
    qtbot.waitUntil(lambda: "there is no folder" in window.notice.text, timeout=SLOW)
    tool.choose_network_file()
    assert not answers


def test_the_open_dialog_follows_the_language(tool: ExportTool, window: Window, qtbot: QtBot) -> None:
    dialog = asked(tool, qtbot)
    select_data(dialog.form.level, "stages")
    page = dialog.page
    language = next(other for other in window.tools if isinstance(other, LanguageTool))
    language.choose_language("zh")
    assert tool.dialog is not None
    assert tool.dialog is not dialog
    assert tool.dialog.windowTitle() == "导出"
    assert tool.dialog.page == page
    language.choose_language("en")
    assert tool.dialog.windowTitle() == "Export"
    tool.dialog.reject()


def test_text_that_nobody_could_read_is_said_with_a_way_out(tool: ExportTool, qtbot: QtBot) -> None:
    dialog = asked(tool, qtbot)
    dialog.form.show_page(Page(paper="16:9", level="units"))
    assert "too small to be read, 8 pt are needed" in seen(dialog, qtbot)
    assert not dialog._coarser.isHidden()
    assert dialog._several.isHidden()  # a PNG is one picture
    dialog._coarser.click()
    assert dialog.page.level == "blocks"
    assert "too small" not in seen(dialog, qtbot)
    assert dialog._coarser.isHidden()
    dialog.reject()


def test_several_pages_are_shown_and_written(tool: ExportTool, qtbot: QtBot, tmp_path: Path) -> None:
    dialog = asked(tool, qtbot)
    select_data(dialog._format, ".pdf")
    dialog.form.show_page(Page(paper="16:9", level="units", slides="one"))
    assert "too small" in seen(dialog, qtbot)
    one = dialog._picture.pixmap().size()
    assert not dialog._several.isHidden()
    dialog._several.click()
    assert dialog.page.slides == "fit"
    text = seen(dialog, qtbot)
    count = int(re.findall(r"(\d+) pages of", text)[0])
    assert count > 1
    assert "too small" not in text
    assert dialog._picture.pixmap().size() != one  # all of them, beside each other
    assert "Blocks" in dialog._coarser.text()
    dialog._name.setText("parts")
    saved(tool, qtbot)
    assert len(re.findall(rb"/Type /Page\b", (tmp_path / "parts.pdf").read_bytes())) == count


def test_pages_are_as_large_as_they_can_be_beside_each_other() -> None:
    assert choose_grid(1, 16 / 9, 1.0) == (1, 1)
    assert choose_grid(2, 16 / 9, 1.0) == (1, 2)
    assert choose_grid(2, 210 / 297, 1.0) == (2, 1)
    assert choose_grid(15, 16 / 9, 16 / 9) == (4, 4)
