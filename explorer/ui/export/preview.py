"""The preview of an export: its pages beside each other, and what to do where nobody could read them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from explorer.export.page import Page
from explorer.ui.export.jobs import ExportSource, build_sheet, spread_sheets
from explorer.viewmodels.diagram import LEVELS, Level

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from explorer.base.cancellation import KeepGoing
    from explorer.export.sheet import Sheet

_GAP = 10  # pixels between pages


@dataclass(frozen=True)
class CoarserLevel:
    """The finest level of detail at which a picture can be read on one page."""

    level: Level
    points: float  # size of text there


@dataclass(frozen=True)
class PagePreview:
    """A small image of a page, or of several beside each other, and the size of one in units of the drawing."""

    image: QImage
    width: float
    height: float
    zoom: float = 1.0  # of the picture on the page
    pages: int = 1
    is_too_small: bool = False  # to be read on any of the pages
    coarser: CoarserLevel | None = None  # where text is too small on one page, or takes several


def page_preview_job(
    source: ExportSource, page: Page, available: tuple[int, int], device_ratio: float
) -> Callable[[KeepGoing], PagePreview]:
    """Job that renders a page as large as fits into `available` pixels, at the screen's device ratio."""

    def job(keep_going: KeepGoing) -> PagePreview:
        sheets = spread_sheets(source, replace(page, scale=1.0, width=None, dpi=None), keep_going)
        image = _paint_thumbnails(sheets, page, available, device_ratio)
        first, zoom = sheets[0], min(sheet.zoom for sheet in sheets)
        is_too_small = not all(sheet.is_readable for sheet in sheets)
        needs_less = is_too_small or len(sheets) > 1
        coarser = find_coarser_level(source, page, keep_going) if needs_less else None
        return PagePreview(image, first.width, first.height, zoom, len(sheets), is_too_small, coarser)

    return job


def _paint_thumbnails(sheets: Sequence[Sheet], page: Page, available: tuple[int, int], device_ratio: float) -> QImage:
    """Sheets in rows, as large as fits into `available` pixels."""
    from PySide6.QtGui import QImage, QPainter

    from explorer.export.sheet_files import render_bitmap

    first, width, height = sheets[0], *available
    across, side = choose_grid(len(sheets), first.width / first.height, width / height)
    gap = _GAP if len(sheets) > 1 else 0
    room = (width / across - gap, height / side - gap)
    scale = min(room[0] / first.width, room[1] / first.height, 1.0) * device_ratio
    scale = max(scale, 2 / min(first.width, first.height))
    images = [render_bitmap(sheet, scale, detail_scale=page.scale_for(sheet.width)) for sheet in sheets]
    step = (images[0].width() + round(gap * device_ratio), images[0].height() + round(gap * device_ratio))
    if len(images) == 1:
        whole = images[0]
    else:
        whole = QImage(across * step[0], side * step[1], QImage.Format.Format_ARGB32_Premultiplied)
        whole.fill(0)
        painter = QPainter(whole)
        for number, image in enumerate(images):
            painter.drawImage(number % across * step[0], number // across * step[1], image)
        painter.end()
    whole.setDevicePixelRatio(device_ratio)
    return whole


def choose_grid(count: int, shape: float, room: float) -> tuple[int, int]:
    """Return columns and rows in which so many pages are largest; shapes are width by height."""
    grids = [(across, -(-count // across)) for across in range(1, count + 1)]
    return max(grids, key=lambda grid: min(room / grid[0], shape / grid[1]))


def find_coarser_level(source: ExportSource, page: Page, keep_going: KeepGoing) -> CoarserLevel | None:
    """Return the finest level below that of a page at which one page is readable; None where none is."""
    finer = len(LEVELS) if page.level is None else LEVELS.index(page.level)
    for level in reversed(LEVELS[:finer] if page.kind == "graph" and page.scope != "visible" else ()):
        sheet = build_sheet(source, replace(page, level=level))
        if sheet.is_readable:
            return CoarserLevel(level, sheet.text_points)
        if not keep_going(0.0):
            return None
    return None
