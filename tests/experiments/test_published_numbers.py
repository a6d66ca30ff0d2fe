"""The numbers of the experiments, to the precision of what was published or derived about them."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import torch

from explorer.experiments import get_experiment
from explorer.experiments.activations import largest_gap
from explorer.experiments.depth import trace_signal
from explorer.experiments.inverted import PUBLISHED_WIDTHS, SIDES, kilobytes
from explorer.experiments.outcome import Outcome
from explorer.experiments.response import local_response_norm
from explorer.experiments.separable import cost_share
from explorer.experiments.spiral import average_over_maps, collapsed_share


@cache
def _run(id: str, controls: tuple[tuple[str, Any], ...]) -> Outcome:
    return get_experiment(id).run(dict(controls))


def computed(id: str, key: str, **controls: Any) -> float:
    return _run(id, tuple(controls.items())).number(key).computed


def test_stacked_3x3() -> None:
    """VGG §2.3, Rethinking §3.1: 28 % saved for 5×5, one 7×7 has 81 % more."""
    assert computed("stacked_3x3", "weights", kernel=5) == pytest.approx(18 / 25)
    assert computed("stacked_3x3", "more", kernel=7) == pytest.approx(81.48, abs=0.01)
    for kernel in (5, 7, 9):
        assert computed("stacked_3x3", "field", kernel=kernel) == kernel
        assert computed("stacked_3x3", "reached", kernel=kernel) == kernel


def test_reduction_in_inception_3a() -> None:
    assert computed("reduction_1x1", "weights_direct") == 153_600
    assert computed("reduction_1x1", "weights") == 15_872
    assert computed("reduction_1x1", "macs_direct") == 120_422_400
    assert computed("reduction_1x1", "macs") == 12_443_648
    assert computed("reduction_1x1", "times") == pytest.approx(9.68, abs=0.005)
    assert computed("reduction_1x1", "module_weights") == 163_328


def test_table_1_of_googlenet_comes_out_but_for_its_misprints() -> None:
    odd: dict[str, set[str]] = {"module_weights": set(), "module_macs": set()}
    for module in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"):
        found = get_experiment("reduction_1x1").run({"module": module})
        for key, modules in odd.items():
            if not found.number(key).agrees:
                modules.add(module)
    assert odd == {"module_weights": {"4c", "4d", "5a", "5b"}, "module_macs": {"5a"}}


def test_factorised() -> None:
    assert computed("factorised", "share", n=7) == pytest.approx(0.286, abs=0.0005)
    assert computed("factorised", "five") == pytest.approx(2.78, abs=0.005)
    assert computed("factorised", "three") == pytest.approx(1 - 0.667, abs=0.0005)
    assert computed("factorised", "twos") == pytest.approx(1 - 0.889, abs=0.0005)
    assert computed("factorised", "network") == 5_713_216_096


def test_heads() -> None:
    assert computed("heads", "head") == 123_642_856
    assert computed("heads", "share") == pytest.approx(89.4, abs=0.05)
    assert computed("heads", "macs") == pytest.approx(0.8, abs=0.05)
    assert computed("heads", "share", network="alexnet_2012") == pytest.approx(96.2, abs=0.05)
    assert computed("heads", "macs", network="alexnet_2012") == pytest.approx(8.1, abs=0.05)
    assert computed("heads", "googlenet") == 1_025_000
    assert computed("heads", "flattened") == pytest.approx(50_176_000 / 1_025_000)


def test_local_response_is_the_papers_formula() -> None:
    """b = a / (k + α Σ a²)^β over five channels, the window cut off at the ends."""
    a = torch.rand(1, 9, 2, 3) * 50
    for channel in range(9):
        around = a[:, max(0, channel - 2) : channel + 3].square().sum(dim=1)
        expected = a[:, channel] / (2 + 1e-4 * around) ** 0.75
        torch.testing.assert_close(local_response_norm(a, 5, 1e-4)[:, channel], expected)
    assert computed("local_response", "torch") < 1e-6
    assert computed("local_response", "lowest") < computed("local_response", "highest") <= 2**-0.75 * 1.000001


def test_local_response_holds_neighbours_of_loud_channels_down() -> None:
    assert computed("local_response", "near") < 0.95 * computed("local_response", "far")
    assert computed("local_response", "near", n=1) == pytest.approx(computed("local_response", "far", n=1), rel=0.1)


def test_dropout_spreads_as_the_formula_says() -> None:
    found = get_experiment("dropout").run({"p": 0.5, "count": 256})
    spread = found.number("spread")
    assert spread.published is not None
    assert spread.computed == pytest.approx(spread.published, rel=0.03)
    assert found.number("mean").computed < found.number("one").computed / 8


def test_augmentation_has_2048_views() -> None:
    found = get_experiment("augmentation").run({"network": "resnet18", "count": 4, "kind": "mirror"})
    assert found.number("views").computed == 2048
    assert 0 < found.number("moved").computed < 1


def _gradient(depth: int, *, shortcut: bool, norm: bool, start: str = "xavier") -> float:
    return trace_signal(depth, shortcut=shortcut, norm=norm, start=start, batch=8, seed=0).gradient


def test_signal_through_20_layers() -> None:
    """Median of five seeds, batch 32: plain 9.6e-4, shortcut 1.0, plain with norm 24, both 8; He's start .37 and 11."""
    assert 9.6e-5 < _gradient(20, shortcut=False, norm=False) < 9.6e-3
    assert 0.3 < _gradient(20, shortcut=True, norm=False) < 3
    assert 8 < _gradient(20, shortcut=False, norm=True) < 80
    assert 3 < _gradient(20, shortcut=True, norm=True) < 24
    assert 0.05 < _gradient(20, shortcut=False, norm=False, start="he") < 1.5
    assert 3 < _gradient(20, shortcut=True, norm=False, start="he") < 40


