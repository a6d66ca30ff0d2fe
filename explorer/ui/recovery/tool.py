"""Tool of recovery: offers at the start what an app that was killed had open with unsaved edits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog

from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr, tr_noop
from explorer.ui.base.autosave import shared_journal
from explorer.ui.plugin.tool_context import ToolContext
from explorer.ui.recovery.dialog import RecoveryDialog

if TYPE_CHECKING:
    from explorer.project.journal import LostDocument


class RecoveryTool:
    """Looks into the journal in a lane and shows a dialog if there is something."""

    def __init__(self, context: ToolContext) -> None:
        self._context = context
        self._lane = context.add_lane("recovery")
        self.dialog: RecoveryDialog | None = None
        tip = tr_noop("What was open with unsaved edits when CNN Explorer ended unexpectedly")
        self.action = context.add_action("File", tr_noop("Unsaved work…"), self.look, "", tip)
        context.when_ready.append(lambda: self.look(is_quiet=True))

    def look(self, *, is_quiet: bool = False) -> None:
        """Offer what there is; where there is nothing, say so unless `is_quiet`."""

        def find(keep_going: KeepGoing) -> tuple[LostDocument, ...]:
            return shared_journal().take_lost()

        def show(lost: tuple[LostDocument, ...]) -> None:
            if lost:
                self._show(lost)
            elif not is_quiet:
                self._context.commands.show_status(tr("There is no unsaved work from before."))

        self._lane.submit(find, show, self._context.commands.show_error)

    def _show(self, lost: tuple[LostDocument, ...]) -> None:
        other = QApplication.activeModalWidget()
        if isinstance(other, QDialog) and other is not self.dialog:  # the user is busy with it: ask after that
            other.finished.connect(lambda _: self._show(lost), Qt.ConnectionType.QueuedConnection)
            return
        if self.dialog is not None:
            self.dialog.close()
        self.dialog = RecoveryDialog(lost, self._context.window)
        self.dialog.restore_requested.connect(lambda one: self._context.commands.open_project(str(one.file)))
        self.dialog.discard_requested.connect(self._discard)
        self.dialog.finished.connect(self.dialog.deleteLater)
        self.dialog.finished.connect(self._forget)
        self.dialog.open()

    def _discard(self, lost: LostDocument) -> None:
        self._lane.submit(lambda _: shared_journal().discard(lost), lambda _: None, self._context.commands.show_error)

    def _forget(self) -> None:
        self.dialog = None
