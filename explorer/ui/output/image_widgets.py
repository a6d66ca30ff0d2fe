"""Images of the output panel: the sample image, the strip of available ones, and outputs that are maps."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QImage, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem, QMenu, QSizePolicy, QWidget

from explorer.analysis.sample_names import BUILT_IN_SAMPLES
from explorer.base.languages import tr
from explorer.ui.base import appearance
from explorer.ui.base.live_texts import live_text
from explorer.ui.base.menus import show_menu
from explorer.ui.widgets.picture_menu import offer_picture_menu
from explorer.viewmodels.panels import RgbImage

_THUMBNAIL_SIDE = 36  # pixels
_TEXT_MARGIN = 8  # pixels around the words of an empty photo
_GAP = 8  # pixels between two outputs
_MAX_RATIO = 4  # of the sides of an output that is shown as a picture


class SamplePhoto(QWidget):
    """The sample image, scaled to fit, with rounded corners; a target for dropped images."""

    def __init__(self) -> None:
        super().__init__()
        self._image = QImage()
        self._crop: QRectF | None = None
        self._name = ""
        self._is_drop_target = False
        self.setMinimumHeight(64)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)

    def show_image(self, image: QImage, name: str) -> None:
        """Show an image; `name` may be a path."""
        self._image, self._crop = image, None
        self.show_name(name)

    def show_name(self, name: str) -> None:
        """Name the image that is shown; `name` may be a path."""
        self._name = name
        self.setAccessibleName(tr("Sample image: {name}", name=name))
        crop = self._crop
        self.show_crop((crop.x(), crop.y(), crop.width(), crop.height()) if crop is not None else None)

    def show_crop(self, crop: tuple[float, float, float, float] | None) -> None:
        """Dim what the network does not see; `crop` is left, top, width, height in pixels of the image."""
        self._crop = QRectF(*crop) if crop is not None else None
        width, height = self._image.width(), self._image.height()
        tip = tr("{name}, {width} × {height} pixels", name=Path(self._name).name, width=width, height=height)
        if crop is not None:
            seen = tr(
                "Input of the network: the bright {width:.0f} × {height:.0f} pixels", width=crop[2], height=crop[3]
            )
            tip += f"\n{seen}"
        self.setToolTip(tip)
        self.update()

    def show_drop_target(self, wanting: bool) -> None:
        """Show whether an image that can be dropped is over the panel."""
        self._is_drop_target = wanting
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        c = appearance.current_colours()
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        if not self._image.isNull():
            size = QSize(self._image.size()).scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            area = QRectF(
                (self.width() - size.width()) / 2, (self.height() - size.height()) / 2, size.width(), size.height()
            )
            clip = QPainterPath()
            clip.addRoundedRect(area, 6, 6)
            painter.setClipPath(clip)
            painter.drawImage(area, self._image)
            painter.setClipping(False)
            self._paint_crop(painter, area)
        if self._image.isNull() or self._is_drop_target:
            painter.setPen(QPen(QColor(c.accent if self._is_drop_target else c.border), 2, Qt.PenStyle.DashLine))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
        if self._image.isNull():
            painter.setPen(QColor(c.muted))
            inside = self.rect().adjusted(_TEXT_MARGIN, _TEXT_MARGIN, -_TEXT_MARGIN, -_TEXT_MARGIN)
            wrapped = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(inside, wrapped, tr("Drop an image here"))

    def _paint_crop(self, painter: QPainter, area: QRectF) -> None:
        if self._crop is None:
            return
        scale = area.width() / self._image.width()
        seen = QRectF(self._crop.topLeft() * scale, self._crop.size() * scale).translated(area.topLeft())
        around = QPainterPath()
        around.addRoundedRect(area, 6, 6)
        inside = QPainterPath()
        inside.addRect(seen)
        painter.fillPath(around.subtracted(inside), QColor(0, 0, 0, 120))
        painter.setPen(QPen(QColor("#ffffff"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(seen.adjusted(0.5, 0.5, -0.5, -0.5))


class SampleStrip(QListWidget):
    """Thumbnails of the built-in photos and of recent images. Click or Enter chooses one; Delete removes one's own."""

    removal_requested = Signal(str)  # id of an image of the user's

    def __init__(self) -> None:
        super().__init__()
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)
        live_text(self, QWidget.setAccessibleName, "Sample images")
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setFlow(QListView.Flow.TopToBottom)
        self.setWrapping(False)
        self.setMovement(QListView.Movement.Static)
        self.setIconSize(QSize(_THUMBNAIL_SIDE, _THUMBNAIL_SIDE))
        self.setGridSize(QSize(_THUMBNAIL_SIDE + 6, _THUMBNAIL_SIDE + 6))
        self.setFixedWidth(_THUMBNAIL_SIDE + 18)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setFrameShape(QListWidget.Shape.NoFrame)
        self.setStyleSheet(
            "QListWidget { background: transparent; outline: 0; }"
            "QListWidget::item { border: 2px solid transparent; border-radius: 7px; padding: 0; }"
            "QListWidget::item:selected { border-color: palette(highlight); background: palette(highlight); }"
        )

    def own_image(self, item: QListWidgetItem | None) -> str:
        """Return the id of an item with an image of the user's; "" for a built-in photo."""
        id = str(item.data(Qt.ItemDataRole.UserRole)) if item is not None else ""
        return "" if id in BUILT_IN_SAMPLES else id

    def build_menu(self, item: QListWidgetItem) -> QMenu:
        """Return the menu of an image."""
        menu, own = QMenu(self), self.own_image(item)
        menu.addAction(tr("Use this image")).triggered.connect(lambda: self.itemActivated.emit(item))
        remove = menu.addAction(tr("Remove from the list"))
        remove.setEnabled(bool(own))
        remove.triggered.connect(lambda: self.removal_requested.emit(own))
        return menu

    def _show_menu(self, at: QPoint) -> None:
        item = self.itemAt(at)
        if item is not None:
            menu = self.build_menu(item)
            show_menu(menu, self.viewport().mapToGlobal(at))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        own = self.own_image(self.currentItem())
        if event.key() == Qt.Key.Key_Delete and own:
            self.removal_requested.emit(own)
        else:
            super().keyPressEvent(event)

    def add_image(self, id: str, name: str, at: int | None = None) -> None:
        """Insert an image at row `at`, by default at the end."""
        item = QListWidgetItem(_transparent_pixmap(), "")
        item.setData(Qt.ItemDataRole.UserRole, id)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, name)
        item.setToolTip(name)
        self.insertItem(self.count() if at is None else at, item)

    def rename_image(self, id: str, name: str) -> None:
        """Give an image that is in the strip another name."""
        item = self.find_item(id)
        if item is not None:
            item.setData(Qt.ItemDataRole.AccessibleTextRole, name)
            item.setToolTip(name)

    def set_thumbnail(self, id: str, image: QImage) -> None:
        """Set the thumbnail of an image that is in the strip."""
        item = self.find_item(id)
        if item is not None:
            icon = QIcon(build_thumbnail(image))
            icon.addPixmap(build_thumbnail(image), QIcon.Mode.Selected)  # not tinted: the frame around it says so
            item.setIcon(icon)

    def find_item(self, id: str) -> QListWidgetItem | None:
        """Return the item of an image, or None."""
        found = (self.item(row) for row in range(self.count()))
        return next((item for item in found if item.data(Qt.ItemDataRole.UserRole) == id), None)

    def select_image(self, id: str) -> None:
        """Select the image that is the sample; nothing if it is not in the strip."""
        item = self.find_item(id)
        self.setCurrentItem(item)  # type: ignore[arg-type]
        if item is None:
            self.clearSelection()

    def remove_image(self, id: str) -> None:
        """Remove an image, if it is there. The sample may be it: no other one is lit then in its place."""
        item, current = self.find_item(id), self.currentItem()
        if item is not None:
            self.takeItem(self.row(item))
        if item is not None and item is current:
            self.setCurrentRow(-1)
            self.clearSelection()


