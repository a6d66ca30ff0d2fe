"""The list of tours over the canvas: what each is about, how long it takes, and where the user was in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer.base.languages import join_sentences, tr, with_label
from explorer.ui.base import appearance
from explorer.ui.base.fonts import scale_font, scaled, size_with_font
from explorer.ui.base.live_texts import live_text
from explorer.ui.widgets.card_button import CardButton
from explorer.ui.widgets.tab_order import order_tabs

_WIDTH, _MARGIN, _ROW_HEIGHT = 660, 24, 54


@dataclass(frozen=True, slots=True)
class TourRow:
    """A tour as the list shows it."""

    id: str
    title: str
    about: str
    minutes: int
    step: int  # that the user was at, from 0
    count: int
    is_finished: bool
    section: str = ""  # heading that it stands under


class TourChooser(QFrame):
    """Rows of tours, one click each; Esc closes it."""

    tour_chosen = Signal(str)  # id

    def __init__(self, host: QWidget, own_actions: Sequence[tuple[str, Callable[[], object]]]) -> None:
        """`own_actions` are offered below the rows: English text marked by `tr_noop`, and what happens."""
        super().__init__(host)
        self._host = host
        self.rows: list[TourButton] = []
        self._headings: list[QLabel] = []
        self.setObjectName("tourChooser")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAutoFillBackground(True)
        live_text(self, QWidget.setAccessibleName, "Guided tours")
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 16, 14, 16)
        column.addLayout(self._build_header())
        self._list = QVBoxLayout()
        self._list.setSpacing(6)
        page = QWidget()
        inner = QVBoxLayout(page)
        inner.setContentsMargins(0, 0, 8, 0)
        inner.addLayout(self._list)
        inner.addStretch(1)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(page)
        column.addWidget(scroll, 1)
        row = QHBoxLayout()
        for text, callback in own_actions:
            button = live_text(QPushButton(), QPushButton.setText, text)
            button.clicked.connect(lambda _=False, callback=callback: callback())
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        host.installEventFilter(self)
        self.hide()

    def _build_header(self) -> QVBoxLayout:
        column = QVBoxLayout()
        row = QHBoxLayout()
        heading = live_text(QLabel(), QLabel.setText, "Guided tours")
        scale_font(heading, 1.5, QFont.Weight.DemiBold)
        close = QToolButton()
        close.setText("✕")
        close.setProperty("role", "muted")
        live_text(close, QWidget.setToolTip, "Close (Esc)")
        live_text(close, QWidget.setAccessibleName, "Close")
        close.clicked.connect(self.hide)
        row.addWidget(heading, 1)
        row.addWidget(close)
        column.addLayout(row)
        words = live_text(
            QLabel(),
            QLabel.setText,
            "Each about ten minutes: look, predict, change the network, and see whether you were right.",
        )
        words.setProperty("role", "muted")
        words.setWordWrap(True)
        column.addWidget(words)
        return column

    def show_rows(self, rows: Sequence[TourRow]) -> None:
        """Show these tours, and come to the front."""
        for button in self.rows:
            self._list.removeWidget(button)
            button.deleteLater()
        for heading in self._headings:
            self._list.removeWidget(heading)
            heading.deleteLater()
        self.rows, self._headings = [TourButton(row) for row in rows], []
        section = ""
        for button in self.rows:
            if button.row.section != section:
                section = button.row.section
                self._headings.append(QLabel(section))
                self._headings[-1].setProperty("role", "heading")
                self._headings[-1].setWordWrap(True)
                self._list.addWidget(self._headings[-1])
            button.clicked.connect(lambda _=False, id=button.row.id: self.tour_chosen.emit(id))
            self._list.addWidget(button)
        c = appearance.current_colours()
        self.setStyleSheet(
            f"#tourChooser {{ background: {c.background}; border: 1px solid {c.border}; border-radius: 10px; }}"
        )
        self._place()
        self.show()
        self.raise_()
        order_tabs(self)
        begun = next((button for button in self.rows if not button.row.is_finished), None)
        (begun or self).setFocus()

    def _place(self) -> None:
        width = min(scaled(_WIDTH), self._host.width() - 2 * _MARGIN)
        wanted = scaled(150) + len(self.rows) * (scaled(_ROW_HEIGHT) + 6)
        height = min(wanted, self._host.height() - 2 * _MARGIN)
        self.setGeometry((self._host.width() - width) // 2, (self._host.height() - height) // 2, width, height)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._host and event.type() == QEvent.Type.Resize and not self.isHidden():
            self._place()
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        elif event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.focusNextPrevChild(event.key() == Qt.Key.Key_Down)
        else:
            super().keyPressEvent(event)


class TourButton(CardButton):
    """A row: title, what it is about, and where the user was."""

    def __init__(self, row: TourRow) -> None:
        super().__init__()
        self.row = row
        size_with_font(self, QWidget.setFixedHeight, _ROW_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)  # it elides what has no room
        self.setAccessibleName(with_label(row.title, join_sentences((row.about, self.state_text))))
        self.setToolTip(row.about)

    @property
    def state_text(self) -> str:
        """Where the user was, or how long it takes."""
        row = self.row
        if 0 < row.step < row.count - 1:
            return tr("step {number} of {count}", number=row.step + 1, count=row.count)
        return tr("✓ done") if row.is_finished else tr("{minutes} min", minutes=row.minutes)

    def sizeHint(self) -> QSize:
        return QSize(320, scaled(_ROW_HEIGHT))

    def paint_content(self, painter: QPainter, colours: appearance.Colours) -> None:
        """Paint the title with the state beside it, and below what it is about."""
        inside = self.rect().adjusted(14, 9, -14, -8)
        bold, small = self.fonts(0.9)
        state, row = self.state_text, self.row
        painter.setFont(small)
        painter.setPen(QColor(colours.decrease if row.is_finished else colours.accent if row.step else colours.muted))
        painter.drawText(inside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, state)
        room = inside.width() - QFontMetrics(small).horizontalAdvance(state) - 12
        painter.setFont(bold)
        painter.setPen(QColor(colours.text))
        title = QFontMetrics(bold).elidedText(row.title, Qt.TextElideMode.ElideRight, room)
        painter.drawText(inside, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, title)
        painter.setFont(small)
        painter.setPen(QColor(colours.muted))
        about = QFontMetrics(small).elidedText(row.about, Qt.TextElideMode.ElideRight, inside.width())
        painter.drawText(inside, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, about)
