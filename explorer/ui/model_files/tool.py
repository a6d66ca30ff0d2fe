"""Tool of model files: ONNX, exported programs, TorchScript, weights without code, and libraries in the list."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox

from explorer.base.atomic_write import MODEL_SUFFIXES
from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr
from explorer.networks.by_name import LIBRARIES, list_own_names
from explorer.ui.base import opening_jobs
from explorer.ui.library.network_filter import NetworkRow, build_library_rows
from explorer.ui.library.panel import LibraryPanel
from explorer.ui.plugin.tool_context import ToolContext

if TYPE_CHECKING:
    from explorer.document import Document
    from explorer.network import Network
    from explorer.opening.formats import Format
    from explorer.opening.recognition import Recognised


class ModelFilesTool:
    """Opens files by what they hold. Those that can run code are opened after consent, in a process of their own."""

    def __init__(self, context: ToolContext) -> None:
        self._context, self._session = context, context.session
        self._lane = context.add_lane("model files", latest_only=True)
        self.question: QMessageBox | None = None
        for suffix in MODEL_SUFFIXES:
            context.file_handlers[suffix] = self.open_file
        context.error_handlers.append(self._handle_consent)
        self._library = context.window.findChild(LibraryPanel)
        self._is_listed = False
        if self._library is not None:
            self._library.filter.textEdited.connect(lambda _: self._list_library())

    # files

    def open_file(self, path: str) -> None:
        """Look at what a file holds, and open it, ask, or load it into the open network."""

        def look(keep_going: KeepGoing) -> Format:
            from explorer.opening.formats import recognise_format

            return recognise_format(path)

        self._lane.submit(look, lambda found: self._open(path, found), self._context.commands.show_error)

    def _open(self, path: str, found: Format) -> None:
        network = self._session.network
        if found.kind == "weights" and network is not None:
            self._load_weights(path, network)
        elif found.kind == "project":
            self._context.commands.show_error(ValueError(tr("{file} is a project: name it so (.cnnx).", file=path)))
        elif found.runs_code:
            text = tr("{file} is {format}, which can run code.", file=Path(path).name, format=found.name)
            self._ask_consent(path, text, lambda: self._context.commands.open_model_file(path, trusted=True))
        else:
            self._context.commands.open_model_file(path)

    def _handle_consent(self, failure: Exception) -> bool:
        """Ask for consent when an error says that a project is of a model that can run code; return whether it did."""
        from explorer.project.opening import ModelConsentRequired

        if not isinstance(failure, ModelConsentRequired):
            return False
        job = opening_jobs.open_project_job(failure.path, self._session.default_level, trusts_file=True)
        commands = self._context.commands
        self._ask_consent(
            str(failure.file),
            tr("{file} is of a model that can run code.", file=Path(failure.path).name),
            lambda: self._lane.submit(job, commands.show_opened, commands.show_error),
        )
        return True

    def _ask_consent(self, path: str, text: str, accepted: Callable[[], object]) -> None:
        box = self._build_question(
            tr("Open model"),
            text,
            tr(
                "Opening it runs whatever its maker put into it, with your permissions, in a process of its own: it "
                "can read, change and send your files. Open only files from people you trust.\n\n{path}",
                path=path,
            ),
        )
        box.setIcon(QMessageBox.Icon.Warning)
        run = box.addButton(tr("Run code and open"), QMessageBox.ButtonRole.AcceptRole)
        cancel = box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(cancel)
        box.setEscapeButton(cancel)
        self._show(box, accepted, run)

    def _load_weights(self, path: str, network: Network) -> None:
        """Load weights into the open network; where they are of another one, offer to open that."""

        def job(keep_going: KeepGoing) -> Any:
            from explorer.opening.recognition import recognise_weights
            from explorer.weights.checkpoint import CheckpointError, read_checkpoint

            try:
                return network.read_weights(path)
            except CheckpointError as failure:
                known = recognise_weights(read_checkpoint(path), path, keep_going)
                if known is None:
                    raise failure
                return known

        failed, document = self._context.commands.show_error, self._session.document
        self._lane.submit(job, lambda found: self._weights_read(path, document, found), failed)

    def _weights_read(self, path: str, document: Document, found: Any) -> None:
        from explorer.opening.recognition import Recognised

        if isinstance(found, Recognised):
            self._offer(path, found)
        elif document.is_open:
            self._context.commands.change_network(lambda now: now.with_weights(found), document)
            self._context.commands.show_status(found.source.note)

    def _offer(self, path: str, known: Recognised) -> None:
        from explorer.opening.recognition import describe_alike

        box = self._build_question(
            tr("Weights of another network"),
            tr("{file} holds weights of {network}.", file=Path(path).name, network=known.source),
            "\n\n".join(filter(None, (describe_alike(known.alike), tr("Open that network with these weights?")))),
        )
        box.setIcon(QMessageBox.Icon.Question)
        run = box.addButton(tr("Open"), QMessageBox.ButtonRole.AcceptRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        self._show(box, lambda: self._context.commands.open_model_file(path), run)

    def _build_question(self, title: str, text: str, details: str) -> QMessageBox:
        """A question whose texts hold names of files: nothing in them is markup."""
        box = QMessageBox(self._context.window)
        box.setWindowTitle(title)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(text)
        box.setInformativeText(details)
        return box

    def _show(self, box: QMessageBox, accepted: Any, button: Any) -> None:
        """Ask without a loop of its own: the window goes on."""
        if self.question is not None:
            self.question.reject()
        self.question = box
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def finished(_: int) -> None:
            self.question = None
            if box.clickedButton() is button:
                accepted()

        box.finished.connect(finished)
        box.open()

    # libraries

    def _list_library(self) -> None:
        """Add the libraries' names to the list when the list is first searched: importing these takes seconds."""
        if self._is_listed or self._library is None:
            return
        self._is_listed = True
        library = self._library

        def job(keep_going: KeepGoing) -> list[NetworkRow]:
            return [row for name in LIBRARIES for row in build_library_rows(name, list_own_names(name))]

        self._lane.submit(job, library.add_rows, lambda _: None)
