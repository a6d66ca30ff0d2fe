"""What is over the canvas while no network is open: the networks of the history to click, and other ways to begin."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QGridLayout,
    QLabel,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer.guide.family_tree import Ancestor
from explorer.language import Language
from explorer.ui import appearance

_CARD = QSize(138, 60)  # the least of a card: two lines of Chinese are taller than two of English
_MOST_WIDE = 6  # cards beside each other, at most
_GAP, _MARGIN, _PAD = 8, 20, 10
_LONGEST = 190  # pixels of a link: a file may be called anything

_WORDS = "Then click a card, change a block, and watch parameters, cost and what the network makes of a photo follow."

Way = tuple[str, str, Callable[[], object]]  # words, a tip, what happens


class StartPage(QScrollArea):
    wanted = Signal(str)  # key of a network to open

    def __init__(self, over: QWidget, networks: Sequence[Ancestor]) -> None:
        """Fills `over`, with the networks in this order."""
        super().__init__(over)
        self._over = over
        self.cards = [NetworkCard(network) for network in networks]
        self.ways: list[QToolButton] = []
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Networks to begin with")
        heading = QLabel("Open a network")
        font = QFont(heading.font())
        font.setPointSizeF(1.7 * font.pointSizeF())
        font.setWeight(QFont.Weight.DemiBold)
        heading.setFont(font)
        words = QLabel(_WORDS)
        words.setProperty("role", "muted")
        words.setWordWrap(True)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
        column.setSpacing(6)
        self._grid, self._ways = QGridLayout(), QGridLayout()
        self._grid.setSpacing(_GAP)
        column.addStretch(2)
        column.addWidget(heading)
        column.addWidget(words)
        column.addSpacing(12)
        column.addLayout(self._grid)
        column.addSpacing(8)
        column.addLayout(self._ways)
        column.addStretch(3)
        self.setWidget(page)
        for card in self.cards:
            card.clicked.connect(lambda _=False, key=card.key: self.wanted.emit(key))
        self.speak("en")
        over.installEventFilter(self)
        self.setGeometry(over.rect())

    def show_ways(self, ways: Sequence[Way]) -> None:
        """Other ways to begin, as links."""
        for link in self.ways:
            link.deleteLater()
        self.ways = []
        for words, tip, happens in ways:
            link = QToolButton()
            link.setText(link.fontMetrics().elidedText(words, Qt.TextElideMode.ElideMiddle, _LONGEST))
            link.setToolTip(tip)
            link.setAutoRaise(True)
            link.setCursor(Qt.CursorShape.PointingHandCursor)
            link.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            link.setStyleSheet("QToolButton { color: palette(link); border: 0; padding: 3px 0; }")
            link.clicked.connect(lambda _=False, happens=happens: happens())
            self.ways.append(link)
        self._arrange()

    def speak(self, language: Language) -> None:
        for card in self.cards:
            card.speak(language)

    @property
    def columns(self) -> int:
        room = self.viewport().width() - 2 * _MARGIN + _GAP
        return max(1, min(room // (_CARD.width() + _GAP), _MOST_WIDE))

    def _arrange(self) -> None:
        columns = self.columns
        for grid, widgets in ((self._grid, self.cards), (self._ways, self.ways)):
            for place, widget in enumerate(widgets):
                left = Qt.AlignmentFlag.AlignLeft if grid is self._ways else Qt.AlignmentFlag(0)
                grid.addWidget(widget, place // columns, place % columns, left)
            for column in range(_MOST_WIDE):
                grid.setColumnStretch(column, int(column < columns))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._over and event.type() == QEvent.Type.Resize:
            self.setGeometry(self._over.rect())
        return super().eventFilter(watched, event)


class NetworkCard(QAbstractButton):
    """Its name, its year, and in a few words what it brought."""

    def __init__(self, network: Ancestor) -> None:
        super().__init__()
        self.key = network.key
        self._network, self._brought = network, ""
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setMinimumSize(_CARD)
        self.setMaximumHeight(_CARD.height())

    def speak(self, language: Language) -> None:
        self._brought = self._network.brought[language]
        self.setAccessibleName(f"{self._network.title}, {self._network.year}: {self._brought}")
        self.update()

    def sizeHint(self) -> QSize:
        return _CARD

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):  # Qt gives a button the space bar only
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        c = appearance.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pointed = self.underMouse() or self.hasFocus()
        painter.setPen(QPen(QColor(c.accent if pointed else c.border), 1.5 if pointed else 1.0))
        painter.setBrush(QColor(c.ground if self.isDown() else c.raised))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 7, 7)
        inside = self.rect().adjusted(_PAD, 7, -_PAD, -5)
        bold, small = QFont(self.font()), QFont(self.font())
        bold.setWeight(QFont.Weight.DemiBold)
        small.setPointSizeF(0.84 * small.pointSizeF())
        title = QFontMetrics(bold)
        painter.setFont(bold)
        painter.setPen(QColor(c.text))
        shown = title.elidedText(self._network.title, Qt.TextElideMode.ElideRight, inside.width())
        painter.drawText(inside, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, shown)
        painter.setFont(small)
        painter.setPen(QColor(c.muted))
        lower = inside.adjusted(0, title.height(), 0, 0)
        words = f"{self._network.year}  {self._brought}"
        painter.drawText(lower, Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap, words)
