"""What measured times are summed up in: one sentence, and one on what costs more time than its MACs say."""

from __future__ import annotations

from explorer.presenters.timing import TimeShare, Timing


def timing(*shares: TimeShare, baseline_total: float | None = None) -> Timing:
    return Timing(10.0, baseline_total, 300_000_000, 7, "2 threads", {"kind": shares}, {})


def test_the_sentence_is_about_what_takes_more_time_than_its_macs_and_not_about_most_time() -> None:
    convolution, norm = TimeShare("Convolution", 6.0, 0.6, 0.9), TimeShare("Norm", 3.0, 0.3, 0.0)
    assert timing(convolution, norm).takeaway == (
        "Norm: none of the MACs but 30 % of the time. Few MACs do not mean little time."
    )
    assert timing(convolution, TimeShare("Norm", 0.1, 0.01, 0.0)).takeaway == ""
    assert timing().takeaway == ""


def test_the_headline_has_the_rate_and_the_time_before() -> None:
    assert timing().headline == "10 ms for 300 M MACs: 30.0 G MACs a second. Median of 7 passes, 2 threads."
    edited = timing(baseline_total=20.0).headline
    assert edited.startswith("10 ms for 300 M MACs (before the edits 20 ms): 30.0 G MACs a second.")
