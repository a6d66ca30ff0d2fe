"""Tool that remembers what was open when the window was closed, and opens it again."""

from __future__ import annotations

import json
from typing import Any

from PySide6.QtCore import QSettings

from explorer.base.languages import tr, tr_noop
from explorer.document import Document
from explorer.ui.base.settings import read_list, read_switch
from explorer.ui.plugin.preference import switch_of_setting
from explorer.ui.plugin.tool_context import ToolContext

_SETTING, _SWITCH = "last_session", "reopen_last_session"


class SessionRestoreTool:
    """Files by their paths, networks of the catalogue by their keys; unsaved edits were asked about at the end."""

    def __init__(self, context: ToolContext) -> None:
        self._context = context
        tip = tr_noop("Open again what was open when CNN Explorer was closed")
        title = tr_noop("Reopen last session")
        self.action = context.add_action("File", title, self.reopen, "", tip)
        self._last = _read()  # before this window writes its own
        self.action.setEnabled(bool(self._last))
        if self._last:
            context.start_actions.append((title, tip, self.reopen))
        context.preferences.append(
            switch_of_setting(tr_noop("At the start"), tr_noop("Reopen the last session"), tip, _SWITCH, False)
        )
        context.before_close.append(self._remember)
        context.when_ready.append(self._reopen_at_start)

    def reopen(self) -> None:
        """Open each in a tab of its own."""
        last, self._last = self._last, []
        self.action.setEnabled(False)
        if not last:
            self._context.commands.show_status(tr("There is nothing to reopen."))
        for one in last:
            if "file" in one:
                self._context.commands.open_project(one["file"])
            else:
                self._context.commands.open_network(one["network"], one.get("options") or None, is_preview=False)

    def _reopen_at_start(self) -> None:
        documents = self._context.documents
        is_empty = len(documents) == 1 and documents.active.network is None and not self._context.open_lane.busy
        if is_empty and self._last and read_switch(_SWITCH, False):
            self.reopen()

    def _remember(self) -> None:
        found = [described for document in self._context.documents if (described := _describe(document)) is not None]
        QSettings().setValue(_SETTING, json.dumps(found))


def _describe(document: Document) -> dict[str, Any] | None:
    """Return how a document is opened again; None for one that cannot be."""
    if document.path is not None or document.source is not None:
        return {"file": str(document.path or document.source)}
    network = document.network
    if network is None or network.context.entry is None:
        return None
    return {"network": network.context.entry.key, "options": dict(network.context.options)}


def _read() -> list[dict[str, Any]]:
    held = read_list(_SETTING)
    return [one for one in held if isinstance(one, dict) and isinstance(one.get("file", one.get("network")), str)]
