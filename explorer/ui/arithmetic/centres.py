"""Which form of arithmetic is painted how."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from explorer.analysis.arithmetic import explanation as forms
from explorer.ui.arithmetic.join_centres import CombinationCentre, GivenCentre, MoveCentre
from explorer.ui.arithmetic.ledger_centre import LedgerCentre
from explorer.ui.arithmetic.point_centres import CurveCentre, NormCentre
from explorer.ui.arithmetic.share_centres import AttentionCentre, ResponseNormCentre, SoftmaxCentre
from explorer.ui.arithmetic.stage import Centre, Stage
from explorer.ui.arithmetic.sum_centre import MaximumCentre, WindowSumCentre

if TYPE_CHECKING:
    from explorer.presenters.arithmetic_views import ArithmeticView

_CENTRES: dict[type[forms.Explanation], Any] = {
    forms.WindowMaximum: MaximumCentre,
    forms.CurveValue: CurveCentre,
    forms.NormalisedValue: NormCentre,
    forms.ResponseNormalised: ResponseNormCentre,
    forms.SoftmaxShare: SoftmaxCentre,
    forms.Combination: CombinationCentre,
    forms.AttentionMix: AttentionCentre,
    forms.GivenValue: GivenCentre,
}


def build_stage(view: ArithmeticView, explanation: forms.Explanation, channel: int | None = None) -> Stage:
    """Return the stage on which an explanation of an op is painted; `channel` is a row of a window to enlarge."""
    return Stage(view, explanation, _build_centre(view, explanation, channel), channel)


def _build_centre(view: ArithmeticView, explanation: forms.Explanation, channel: int | None) -> Centre:
    if isinstance(explanation, forms.WeightedSum):
        if math.prod(explanation.patch.shape[1:]) > 1:
            return WindowSumCentre(explanation, channel)
        return LedgerCentre(explanation, view.matrix)
    if isinstance(explanation, forms.MovedValue):
        return MoveCentre(explanation, view)
    if isinstance(explanation, forms.Dependence):
        return LedgerCentre(explanation)
    centre: Centre = _CENTRES[type(explanation)](explanation)
    return centre
