"""Jobs of the export dialog that run off the UI thread: functions over frozen values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRectF

from explorer.base.cancellation import Cancelled, always
from explorer.export.page import ANIMATION_SUFFIXES, Page
from explorer.viewmodels.card_ids import members_of
from explorer.viewmodels.card_parts import CARD_PARTS
from explorer.viewmodels.diagram import Colouring, Direction, Level

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from explorer.base.cancellation import KeepGoing
    from explorer.drawing import Picture
    from explorer.export.sheet import Sheet, SheetContent
    from explorer.network import Network


@dataclass(frozen=True)
class ExportSource:
    """A network, and how the window displays it."""

    network: Network
    picture: Picture | None = None
    visible_rect: QRectF | None = None  # the part of the picture that is in sight
    selection: tuple[str, ...] = ()
    expanded: frozenset[str] = frozenset()
    direction: Direction = "columns"
    colouring: str | Colouring = "kind"
    contents: dict[Any, SheetContent] = field(
        default_factory=dict, compare=False, repr=False
    )  # made once for all previews

    @property
    def by(self) -> str:
        """What cards are coloured by, as `Page.by` names it."""
        return self.colouring if isinstance(self.colouring, str) else self.colouring.title


def build_sheet(source: ExportSource, page: Page) -> Sheet:
    """Return the sheet of a page; its contents are computed once for all previews."""
    from explorer.export.sheet import fill_sheet
    from explorer.export.sheet_text import sheet_text

    key = (page.kind, page.level, page.scope, page.direction, page.by, page.parts, page.deltas)
    if key not in source.contents:
        source.contents[key] = _build_content(source, page)
    return fill_sheet(source.contents[key], page, sheet_text(source.network, _drawn_parts(source, page)))


def _drawn_parts(source: ExportSource, page: Page) -> tuple[str, ...]:
    """Nodes and groups that the picture is of; none for the whole network."""
    from explorer.export.page_diagram import resolve_selection

    if page.kind == "graph" and page.scope == "visible" and source.picture is not None and source.visible_rect:
        seen = source.picture.cards_in_sight(source.visible_rect)
        return tuple(dict.fromkeys(member for id in seen for member in members_of(id)))
    if page.kind != "graph" or page.scope != "selection" or not source.selection:
        return ()
    if page.level is None and source.picture is not None:  # as in the window, where equal cards are stacked
        shown = [source.picture.visible_card(id) for id in source.selection]
        return tuple(dict.fromkeys(member for id in shown for member in members_of(id)))
    return resolve_selection(source.network, source.selection)


def _build_content(source: ExportSource, page: Page) -> SheetContent:
    from explorer.export.network_sheet import build_content
    from explorer.export.sheet import CroppedPicture

    picture = source.picture
    if page.kind == "graph" and picture is not None:
        if page.scope == "visible" and source.visible_rect is not None:
            part, shown = source.visible_rect & picture.bounds, picture.without_fold_signs()
            return CroppedPicture(shown, part) if not part.isEmpty() else shown
        if page.level is None:
            return _as_in_window(source, page, picture)
    own = source.colouring if isinstance(source.colouring, Colouring) else None
    return build_content(source.network, page, source.selection if page.scope == "selection" else (), own)


def _as_in_window(source: ExportSource, page: Page, picture: Picture) -> Picture:
    """Return the diagram as it is expanded in the window, in the direction and colours of the page."""
    from explorer.drawing import compose_picture
    from explorer.export.page_diagram import filter_diagram, finish_diagram
    from explorer.presenters import build_diagram

    network, whole = source.network, picture.diagram
    by = "change" if page.deltas else page.by
    if by != source.by:
        whole = build_diagram(network.analysis, source.expanded, network.history.baseline, by)
    if page.scope == "selection" and source.selection:
        whole = filter_diagram(whole, [picture.visible_card(id) for id in source.selection])
    if whole is picture.diagram and page.direction == source.direction and page.parts == CARD_PARTS:
        return picture.without_fold_signs()
    return compose_picture(finish_diagram(network, page, whole), page.direction)


def write_page_job(source: ExportSource, page: Page, path: Path) -> Callable[[KeepGoing], None]:
    """Job that exports a page in the format of the suffix: as an image, a document or an animation."""

    def job(keep_going: KeepGoing) -> None:
        from explorer.export.network_sheet import page_for_suffix, write_sheets

        suffix = path.suffix.lower()
        is_paged = suffix not in ANIMATION_SUFFIXES
        sheets = build_sheets(source, page_for_suffix(page, suffix), keep_going, is_paged=is_paged)
        write_sheets(sheets, path, source.network)

    return job


def build_sheets(
    source: ExportSource, page: Page, keep_going: KeepGoing = always, *, is_paged: bool = True
) -> list[Sheet]:
    """Return a sheet for each picture that a page asks for, or several where it could not be read on one page."""
    from explorer.export.network_sheet import build_network_sheets, pages_by_level

    if page.slides == "levels":
        select = source.selection if page.scope == "selection" else ()
        levels = pages_by_level(source.network, replace(page, slides="fit"), select)
        return [sheet for each in levels for sheet in spread_sheets(source, each, keep_going)]
    if page.slides == "edits":
        report = partial(_report, keep_going)
        return build_network_sheets(
            source.network, page, (), source.expanded, is_paged=is_paged, report_progress=report
        )
    return spread_sheets(source, page, keep_going)


def spread_sheets(source: ExportSource, page: Page, keep_going: KeepGoing = always) -> list[Sheet]:
    """Return the sheet of a page, or those that it takes for its text to be read. Raises Cancelled."""
    from explorer.export.sheet_text import sheet_text
    from explorer.export.spread import spread_sheet

    words_of = partial(sheet_text, source.network)
    return spread_sheet(build_sheet(source, page), words_of, partial(_report, keep_going))


def _report(keep_going: KeepGoing, done: float) -> None:
    if not keep_going(done):
        raise Cancelled


def write_table_job(source: ExportSource, path: Path) -> Callable[[KeepGoing], None]:
    """Job that writes the table of stages as LaTeX, Markdown or CSV."""

    def job(keep_going: KeepGoing) -> None:
        from explorer.export.tables import save_table_text
        from explorer.presenters.stage_table import stage_table

        save_table_text(stage_table([source.network.analysis]), path)

    return job


def write_graph_job(source: ExportSource, level: Level | None, path: Path) -> Callable[[KeepGoing], None]:
    """Job that writes the graph as GraphML or DOT; at no level, with the groups opened that are in the window."""

    def job(keep_going: KeepGoing) -> None:
        from explorer.export.network_graph import save_graph

        save_graph(source.network, path, source.expanded if level is None else level)

    return job


def copy_page_job(source: ExportSource, page: Page) -> Callable[[KeepGoing], tuple[QImage, bytes]]:
    """Job that renders a page as an image and as SVG."""

    def job(keep_going: KeepGoing) -> tuple[QImage, bytes]:
        from explorer.export.sheet_files import render_bitmap, render_svg

        sheet = build_sheet(source, page)
        return render_bitmap(sheet), render_svg(sheet)

    return job
