"""Which design rules each network of the catalogue breaks, and that every rule sees what it is for.

The table states facts: ResNet's activations on the shortcut (He et al. 2016 moved them), the bottlenecks, groups,
branches and thick activations that Ma et al. 2018 count against MobileNetV2, ShuffleNet v1, ResNeXt and Inception,
linear bottlenecks, auxiliary heads, biases of torchvision's VGG before batch norms, widths such as ShuffleNet v2's 116.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from explorer.analysis.analysis import Analysis
from explorer.design_rules.check import RULES, check_network
from explorer.network import Network, open_network
from tests.conftest import KEYS, TYPICAL

#: Networks by the rules they break.
BROKEN: dict[str, str] = {
    "": (
        "alexnet_2012 alexnet vgg16 vgg19 plain18 plain34 mobilenet_v1 mobilenet_v1_x0_75 mobilenet_v1_x0_5 "
        "mobilenet_v1_x0_25 shufflenet_v2_x1_5 vit_b_16 vit_b_32 vit_l_16 vit_l_32 vit_h_14 swin_t swin_s "
        "swin_b swin_v2_t swin_v2_s swin_v2_b convnext_tiny convnext_small convnext_base convnext_large"
    ),
    "bias_before_norm": "vgg16_bn vgg19_bn",
    "bias_before_norm g1 g3": "inception_v2_bn",
    "bias_before_norm receptive_field": "vgg11_bn vgg13_bn",
    "dead_end g1 g3": "inception_v3",
    "divisible": "shufflenet_v2_x1_0",
    "divisible g1": "shufflenet_v2_x2_0",
    "divisible g1 shortcut_activation": "shufflenet_v1_g1",
    "divisible g2 shortcut_activation": (
        "shufflenet_v1_g2 shufflenet_v1_g3 shufflenet_v1_g4 shufflenet_v1_x0_25 shufflenet_v1_x0_5 shufflenet_v1_x1_5"
    ),
    "g1": "densenet121 densenet161 densenet169 densenet201 squeezenet1_1 shufflenet_v2_x0_5",
    "g1 g2 shortcut_activation": (
        "resnext50_32x4d resnext101_32x8d resnext101_64x4d shufflenet_v1_g8 regnet_x_16gf regnet_x_32gf "
        "regnet_y_8gf regnet_y_16gf regnet_y_32gf regnet_y_128gf"
    ),
    "g1 g3": "googlenet_2014 googlenet inception_v2",
    "g1 g4": (
        "mobilenet_v2 mnasnet0_5 mnasnet0_75 mnasnet1_0 mnasnet1_3 mobilenet_v3_large efficientnet_b0 "
        "efficientnet_b1 efficientnet_b2 efficientnet_b3 efficientnet_b4 efficientnet_b5 efficientnet_b6 "
        "efficientnet_b7 efficientnet_v2_s efficientnet_v2_m efficientnet_v2_l maxvit_t"
    ),
    "g1 g4 linear_chain": "mobilenet_v3_small",
    "g1 receptive_field": "squeezenet1_0",
    "g1 shortcut_activation": "resnet50 resnet101 resnet152 resnet50_v1 wide_resnet50_2 wide_resnet101_2 se_resnet50",
    "g2 shortcut_activation": (
        "shufflenet_v1_x2_0 regnet_x_400mf regnet_x_800mf regnet_x_1_6gf regnet_x_3_2gf regnet_x_8gf "
        "regnet_y_400mf regnet_y_800mf regnet_y_1_6gf regnet_y_3_2gf"
    ),
    "receptive_field": "vgg11 vgg13",
    "shortcut_activation": "resnet18 resnet34",
}
RULES_OF = {key: set(rules.split()) for rules, keys in BROKEN.items() for key in keys.split()}


def broken(analysis: Analysis) -> set[str]:
    return {report.rule.id for report in check_network(analysis) if report.findings}


def test_every_network_is_in_the_table() -> None:
    assert set(KEYS) == set(RULES_OF)


@pytest.mark.parametrize("key", TYPICAL)
def test_what_a_network_breaks_is_what_is_known_of_it(key: str, opened: Callable[[str], Network]) -> None:
    assert broken(opened(key).analysis) == RULES_OF[key]


def test_of_all_networks(opened: Callable[[str], Network], pytestconfig: pytest.Config) -> None:
    if not pytestconfig.getoption("--long"):
        pytest.skip("opens the whole catalogue: --long")
    assert {key: broken(opened(key).analysis) for key in KEYS} == RULES_OF


@pytest.mark.parametrize("key", TYPICAL)
def test_findings_name_live_nodes_and_tries_apply(key: str, opened: Callable[[str], Network]) -> None:
    network = opened(key)
    for report in check_network(network.analysis):
        for finding in report.findings:
            assert set(finding.nodes) <= network.architecture.live.keys()
            assert finding.why
        for finding in [finding for finding in report.findings if finding.edit is not None][:2]:
            assert finding.edit is not None
            edited = network.edit(finding.edit)
            found = next(again for again in check_network(edited.analysis) if again.rule is report.rule)
            assert finding.nodes not in [left.nodes for left in found.findings], (report.rule.id, finding)


class _Dead(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.used, self.dead = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(3, 8, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.used(x)
        return found


class _Block(nn.Module):
    def __init__(self, read: int, made: int) -> None:
        super().__init__()
        self.conv, self.relu = nn.Conv2d(read, made, 3, padding=1), nn.ReLU()
        self.second = nn.Conv2d(made, made, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.relu(self.second(self.relu(self.conv(x))))
        return found


#: A network that breaks a rule and nothing else of the rules beside it, with its input's side.
BREAKING: dict[str, tuple[Callable[[], nn.Module], int]] = {
    "bias_before_norm": (lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU()), 16),
    "linear_chain": (lambda: nn.Sequential(nn.Conv2d(3, 16, 3), nn.Conv2d(16, 16, 3), nn.ReLU()), 16),
    "receptive_field": (lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1)), 32),
    "late_stride": (lambda: nn.Sequential(*[nn.Conv2d(3 if i == 0 else 8, 8, 3, padding=1) for i in range(3)]), 64),
    "early_stride": (
        lambda: nn.Sequential(nn.Conv2d(3, 8, 3, stride=8, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 5, padding=2)),
        16,
    ),
    "divisible": (lambda: nn.Sequential(nn.Conv2d(3, 13, 3), nn.ReLU(), nn.Conv2d(13, 8, 3)), 16),
    "width_dip": (
        lambda: nn.Sequential(_Block(3, 64), _Block(64, 8), _Block(8, 64), nn.AdaptiveAvgPool2d(1)),
        16,
    ),
    "dead_end": (_Dead, 16),
    "g1": (lambda: nn.Sequential(nn.Conv2d(3, 16, 3), nn.ReLU(), nn.Conv2d(16, 64, 1), nn.ReLU()), 16),
    "g2": (lambda: nn.Sequential(nn.Conv2d(3, 16, 3), nn.ReLU(), nn.Conv2d(16, 16, 1, groups=4)), 16),
}


@pytest.mark.parametrize("rule", BREAKING)
def test_a_network_made_to_break_a_rule_is_found(rule: str) -> None:
    build, side = BREAKING[rule]
    assert rule in broken(open_network(build(), input_shape=(1, 3, side, side)).analysis)


def test_a_sound_network_breaks_nothing() -> None:
    module = nn.Sequential(
        nn.Conv2d(3, 16, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
        nn.Conv2d(32, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10),
    )  # fmt: skip
    assert broken(open_network(module, input_shape=(1, 3, 16, 16)).analysis) == set()


def test_rules_are_told_apart_and_have_sources() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES) == 13
    assert all(rule.source and rule.advice for rule in RULES)