class ClassMaps(QWidget):
    """Outputs with a class, or a number, for every pixel or token: the edited network's beside the baseline's."""

    def __init__(self) -> None:
        super().__init__()
        self._images: list[QImage] = []
        offer_picture_menu(self)
        self.setMinimumHeight(60)

    def show_maps(self, maps: tuple[RgbImage, ...]) -> None:
        """Show one or two maps; none hides the widget."""
        self._images = [QImage(m.rgb, m.width, m.height, 3 * m.width, QImage.Format.Format_RGB888).copy() for m in maps]
        self.setVisible(bool(maps))
        self.setToolTip(
            tr("The output as a picture: now, and before") if len(maps) > 1 else tr("The output as a picture")
        )
        self.update()

    def places(self) -> list[tuple[str, QRectF]]:
        """Return where each picture is, with its title, which stands above it."""
        metrics = self.fontMetrics()
        room = QRectF(self.rect()).adjusted(0, metrics.height(), 0, 0)
        column, left = QSizeF((room.width() - _GAP) / 2, room.height()), 0.0
        found = list[tuple[str, QRectF]]()
        for title, image in zip((tr("Now"), tr("Before")), self._images, strict=False):
            size = QSizeF(image.size()).scaled(column, Qt.AspectRatioMode.KeepAspectRatio)
            size = size.expandedTo(size.transposed() / _MAX_RATIO).boundedTo(column)  # many tokens would be a thread
            found.append((title, QRectF(QPointF(left, room.top()), size)))
            left += max(size.width(), metrics.horizontalAdvance(title)) + _GAP
        return found

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(QColor(appearance.current_colours().muted))
        for image, (title, place) in zip(self._images, self.places(), strict=True):
            painter.drawImage(place, image)
            painter.drawText(QPointF(place.left(), self.fontMetrics().ascent()), title)


def build_thumbnail(image: QImage) -> QPixmap:
    """Return the square middle of an image with rounded corners."""
    side = min(image.width(), image.height())
    middle = image.copy((image.width() - side) // 2, (image.height() - side) // 2, side, side)
    small = middle.scaled(
        2 * _THUMBNAIL_SIDE,
        2 * _THUMBNAIL_SIDE,
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    made = _transparent_pixmap(2)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    path = QPainterPath()
    path.addRoundedRect(QRectF(0, 0, _THUMBNAIL_SIDE, _THUMBNAIL_SIDE), 5, 5)
    painter.setClipPath(path)
    painter.drawImage(QRectF(0, 0, _THUMBNAIL_SIDE, _THUMBNAIL_SIDE), small)
    painter.end()
    return made


def _transparent_pixmap(ratio: int = 1) -> QPixmap:
    made = QPixmap(ratio * _THUMBNAIL_SIDE, ratio * _THUMBNAIL_SIDE)
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    return made
