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

_FILTERS = (
    tr_noop("Pictures (*.png *.svg *.pdf)"),
    tr_noop("PowerPoint slides (*.pptx)"),
    tr_noop("draw.io (*.drawio)"),
    tr_noop("LaTeX, TikZ (*.tex)"),
)
#: What other programs edit, in the order of the filters after the first.
_DOCUMENTS = (".pptx", ".drawio", ".tex")
_PAPER_OF_SLIDES = "16:9"


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
