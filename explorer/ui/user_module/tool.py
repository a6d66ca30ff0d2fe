"""Tool of user modules: opened from a file or a package once the user has agreed that its code runs, and reloaded when
they have changed it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSettings

from explorer.base.child_process import discard_prepared_child, prepare_child
from explorer.base.languages import tr, tr_noop
from explorer.networks.arguments import format_arguments, parse_arguments
from explorer.networks.input_spec import parse_inputs
from explorer.networks.user_module import UserModule
from explorer.ui.base import opening_jobs
from explorer.ui.base.settings import read_mapping
from explorer.ui.plugin.tool_context import ToolContext
from explorer.ui.user_module.limits import read_limits
from explorer.ui.user_module.verification_strip import VerificationStrip

if TYPE_CHECKING:
    from explorer.ui.user_module.dialog import ModuleDialog

_LAST_MODULE_SETTING = "own module"  # QSettings key of the last module


class UserModuleTool:
    """File › Open module… and Reload module, `.py` files dropped on the window, projects that name code."""

    def __init__(self, context: ToolContext) -> None:
        self._context, self._session = context, context.session
        self._lane = context.add_lane("own module", latest_only=True)
        self.dialog: ModuleDialog | None = None
        tip = tr_noop("Open your own network from a Python file or a package")
        self.open_action = context.add_action(
            "File", tr_noop("Open module…"), lambda: self.show_dialog(), "Ctrl+Shift+M", tip
        )
        context.start_actions.append((tr_noop("Open your own module…"), tip, self.show_dialog))
        tip = tr_noop("Run the code of your module again and apply the same edits")
        self.reload_action = context.add_action("File", tr_noop("Reload module"), self.reload_module, "F5", tip)
        context.file_handlers[".py"] = self._open_file
        context.error_handlers.append(self._handle_consent)
        self.strip = VerificationStrip()
        self.strip.card_requested.connect(context.commands.go_to_card)
        self.strip.inputs_requested.connect(self._open_with_other_inputs)
        context.add_strip_above_canvas(self.strip)
        self._warned_of: Any = None
        self._session.on("network", self._update_reload_action)
        self._session.on("network", self._update_strip)
        self._update_reload_action()

    def _update_reload_action(self) -> None:
        network = self._session.network
        self.reload_action.setEnabled(network is not None and network.context.user_module is not None)

    def _update_strip(self) -> None:
        """Warn of a network that is not verified, once for each that is opened."""
        network = self._session.network
        verification = network.verification if network is not None else None
        if verification is self._warned_of:
            return
        self._warned_of = verification
        own = network.context.user_module if network is not None else None
        if verification is None:
            self.strip.show_warning("", "", can_reopen=False)
        else:
            self.strip.show_warning(verification.warning, verification.first_node, can_reopen=own is not None)
            self.strip.label.setToolTip(verification.text)

    def _open_with_other_inputs(self) -> None:
        network = self._session.network
        if network is not None:
            self.show_dialog(network.context.user_module)

    def show_dialog(self, user_module: UserModule | None = None, project: str = "") -> None:
        """Ask which module to open, starting from `user_module` or the last; `project` is the file that names it."""
        from explorer.ui.user_module.dialog import ModuleDialog

        if self.dialog is not None:
            self.dialog.reject()
        why = tr("{project} needs this code to build its network:", project=project) if project else ""
        self.dialog = dialog = ModuleDialog(self._context.window, user_module or _last_module(), why)
        dialog.run_confirmed.connect(lambda module: self._open_module(module, project))
        dialog.finished.connect(self._dialog_closed)
        dialog.open()
        prepare_child("explorer.project.user_code")  # while the user reads and types

    def _open_file(self, path: str) -> None:
        last = _last_module()
        self.show_dialog(last if last is not None and last.location == path else UserModule(f"{path}:"))

    def _open_module(self, user_module: UserModule, project: str) -> None:
        if self.dialog is None:
            return
        level = self._session.default_level
        job = (
            opening_jobs.open_project_job(project, level, user_module, read_limits())
            if project
            else opening_jobs.open_user_module_job(user_module, level, read_limits())
        )
        self.dialog.show_running(True)
        self._lane.submit(job, self._module_opened, self.dialog.show_failure)

    def _module_opened(self, opened: opening_jobs.OpenedNetwork) -> None:
        if (user_module := opened.network.context.user_module) is not None:
            _remember(user_module)
        if self.dialog is not None:
            self.dialog.accept()
        self._context.commands.show_opened(opened)
        if (verification := opened.network.verification) is not None and verification.opening_text:
            self._context.commands.show_status(verification.opening_text, 10_000)

    def _dialog_closed(self) -> None:
        self._lane.cancel()
        discard_prepared_child()
        self.dialog = None

    def reload_module(self) -> None:
        """Run the code of the open module again and apply the same edits to the new one."""
        network = self._session.network
        if network is not None and network.context.user_module is not None:
            self._context.commands.show_status(
                tr("Reloading {module}…", module=network.context.user_module.location), 3000
            )
            self._context.commands.rebuild_network(opening_jobs.reload_user_module_job(read_limits()))

    def _handle_consent(self, failure: Exception) -> bool:
        """Ask for consent when an error says that a project names code; return whether it did."""
        module: Any = getattr(failure, "user_module", None)
        if isinstance(module, UserModule):
            self.show_dialog(module, str(getattr(failure, "path", "")))
        return isinstance(module, UserModule)


def _remember(module: UserModule) -> None:
    saved = {
        "made_by": module.factory,
        "arguments": format_arguments(module.arguments),
        "inputs": [spec.text for spec in module.inputs],
    }
    QSettings().setValue(_LAST_MODULE_SETTING, json.dumps(saved))


def _last_module() -> UserModule | None:
    saved = read_mapping(_LAST_MODULE_SETTING)
    try:
        return UserModule(saved["made_by"], parse_arguments(saved["arguments"]), parse_inputs(saved["inputs"]))
    except (ValueError, TypeError, KeyError):
        return None
