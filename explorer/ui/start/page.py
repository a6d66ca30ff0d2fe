"""The start page over the canvas while no network is open: networks to choose, and other ways to start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer.base.languages import Language, add_note, tr, tr_noop, with_label
from explorer.guide.family_tree import FamilyTreeNode
from explorer.ui.base import appearance
from explorer.ui.base.fonts import scale_font, scaled, size_with_font
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.widgets.card_button import CardButton

_CARD_SIZE = QSize(138, 60)  # the least of a card: two lines of Chinese are taller than two of English
_MAX_COLUMNS = 6  # cards beside each other, at most
_GAP, _MARGIN, _PADDING = 8, 20, 10
_MAX_LINK_WIDTH = 190  # pixels of a link: a file may be called anything

_SUBTITLE = tr_noop("Then select a card, change a block, and see how parameters, cost and predictions follow.")

StartAction = tuple[str, str, Callable[[], object]]  # words, a tip, what happens


class StartPage(QScrollArea):
    """Cards of well-known networks in the order of history, and links to other ways to open one."""

    network_requested = Signal(str)  # key of a network to open

    def __init__(self, host: QWidget, networks: Sequence[FamilyTreeNode]) -> None:
        """Fills `over`, with the networks in this order."""
        super().__init__(host)
        self._host = host
        self.cards = [NetworkCard(network) for network in networks]
        self.links: list[QToolButton] = []
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAutoFillBackground(True)  # nothing of the canvas is seen through its scroll bar
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        live_text(self, QWidget.setAccessibleName, "Networks to start with")
        heading = live_text(QLabel(), QLabel.setText, "Open a network")
        scale_font(heading, 1.7, QFont.Weight.DemiBold)
        words = live_text(QLabel(), QLabel.setText, _SUBTITLE)
        words.setProperty("role", "muted")
        words.setWordWrap(True)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
        column.setSpacing(6)
        self._cards_grid, self._links_grid = QGridLayout(), QGridLayout()
        self._first_row, self._first_tip = QHBoxLayout(), QLabel()
        self._first_tip.setProperty("role", "muted")
        self._first_tip.setWordWrap(True)
        self._first_row.setSpacing(12)
        self._first_row.addWidget(self._first_tip, 1)
        self._cards_grid.setSpacing(_GAP)
        column.addStretch(2)
        column.addWidget(heading)
        column.addWidget(words)
        column.addSpacing(8)
        column.addLayout(self._first_row)
        column.addSpacing(8)
        column.addLayout(self._cards_grid)
        column.addSpacing(8)
        column.addLayout(self._links_grid)
        column.addStretch(3)
        self.setWidget(page)
        for card in self.cards:
            card.clicked.connect(lambda _=False, key=card.key: self.network_requested.emit(key))
        self.set_language("en")
        host.installEventFilter(self)
        self.setGeometry(host.rect())

    def show_start_actions(self, actions: Sequence[StartAction]) -> None:
        """Show other ways to start as links: the first, which is for who is new, above the networks, with its tip."""
        for link in self.links:
            link.deleteLater()
        self.links = []
        for words, tip, happens in actions:
            link = QToolButton()
            if not self.links:
                link.setObjectName("firstWay")
                self._first_row.insertWidget(0, link)
                live_text(self._first_tip, QLabel.setText, tip)
            follow_language(link, partial(_show_elided, words))
            live_text(link, QToolButton.setToolTip, tip)
            link.setAutoRaise(True)
            link.setCursor(Qt.CursorShape.PointingHandCursor)
            link.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            link.setStyleSheet(
                "QToolButton { color: palette(link); border: 0; padding: 3px 0; }"
                "QToolButton#firstWay { border: 1px solid palette(link); border-radius: 6px; padding: 5px 12px; }"
            )
            link.clicked.connect(lambda _=False, happens=happens: happens())
            self.links.append(link)
        self._relayout()

    def set_language(self, language: Language) -> None:
        """Describe the networks in another language."""
        for card in self.cards:
            card.set_language(language)

    @property
    def columns(self) -> int:
        """Number of cards side by side."""
        room = self.viewport().width() - 2 * _MARGIN + _GAP
        return max(1, min(room // (scaled(_CARD_SIZE.width()) + _GAP), _MAX_COLUMNS))

    def _relayout(self) -> None:
        columns = self.columns
        for grid, widgets in ((self._cards_grid, self.cards), (self._links_grid, self.links[1:])):
            for place, widget in enumerate(widgets):
                left = Qt.AlignmentFlag.AlignLeft if grid is self._links_grid else Qt.AlignmentFlag(0)
                grid.addWidget(widget, place // columns, place % columns, left)
            for column in range(_MAX_COLUMNS):
                grid.setColumnStretch(column, int(column < columns))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._relayout()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._host and event.type() == QEvent.Type.Resize:
            self.setGeometry(self._host.rect())
        return super().eventFilter(watched, event)


def _show_elided(words: str, link: QToolButton) -> None:
    link.setText(link.fontMetrics().elidedText(tr(words), Qt.TextElideMode.ElideMiddle, scaled(_MAX_LINK_WIDTH)))


class NetworkCard(CardButton):
    """A button with a network's name, year and contribution."""

    def __init__(self, network: FamilyTreeNode) -> None:
        super().__init__()
        self.key = network.key
        self._network, self._brought = network, ""
        for setter, length in (
            (QWidget.setMinimumWidth, _CARD_SIZE.width()),
            (QWidget.setMinimumHeight, _CARD_SIZE.height()),
            (QWidget.setMaximumHeight, _CARD_SIZE.height()),
        ):
            size_with_font(self, setter, length)

    def set_language(self, language: Language) -> None:
        """Describe the network in another language."""
        self._brought = self._network.brought[language]
        self.setAccessibleName(with_label(add_note(self._network.title, self._network.year), self._brought))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(scaled(_CARD_SIZE.width()), scaled(_CARD_SIZE.height()))

    def paint_content(self, painter: QPainter, colours: appearance.Colours) -> None:
        """Paint the name, and below it year and contribution."""
        inside = self.rect().adjusted(_PADDING, 7, -_PADDING, -5)
        bold, small = self.fonts(0.84)
        title = QFontMetrics(bold)
        painter.setFont(bold)
        painter.setPen(QColor(colours.text))
        shown = title.elidedText(self._network.title, Qt.TextElideMode.ElideRight, inside.width())
        painter.drawText(inside, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, shown)
        painter.setFont(small)
        painter.setPen(QColor(colours.muted))
        lower = inside.adjusted(0, title.height(), 0, 0)
        words = f"{self._network.year}  {self._brought}"
        painter.drawText(lower, Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap, words)
