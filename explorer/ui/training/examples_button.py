"""Menu of networks that come trained with the app: a first look at what learning leaves."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from explorer.base.languages import tr
from explorer.ui.base.live_texts import follow_language, live_text


class ExamplesButton(QToolButton):
    """Offers them with their accuracy, and emits the key of the one that is chosen."""

    example_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._examples: list[tuple[str, str, float]] = []
        live_text(self, QToolButton.setText, "Trained networks")
        self.setProperty("role", "muted")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        live_text(
            self,
            QWidget.setToolTip,
            "Open a small network that comes trained with the app, with an image it has not seen",
        )
        self.examples_menu = QMenu(self)
        self.setMenu(self.examples_menu)
        follow_language(self, lambda button: button.show_examples(button._examples))

    def show_examples(self, examples: list[tuple[str, str, float]]) -> None:
        """Offer networks: key, title (English), test accuracy from 0 to 1."""
        self._examples = examples
        self.examples_menu.clear()
        for key, title, accuracy in examples:
            text = f"{tr(title)} · {100 * accuracy:.1f} %"
            self.examples_menu.addAction(text, partial(self.example_requested.emit, key))
