"""The pictures of an experiment: wide charts on the left, square charts and images in tiles on the right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QSize
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from explorer.experiments.outcome import Chart, OutcomePicture
from explorer.ui.experiments.chart import PictureCell
from explorer.ui.experiments.report import FormatLabel


class PictureGrid(QWidget):
    """Grid of reused picture cells."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[PictureCell] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(12)
        self._wide_grid, self._tile_grid = QGridLayout(), QGridLayout()
        for grid in (self._wide_grid, self._tile_grid):
            grid.setSpacing(10)
            self._row.addLayout(grid)

    def sizeHint(self) -> QSize:
        return QSize(760, 330)

    def show_pictures(self, pictures: Sequence[OutcomePicture], format_label: FormatLabel) -> None:
        """Show pictures in as many cells as are needed, creating cells on demand."""
        while len(self.cells) < len(pictures):
            self.cells.append(PictureCell())
        for cell in self.cells:
            self._wide_grid.removeWidget(cell)
            self._tile_grid.removeWidget(cell)
            cell.setVisible(False)
        wide = [picture for picture in pictures if _is_wide(picture)]
        tiles = [picture for picture in pictures if not _is_wide(picture)]
        cells = iter(self.cells)
        columns = 2 if len(wide) == 4 else max(len(wide), 1)
        beside = 2 if len(tiles) > 2 or len(wide) <= 1 else 1  # little room beside many charts
        tile_columns = max(min(len(tiles), 3 if len(tiles) > 4 else beside), 1)
        _fill_grid(self._wide_grid, wide, columns, cells, format_label)
        _fill_grid(self._tile_grid, tiles, tile_columns, cells, format_label)
        self._row.setStretch(0, 10 * columns if wide else 0)
        self._row.setStretch(1, (9 if tile_columns == 1 else 7 * tile_columns) if tiles else 0)

    def render_image(self) -> QImage:
        """Return the grid as on screen, at twice the resolution."""
        image = QImage(self.size() * 2, QImage.Format.Format_ARGB32)
        image.setDevicePixelRatio(2)
        image.fill(self.palette().window().color())
        self.render(image)
        return image


def _is_wide(picture: OutcomePicture) -> bool:
    return isinstance(picture, Chart) and not picture.square


def _fill_grid(
    grid: QGridLayout,
    pictures: Sequence[OutcomePicture],
    columns: int,
    cells: Iterator[PictureCell],
    format_label: FormatLabel,
) -> None:
    for at in range(4):
        grid.setColumnStretch(at, 1 if at < columns and pictures else 0)
        grid.setRowStretch(at, 1 if at * columns < len(pictures) else 0)
    for number, picture in enumerate(pictures):
        cell = next(cells)
        grid.addWidget(cell, number // columns, number % columns)
        cell.setVisible(True)
        cell.show_picture(picture, format_label)
