"""What putting something in would cost, in words."""

from __future__ import annotations

from explorer.base.languages import tr
from explorer.base.number_format import format_signed
from explorer.viewmodels.panels import EditPreview


def describe_effect(preview: EditPreview) -> str:
    """Return "+1.60 K parameters, +4.82 M MACs"."""
    params, macs = (figure.now - figure.baseline for figure in preview.headline_figures[:2])
    return tr("{params} parameters, {macs} MACs", params=format_signed(params), macs=format_signed(macs))