def test_without_norm_and_shortcut_the_signal_vanishes_with_depth() -> None:
    """9.7e-10 at 56 layers, forward 8e-11."""
    found = trace_signal(56, shortcut=False, norm=False, start="xavier", batch=2, seed=0)
    assert 1e-11 < found.gradient < 1e-7
    assert 1e-12 < found.signal < 1e-8


def test_identity() -> None:
    assert computed("identity", "residual") == 0
    assert computed("identity", "plain") == 1
    assert computed("identity", "kept_plain") == 0
    assert computed("identity", "kept_residual") > 0.5
    assert computed("identity", "option_a") == 21_623_848
    assert computed("identity", "option_b") == 21_797_672
    assert computed("identity", "option_c") == 22_716_840
    assert computed("identity", "bottleneck") == 69_632
    assert computed("identity", "basic") == 73_728


@pytest.mark.parametrize(("channels", "cheaper"), [(64, 7.89), (512, 8.84), (1024, 8.92)])
def test_depthwise_separable(channels: int, cheaper: float) -> None:
    assert 1 / cost_share(channels, 3) == pytest.approx(cheaper, abs=0.005)
    assert computed("depthwise_separable", "cheaper", channels=channels, clock=False) == pytest.approx(
        cheaper, abs=0.005
    )


def test_depthwise_separable_table_3() -> None:
    for key, millions in {"row_full": 462.4, "row_separable": 52.28, "row_thin": 29.58, "row_small": 15.09}.items():
        assert computed("depthwise_separable", key, clock=False) / 1e6 == pytest.approx(millions, abs=0.05)
    assert get_experiment("depthwise_separable").run().number("ms").computed > 0


@pytest.mark.parametrize(("m", "share"), [(2, 0.75), (3, 0.5), (5, 0.1875), (15, 4.9e-4), (30, 2.9e-8)])
def test_theorem_1(m: int, share: float) -> None:
    assert collapsed_share(m) == pytest.approx(share, rel=0.02)
    assert collapsed_share(m) == pytest.approx((1 + m) / 2**m)


