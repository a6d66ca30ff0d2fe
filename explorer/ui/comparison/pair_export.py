"""The picture of both sides as a file: asks for its name and writes it off the UI thread."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QWidget

from explorer.base.languages import tr, tr_noop
from explorer.export.page import SUFFIXES, Page

if TYPE_CHECKING:
    from explorer.base.cancellation import KeepGoing
    from explorer.export.pair_sheet import PairSide
    from explorer.presenters.differences import Differences

_FILTER = tr_noop("Pictures (*.png *.svg *.pdf)")


def ask_pair_path(parent: QWidget, left: str, right: str) -> str | None:
    """Ask for the file of a picture of two networks; PNG where no other format is named."""
    name = "".join(letter if letter.isalnum() or letter in "-_ " else "_" for letter in f"{left} - {right}")
    path = QFileDialog.getSaveFileName(parent, tr("Export pair"), f"{name}.png", tr(_FILTER))[0]
    return path if not path or Path(path).suffix.lower() in SUFFIXES else f"{path}.png"


def write_pair_job(
    left: PairSide, right: PairSide, differences: Differences, page: Page, path: Path
) -> Callable[[KeepGoing], None]:
    """Job that writes a picture of two networks in the format of the suffix."""

    def job(keep_going: KeepGoing) -> None:
        from explorer.export.pair_sheet import build_pair_sheet
        from explorer.export.sheet_files import export_image

        export_image(build_pair_sheet(left, right, differences, page), path)

    return job
