"""Trail of numbers: the way back through the layers, each a link."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QWidget

if TYPE_CHECKING:
    from explorer.analysis.arithmetic.explanation import NumberPlace

_MOST_SHOWN = 7


class Trail(QLabel):
    """The numbers gone through so far, the current one last; emits the position of the one clicked."""

    step_clicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        self.linkActivated.connect(lambda link: self.step_clicked.emit(int(link)))
        self.setWordWrap(True)
        self.hide()

    def show_steps(self, places: Sequence[NumberPlace]) -> None:
        """Show where one came from; hidden while there is only one."""
        self.setVisible(len(places) > 1)
        shown = list(enumerate(places))
        if len(shown) > _MOST_SHOWN:
            shown = [*shown[:2], *shown[-_MOST_SHOWN + 2 :]]
        parts: list[str] = []
        for at, (number, place) in enumerate(shown):
            if at and number != shown[at - 1][0] + 1:
                parts.append("…")
            name = f"{place.node}&nbsp;[{','.join(map(str, place.index[1:]))}]"
            is_last = number == len(places) - 1
            parts.append(f"<b>{name}</b>" if is_last else f'<a href="{number}">{name}</a>')
        self.setText("&nbsp;&nbsp;←&nbsp; ".join(parts))
