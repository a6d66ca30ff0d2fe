"""Documents of a network, written atomically: one sheet, or a sheet for each level or each step of the edits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from explorer.export.documents.drawio import write_drawio
from explorer.export.documents.html_page import write_html
from explorer.export.documents.mermaid import write_mermaid
from explorer.export.documents.pptx_slides import check_pptx, write_pptx
from explorer.export.documents.scene import SheetScene
from explorer.export.documents.scene_of_sheet import build_scene
from explorer.export.documents.tikz import write_tikz
from explorer.export.page import DOCUMENT_SUFFIXES, check_suffix
from explorer.export.sheet import Sheet
from explorer.export.sheet_files import write_export
from explorer.network import Network


def export_document(sheets: Sequence[Sheet], path: str | Path, network: Network) -> None:
    """Write sheets as the document that the suffix of `path` says: a slide or page for each. Mermaid has no pages: it
    holds the first. A web page holds the whole network, to be folded and unfolded there, in the colours of the first.

    Raises ExportError for an unknown suffix, a package that is missing, a sheet without a diagram or a path that
    cannot be written. Then nothing is written, and an older file stays.
    """
    path = Path(path)
    suffix = check_suffix(path, DOCUMENT_SUFFIXES)
    if suffix == ".pptx":
        check_pptx()
    if suffix == ".html":
        page = write_html(network, sheets[0])
        write_export(path, lambda beside: beside.write_text(page, encoding="utf-8"))
        return
    scenes = [build_scene(sheet) for sheet in sheets]
    write_export(path, lambda beside: _WRITERS[suffix](scenes, beside))


def _write_drawio(scenes: Sequence[SheetScene], path: Path) -> None:
    path.write_bytes(write_drawio(scenes))


def _write_tikz(scenes: Sequence[SheetScene], path: Path) -> None:
    path.write_text(write_tikz(scenes), encoding="utf-8")


def _write_mermaid(scenes: Sequence[SheetScene], path: Path) -> None:
    path.write_text(write_mermaid(scenes[0]), encoding="utf-8")


_WRITERS: dict[str, Callable[[Sequence[SheetScene], Path], None]] = {
    ".pptx": write_pptx,
    ".drawio": _write_drawio,
    ".tex": _write_tikz,
    ".mmd": _write_mermaid,
}
