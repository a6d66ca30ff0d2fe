"""What the export dialog has done off the UI thread: plain functions over frozen values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRectF

from explorer.diagram import Colouring, Direction
from explorer.export.page import Page

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from explorer.drawing import Picture
    from explorer.export.sheet import Content, Sheet
    from explorer.network import Network
    from explorer.wanted import Wanted


@dataclass(frozen=True)
class Shown:
    """A network, and what the window shows of it."""

    network: Network
    picture: Picture | None = None
    seen: QRectF | None = None  # the part of the picture that is in sight
    selection: tuple[str, ...] = ()
    opened: frozenset[str] = frozenset()
    direction: Direction = "columns"
    colouring: str | Colouring = "kind"
    contents: dict[Any, Content] = field(default_factory=dict, compare=False, repr=False)  # made once for all previews

    @property
    def by(self) -> str:
        """What its cards are coloured by, as a page says it."""
        return self.colouring if isinstance(self.colouring, str) else self.colouring.title


@dataclass(frozen=True)
class Preview:
    """A small image of a page, and how large the page is in units of the drawing."""

    image: QImage
    width: float
    height: float


def sheet_of(shown: Shown, page: Page) -> Sheet:
    from explorer.export.diagram import words
    from explorer.export.sheet import Sheet

    key = (page.kind, page.level, page.scope, page.direction, page.by)
    if key not in shown.contents:
        shown.contents[key] = _content(shown, page)
    return Sheet(shown.contents[key], page, words(shown.network))


def _content(shown: Shown, page: Page) -> Content:
    from explorer.export.diagram import content
    from explorer.export.sheet import Part

    picture = shown.picture
    if page.kind == "graph" and picture is not None:
        if page.scope == "visible" and shown.seen is not None:
            part = shown.seen & picture.bounds
            return Part(picture, part) if not part.isEmpty() else picture
        if page.level is None:
            return _unfolded(shown, page, picture)
    own = shown.colouring if isinstance(shown.colouring, Colouring) else None
    return content(shown.network, page, shown.selection if page.scope == "selection" else (), own)


def _unfolded(shown: Shown, page: Page, picture: Picture) -> Picture:
    """As the window has it unfolded, in the direction and the colours of the page."""
    from explorer.drawing import compose
    from explorer.export.diagram import only
    from explorer.present import diagram

    whole = picture.diagram
    if page.by != shown.by:
        whole = diagram(shown.network.study, shown.opened, shown.network.history.baseline, page.by)
    if page.scope == "selection" and shown.selection:
        whole = only(whole, [picture.showing(id) for id in shown.selection])
    if whole is picture.diagram and page.direction == shown.direction:
        return picture
    return compose(whole, page.direction)


def preview(shown: Shown, page: Page, room: tuple[int, int], sharpness: float) -> Callable[[Wanted], Preview]:
    """The page as large as fits into `room`, in pixels of which the screen has `sharpness` squared for each."""

    def work(wanted: Wanted) -> Preview:
        from explorer.export.image import bitmap

        sheet = sheet_of(shown, replace(page, scale=1.0, width=None, dpi=None))
        scale = min(room[0] / sheet.width, room[1] / sheet.height, 1.0) * sharpness
        scale = max(scale, 2 / min(sheet.width, sheet.height))
        image = bitmap(sheet, scale, like=page.scale_for(sheet.width))
        image.setDevicePixelRatio(sharpness)
        return Preview(image, sheet.width, sheet.height)

    return work


def write(shown: Shown, page: Page, path: Path) -> Callable[[Wanted], None]:
    def work(wanted: Wanted) -> None:
        from explorer.export.image import export_image

        export_image(sheet_of(shown, page), path)

    return work


def write_table(shown: Shown, path: Path) -> Callable[[Wanted], None]:
    """The table of stages as text."""

    def work(wanted: Wanted) -> None:
        from explorer.export.tables import save_text
        from explorer.present.stage_table import stage_table

        save_text(stage_table([shown.network.study]), path)

    return work


def copied(shown: Shown, page: Page) -> Callable[[Wanted], tuple[QImage, bytes]]:
    """The page as an image and as SVG."""

    def work(wanted: Wanted) -> tuple[QImage, bytes]:
        from explorer.export.image import bitmap, svg

        sheet = sheet_of(shown, page)
        return bitmap(sheet), svg(sheet)

    return work