@pytest.mark.parametrize(("m", "lost", "error"), [(2, 0.748, 0.466), (3, 0.5, 0.264), (5, 0.183, 0.093)])
def test_spiral_by_2000_draws(m: int, lost: float, error: float) -> None:
    found = average_over_maps(m, 2000, lambda done: True, 0.0)
    assert found == pytest.approx((lost, error), abs=0.025)


def test_spiral_survives_in_many_channels_and_without_relu() -> None:
    assert average_over_maps(30, 200, lambda done: True, 0.0)[1] < 1e-3
    assert average_over_maps(2, 100, lambda done: True, 0.0, "linear")[1] < 1e-6


def test_inverted_residual_memory_at_the_tables_widths() -> None:
    """1605.6, 401.4 and 802.8 kB at 112 × 112; 7 × 7 of MobileNetV1 is 100.4 where 199 is printed."""
    at_112 = [kilobytes(channels[0], 112) for channels, _ in PUBLISHED_WIDTHS.values()]
    assert at_112 == pytest.approx([1605.6, 401.4, 802.8], abs=0.05)
    found = get_experiment("inverted_residual").run({"widths": "table"})
    for name, (_, printed) in PUBLISHED_WIDTHS.items():
        for side in SIDES[: len(printed)]:
            assert found.number(f"{name}_{side}").agrees is ((name, side) != ("MobileNetV1", 7))
    assert found.number("MobileNetV1_7").computed == pytest.approx(100.4, abs=0.05)


def test_h_swish() -> None:
    apart, at = largest_gap()
    assert apart == pytest.approx(0.1423, abs=0.00005)
    assert at == pytest.approx(3, abs=0.001)


def test_squeeze_excitation() -> None:
    assert computed("squeeze_excitation", "weights") == 2_514_944
    assert computed("squeeze_excitation", "share") == pytest.approx(9.8, abs=0.05)
    assert computed("squeeze_excitation", "biases") == 16_048
    assert computed("squeeze_excitation", "without") == 942_080
    assert computed("squeeze_excitation", "without_share") == pytest.approx(3.7, abs=0.05)
    assert get_experiment("squeeze_excitation").run().number("work").agrees


def test_last_stage() -> None:
    assert computed("last_stage", "old") == pytest.approx(35.55e6, abs=5e3)
    assert computed("last_stage", "new") == pytest.approx(1.23e6, abs=5e3)
    assert computed("last_stage", "saved") == pytest.approx(34.3e6, abs=5e4)
    assert computed("last_stage", "stem") == pytest.approx(10.44e6, abs=5e3)
    macs = {order: computed("last_stage", order) for order in ("conv_first", "pool_first")}
    assert macs["pool_first"] == 216_589_760  # MobileNetV3 as it is
    assert macs["conv_first"] - macs["pool_first"] == 48 * 960 * 1280


@pytest.mark.parametrize("groups", [2, 3, 4, 8])
def test_channel_shuffle_connects_all_groups(groups: int) -> None:
    assert computed("channel_shuffle", "off", groups=groups) == pytest.approx(1 / groups)
    assert computed("channel_shuffle", "on", groups=groups) == pytest.approx(1, abs=0.01)


def test_cardinality() -> None:
    assert computed("cardinality", "weights", cardinality=1) == 69_632
    assert computed("cardinality", "weights", cardinality=32) == 70_144
    assert computed("cardinality", "pointwise") == pytest.approx(93.431, abs=0.0005)
    assert computed("cardinality", "params") == 25_028_904


def test_dense_growth() -> None:
    assert computed("dense_growth", "last") == 64 + 5 * 32
    assert computed("dense_growth", "params") == 7_978_856
    assert computed("dense_growth", "times") > 5


def test_compound_scaling() -> None:
    assert computed("compound_scaling", "product") == pytest.approx(1.9203, abs=0.00005)
    found = get_experiment("compound_scaling").run()
    assert found.number("params_known").agrees
    assert found.number("macs_known").agrees
