"""Both sides as a file, a picture or a slide: asks for its name and writes it off the UI thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QWidget

from explorer.base.languages import tr, tr_noop
from explorer.export.page import PAGED_SUFFIXES, SUFFIXES, Page

if TYPE_CHECKING:
    from explorer.base.cancellation import KeepGoing
    from explorer.export.pair_sheet import PairSide
    from explorer.presenters.differences import Differences
    from explorer.ui.comparison.linked_pair import LinkedPair
    from explorer.ui.plugin.tool_context import ToolContext

_FILTERS = (
    tr_noop("Pictures (*.png *.svg *.pdf)"),
    tr_noop("PowerPoint slides (*.pptx)"),
    tr_noop("draw.io (*.drawio)"),
    tr_noop("LaTeX, TikZ (*.tex)"),
)
#: What other programs edit, in the order of the filters after the first.
_DOCUMENTS = (".pptx", ".drawio", ".tex")
_PAPER_OF_SLIDES = "16:9"


class PairExport:
    """Asks for a file and writes both sides to it."""

    def __init__(self, context: ToolContext) -> None:
        self._context = context
        self._lane = context.add_lane("exporting a pair")

    def ask(self, sides: LinkedPair) -> None:
        """Ask for a file and write both sides to it."""
        if sides.pair is not None and sides.pair.comparison is not None:
            path = ask_pair_path(self._context.window, *sides.names)
            if path:
                self.write(sides, path)

    def write(self, sides: LinkedPair, path: str) -> None:
        """Write both sides, as they are unfolded, in the format of the suffix; nothing before they are compared."""
        pair, session, commands = sides.pair, self._context.session, self._context.commands
        if pair is None or pair.comparison is None:
            return
        from explorer.export.pair_sheet import PairSide

        opened = pair.partner.expanded, session.expanded
        in_order = opened if pair.is_left else reversed(opened)
        left, right = map(PairSide, pair.comparison.networks, sides.names, in_order)
        page = Page(level=None, direction=session.direction, by=pair.partner.colour_mode)
        self._lane.submit(
            write_pair_job(left, right, pair.comparison.differences, page, Path(path)),
            lambda _: commands.show_status(tr("Saved {path}", path=path)),
            commands.show_error,
        )


def ask_pair_path(parent: QWidget, left: str, right: str) -> str | None:
    """Ask for the file of two networks; where no format is named, the one that was chosen in the dialog."""
    name = "".join(letter if letter.isalnum() or letter in "-_ " else "_" for letter in f"{left} - {right}")
    filters = [tr(text) for text in _FILTERS]
    path, chosen = QFileDialog.getSaveFileName(parent, tr("Export pair"), name, ";;".join(filters))
    if not path or Path(path).suffix.lower() in (*SUFFIXES, *_DOCUMENTS):
        return path
    formats = (SUFFIXES[0], *_DOCUMENTS)
    return path + (formats[filters.index(chosen)] if chosen in filters else SUFFIXES[0])


def write_pair_job(
    left: PairSide, right: PairSide, differences: Differences, page: Page, path: Path
) -> Callable[[KeepGoing], None]:
    """Job that writes two networks in the format of the suffix, a slide on a page of its own size; on several pages,
    where the format has them and one would be too small to be read."""

    def job(keep_going: KeepGoing) -> None:
        from explorer.export.documents.files import export_document
        from explorer.export.pair_sheet import build_pair_sheet, build_pair_sheets
        from explorer.export.sheet_files import export_image

        suffix = path.suffix.lower()
        on_paper = replace(page, paper=_PAPER_OF_SLIDES) if suffix == ".pptx" else page
        pair = (left, right, differences, on_paper)
        sheets = build_pair_sheets(*pair) if suffix in PAGED_SUFFIXES else [build_pair_sheet(*pair)]
        if suffix in _DOCUMENTS:
            export_document(sheets, path, right.network)
        else:
            export_image(sheets, path)

    return job
