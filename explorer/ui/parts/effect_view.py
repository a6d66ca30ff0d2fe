"""What putting a part in would change, or why it cannot be, with the ways out as buttons."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from explorer.ui.widgets.labels import text_label
from explorer.ui.widgets.wrapping_button import WrappingButton
from explorer.viewmodels.panels import Choice


class EffectView(QWidget):
    """A sentence, and below it a button for each repair; no wider than there is room."""

    repair_chosen = Signal(object)  # an edit

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self._text = text_label("")
        self._buttons: list[WrappingButton] = []
        column.addWidget(self._text)

    def text(self) -> str:
        """Return the sentence."""
        return self._text.text()

    @property
    def buttons(self) -> tuple[WrappingButton, ...]:
        """The repairs, cheapest first."""
        return tuple(self._buttons)

    def show_text(self, text: str, repairs: Iterable[Choice] = ()) -> None:
        """Show a sentence and these ways out."""
        self._text.setText(text)
        for button in self._buttons:
            button.hide()
            button.deleteLater()
        self._buttons = [self._build_button(repair) for repair in repairs]

    def _build_button(self, repair: Choice) -> WrappingButton:
        button = WrappingButton(repair.label)
        button.setToolTip(repair.tip)
        button.clicked.connect(lambda: self.repair_chosen.emit(repair.edit))
        column = self.layout()
        assert column is not None
        column.addWidget(button)
        button.show()  # now, not with the next event: the Tab key may come first
        return button
