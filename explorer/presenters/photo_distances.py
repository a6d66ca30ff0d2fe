"""The yardstick of the output panel: how far apart photos are, and a warning where edits broke the signal."""

from __future__ import annotations

from explorer.analysis.photo_distance import PhotoDistance, SignalFault, find_signal_fault
from explorer.base.languages import tr
from explorer.edits import Recalibrate
from explorer.viewmodels.panels import Choice, PhotoDistanceView


def build_photo_distance_view(
    now: PhotoDistance | None, baseline: PhotoDistance | None, *, is_edited: bool, is_seeded: bool
) -> PhotoDistanceView | None:
    """Return what the panel says; None where photos cannot be compared. Loaded weights are not calibrated anew."""
    if now is None or baseline is None:
        return None
    if not is_edited:
        return PhotoDistanceView(tr("Photos are {bits:.2f} bits apart", bits=now.bits))
    text = tr("Photos are {bits:.2f} bits apart (before {before:.2f})", bits=now.bits, before=baseline.bits)
    fault = find_signal_fault(now, baseline)
    if not fault:
        return PhotoDistanceView(text)
    remedy = Choice(
        tr("Calibrate anew"),
        Recalibrate(),
        tr("Set norms and the level of the logits for the network as it is now. This is an edit: it can be undone."),
    )
    return PhotoDistanceView(text, _describe_fault(fault, now, baseline), remedy if is_seeded else None)


def _describe_fault(fault: SignalFault, now: PhotoDistance, baseline: PhotoDistance) -> str:
    levels = {"now": now.deviation, "before": baseline.deviation}
    if fault == "blind":
        return tr(
            "The network no longer tells photos apart: nearly one answer for all "
            "(logits vary by {now:.3g}, before by {before:.3g}).",
            **levels,
        )
    if fault == "grown":
        return tr(
            "The signal has grown: logits vary by {now:.3g}, before by {before:.3g}. A class near 100 % says little.",
            **levels,
        )
    return tr(
        "The signal has faded: logits vary by {now:.3g}, before by {before:.3g}. All classes are about equally likely.",
        **levels,
    )
