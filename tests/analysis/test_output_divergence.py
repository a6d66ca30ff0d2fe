"""The distance of two outputs, by hand-made values."""

from __future__ import annotations

import math

import pytest
import torch

from explorer.analysis.output_divergence import js_divergence, probabilities, top_classes


def of(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def test_equal_is_nothing_and_disjoint_is_one_bit() -> None:
    assert js_divergence(of(0.5, 0.5), of(0.5, 0.5)) == 0
    assert js_divergence(of(1, 0), of(0, 1)) == pytest.approx(1)


def test_a_value_by_hand() -> None:
    """p = (1, 0), q = (½, ½), middle (¾, ¼): ½·log₂(4/3) + ½·(½·log₂(2/3) + ½·log₂ 2)."""
    expected = 0.5 * math.log2(4 / 3) + 0.5 * (0.5 * math.log2(2 / 3) + 0.5)
    assert js_divergence(of(1, 0), of(0.5, 0.5)) == pytest.approx(expected)


def test_it_is_symmetric_and_bounded() -> None:
    generator = torch.Generator().manual_seed(0)
    for _ in range(50):
        p, q = (torch.softmax(8 * torch.randn(100, generator=generator, dtype=torch.float64), 0) for _ in range(2))
        assert js_divergence(p, q) == pytest.approx(js_divergence(q, p))
        assert 0 <= js_divergence(p, q) <= 1


def test_rounding_never_leads_out_of_bounds() -> None:
    for count in range(2, 60):  # summed up without a limit, the divergence of 13 classes is 1.0000000000000002
        p = torch.cat([torch.full((count,), 1 / count), torch.zeros(count)]).double()
        assert 0.999999 < js_divergence(p, p.flip(0)) <= 1
        q = torch.softmax(torch.randn(count, generator=torch.Generator().manual_seed(count)).double(), 0)
        assert js_divergence(q, torch.softmax(q.log() + 1e-9, 0)) >= 0


def test_other_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="not distributions over the same classes"):
        js_divergence(of(1), of(0.5, 0.5))


def test_probabilities_and_the_likeliest() -> None:
    p = probabilities(torch.tensor([[0.0, 2.0, 1.0]]))
    assert float(p.sum()) == pytest.approx(1)
    assert top_classes(p, 2) == [1, 2]
    assert top_classes(p, 9) == [1, 2, 0]
