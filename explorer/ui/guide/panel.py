"""The page of the guide on screen, with a picture of each idea's place in the network."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QSize, Qt, QUrl, Signal
from PySide6.QtGui import QImage, QResizeEvent
from PySide6.QtWidgets import QTextBrowser, QWidget

from explorer.base.cancellation import KeepGoing, always
from explorer.ui.base import appearance
from explorer.ui.base.appearance import Colours
from explorer.ui.base.later import call_later
from explorer.ui.base.live_texts import live_text
from explorer.ui.guide import page_text

if TYPE_CHECKING:
    from explorer.guide.filled_page import FilledPage
    from explorer.network import Network

#: A page by the colours in force, and the ideas that there are pictures of.
RenderPage = Callable[[Colours, Collection[str]], str]

_AROUND, _MAX_SIDE, _MAX_HEIGHT = 36.0, 1000, 260  # units around a place; pixels of a picture; pixels on the page


def _placeholder(colours: Colours, _drawn: Collection[str]) -> str:
    return page_text.render_placeholder(colours)


def draw_ideas(baseline: Network, page: FilledPage, is_dark: bool, keep_going: KeepGoing = always) -> dict[str, QImage]:
    """Return a picture of the first place of each idea that has one. A job."""
    from explorer.drawing import DARK, LIGHT
    from explorer.export.view_picture import close_view, paint_view

    theme, found = DARK if is_dark else LIGHT, dict[str, QImage]()
    for number, idea in enumerate(page.ideas):
        if not keep_going(number / len(page.ideas)):
            break
        if idea.locations:
            view = close_view(baseline, idea.locations)
            found[idea.name] = paint_view(view, theme, around=_AROUND, max_side=_MAX_SIDE, scale=2.0)
    return found


class GuidePanel(QTextBrowser):
    """Text browser of a guide page that emits the links clicked."""

    link_clicked = Signal(QUrl)
    theme_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.pictures: dict[str, QImage] = {}  # by idea
        self.setOpenLinks(False)
        self.setFrameShape(QTextBrowser.Shape.NoFrame)
        live_text(self, QWidget.setAccessibleName, "About the network")
        self.document().setDocumentMargin(12)
        self.anchorClicked.connect(self.link_clicked)
        self._render: RenderPage = _placeholder
        self._shown_width = 0  # that the pictures on the page were fitted to
        self._update_html()

    def show_text(self, render: RenderPage, pictures: dict[str, QImage] | None = None) -> None:
        """Show a page, given as a function of the colours in force and of the ideas that are drawn, with the pictures
        that there are already."""
        self._render, self.pictures = render, pictures or {}
        self._update_html()

    def show_again(self, render: RenderPage) -> None:
        """Show the page in sight anew, where it was scrolled to."""
        self._render = render
        self._refresh()

    def show_pictures(self, pictures: dict[str, QImage]) -> None:
        """Show pictures with the ideas of the page, as wide as the panel."""
        self.pictures = pictures
        self._refresh()

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        url = QUrl(name)
        picture = self.pictures.get(url.path()) if url.scheme() == "picture" else None
        return self._fitted(picture) if picture is not None else super().loadResource(kind, name)

    def _fitted(self, picture: QImage) -> QImage:
        """A picture as wide as the text, and no larger than its own pixels or a third of a page."""
        ratio = self.devicePixelRatioF()
        room = QSize(max(self._text_width, 60), _MAX_HEIGHT) * ratio
        size = picture.size().scaled(room, Qt.AspectRatioMode.KeepAspectRatio).boundedTo(picture.size())
        kept = Qt.AspectRatioMode.IgnoreAspectRatio
        fitted = picture.scaled(size, kept, Qt.TransformationMode.SmoothTransformation)
        fitted.setDevicePixelRatio(ratio)
        return fitted

    @property
    def _text_width(self) -> int:
        bar = self.verticalScrollBar().sizeHint().width()  # which may come up with the picture itself
        return self.width() - bar - 2 * round(self.document().documentMargin()) - 4

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.pictures and self._text_width != self._shown_width:  # a scroll bar that comes or goes changes nothing
            call_later(self, self._refresh)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._refresh()
            self.theme_changed.emit()

    def _refresh(self) -> None:
        position = self.verticalScrollBar().value()
        self._update_html()
        self.verticalScrollBar().setValue(position)

    def _update_html(self) -> None:
        self._shown_width = self._text_width
        self.setHtml(self._render(appearance.current_colours(), self.pictures))
