"""What the output panel says of the signal."""

from __future__ import annotations

from explorer.analysis.photo_distance import PhotoDistance
from explorer.edits import Recalibrate
from explorer.presenters.photo_distances import build_photo_distance_view

HEALTHY = PhotoDistance(bits=0.7, deviation=2.0)


def test_the_yardstick_stands_beside_the_divergence() -> None:
    view = build_photo_distance_view(HEALTHY, HEALTHY, is_edited=False, is_seeded=True)
    assert view is not None
    assert (view.text, view.warning, view.remedy) == ("Photos are 0.70 bits apart", "", None)
    view = build_photo_distance_view(PhotoDistance(0.6, 2.5), HEALTHY, is_edited=True, is_seeded=True)
    assert view is not None
    assert (view.text, view.warning) == ("Photos are 0.60 bits apart (before 0.70)", "")


def test_a_broken_signal_is_said_and_a_way_out_offered() -> None:
    for now, words in (
        (PhotoDistance(0.001, 2.0), "no longer tells photos apart"),
        (PhotoDistance(0.7, 20.0), "The signal has grown: logits vary by 20, before by 2."),
        (PhotoDistance(0.3, 0.2), "The signal has faded: logits vary by 0.2, before by 2."),
    ):
        view = build_photo_distance_view(now, HEALTHY, is_edited=True, is_seeded=True)
        assert view is not None
        assert words in view.warning
        assert view.remedy is not None
        assert view.remedy.edit == Recalibrate()


def test_loaded_weights_are_not_calibrated_anew() -> None:
    view = build_photo_distance_view(PhotoDistance(0.001, 2.0), HEALTHY, is_edited=True, is_seeded=False)
    assert view is not None
    assert view.warning
    assert view.remedy is None


def test_nothing_is_said_without_classes() -> None:
    assert build_photo_distance_view(None, None, is_edited=True, is_seeded=True) is None
