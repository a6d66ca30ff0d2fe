"""Formats of pages: slides, sheets of paper, and the columns of templates of papers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from explorer.base.languages import tr_noop

_MM = 1 / 25.4


@dataclass(frozen=True, slots=True)
class PaperFormat:
    """A page, in inches. Where it is not fixed, a picture is as wide as it and no higher."""

    name: str
    width: float
    height: float
    is_fixed: bool
    text_points: float  # of caption and legend
    margin: float  # around everything
    min_points: float  # of a line on a card: smaller ones are not read


def _column(name: str, width: float, height: float) -> PaperFormat:
    return PaperFormat(name, width, height, is_fixed=False, text_points=7.5, margin=0.02, min_points=6)


#: By the key that settings and the command line use. Widths of columns are those that the authors' kits state:
#: IEEEtran 3.5 and 7.16 in, CVPR 3.25 and 6.875 in, NeurIPS and ICLR 5.5 in, LNCS 122 mm; heights are of their text.
#: Templates ask for 6 points and more in figures; 8 on a slide are 16 lines of pixels of a projector with 1,080.
PAPERS: Mapping[str, PaperFormat] = {
    "16:9": PaperFormat(tr_noop("Slide 16:9"), 40 / 3, 7.5, is_fixed=True, text_points=12, margin=0.35, min_points=8),
    "4:3": PaperFormat(tr_noop("Slide 4:3"), 10, 7.5, is_fixed=True, text_points=12, margin=0.35, min_points=8),
    "a4": PaperFormat(
        tr_noop("A4 upright"), 210 * _MM, 297 * _MM, is_fixed=True, text_points=9, margin=0.5, min_points=6
    ),
    "a4-landscape": PaperFormat(
        tr_noop("A4 landscape"), 297 * _MM, 210 * _MM, is_fixed=True, text_points=9, margin=0.5, min_points=6
    ),
    "ieee-column": _column(tr_noop("IEEE, one column (3.5 in)"), 3.5, 9.25),
    "ieee-page": _column(tr_noop("IEEE, two columns (7.16 in)"), 7.16, 9.25),
    "cvpr-column": _column(tr_noop("CVPR, one column (3.25 in)"), 3.25, 8.875),
    "cvpr-page": _column(tr_noop("CVPR, two columns (6.875 in)"), 6.875, 8.875),
    "neurips": _column(tr_noop("NeurIPS, ICLR (5.5 in)"), 5.5, 9),
    "lncs": _column(tr_noop("LNCS (122 mm)"), 122 * _MM, 193 * _MM),
}
