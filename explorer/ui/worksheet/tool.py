"""Tool of the work sheets: exercises on the open network, with its edits, for a class."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

from explorer.base.atomic_write import write_atomic
from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr, tr_noop
from explorer.ui.plugin.tool_context import ToolContext
from explorer.ui.worksheet.dialog import WorksheetDialog

if TYPE_CHECKING:
    from explorer.exercises.worksheet import Worksheet


class WorksheetTool:
    """Entry of the File menu, and its dialog once it has been opened."""

    def __init__(self, context: ToolContext) -> None:
        self._context, self._session = context, context.session
        self._lane = context.add_lane("work sheet", latest_only=True)
        self.dialog: WorksheetDialog | None = None
        title, tip = tr_noop("Work sheet…"), tr_noop("Exercises on this network with an answer key, for a class")
        context.add_action("File", title, self.show, tip=tip)
        self._session.on("network", self._update)
        self._session.on("language", self._update)

    def show(self) -> None:
        """Show the dialog, created on first use."""
        if self.dialog is None:
            self.dialog = WorksheetDialog(self._context.window)
            self.dialog.changed.connect(self._update)
            self.dialog.save_requested.connect(self._ask_path)
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()
        self._update()

    def _update(self) -> None:
        dialog, network = self.dialog, self._session.network
        if dialog is None or not dialog.isVisible():
            return
        if network is None:
            dialog.show_reason(tr("Open a network first."))
            return
        level, count, seed = dialog.level, dialog.count_box.value(), dialog.seed_box.value() - 1

        def build(keep_going: KeepGoing) -> Worksheet:
            from explorer.exercises.worksheet import build_worksheet

            return build_worksheet(network, level, count, seed)

        self._lane.submit(build, dialog.show_sheet, lambda failure: dialog.show_reason(str(failure)))

    def _ask_path(self) -> None:
        dialog = self.dialog
        if dialog is None or dialog.sheet is None:
            return
        kinds = {tr("Web page (*.html)"): ".html", tr("Markdown (*.md)"): ".md"}
        name = self._session.document.title.replace(" ", "_")
        path, kind = QFileDialog.getSaveFileName(dialog, tr("Work sheet"), f"{name}.html", ";;".join(kinds))
        if path:
            suffix = Path(path).suffix.lower()
            self.save(path if suffix in kinds.values() else path + kinds.get(kind, ".html"))

    def save(self, path: str) -> None:
        """Write the sheet that is shown."""
        from explorer.exercises.sheet_text import sheet_as_html, sheet_as_markdown

        assert self.dialog is not None
        assert self.dialog.sheet is not None
        write = sheet_as_html if Path(path).suffix.lower() == ".html" else sheet_as_markdown
        text = write(self.dialog.sheet, with_key=self.dialog.key_box.isChecked())
        try:
            write_atomic(Path(path), lambda place: place.write_text(text, encoding="utf-8"))
        except OSError as failure:
            self._context.commands.show_error(failure)
        else:
            self._context.commands.show_status(tr("Saved {path}", path=path))
