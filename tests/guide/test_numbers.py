"""Every number that stands in a sentence of the guide is counted on a live network, or has the paper it is from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from explorer.base.languages import Language
from explorer.edits import ToggleShortcut
from explorer.guide.page import PAGES, load_page, load_try_edits
from explorer.network import Network
from explorer.networks.catalogue import get_entry

Opened = Callable[[str], Network]
#: What a number is: a value that is counted, or where it was published.
Origin = str | Callable[[Opened], Any]

#: Numbers that are names: of networks, modules, years, kernels and maps.
_NAMES = re.compile(
    r"(?:ResNet|VGG|DenseNet|ResNeXt|Inception|ImageNet|CIFAR|EfficientNet|MobileNet|ShuffleNet|GoogLeNet|MobileNetV)"
    r"[- ]?(?:v?\d+)?(?:[- ](?:[A-Z]\w+-)?\d+(?!\.\d)(?![\d ]*%))?|\b[Bv]\d\b|top-\d|(?:features|layer|stage)\d?\.?\d+"
    r"(?:\.\d+)?|(?<!\d)\d[a-e]\b|\b(?:19\d\d|20[12]\d)\b|\d+\s?×\s?\d+(?:\s?×\s?\d+)?|Table \d|表 ?\d|\d+d\b"
    r"|to \d+ to \d+|到 \d+ 再到 \d+"
)
_NUMBER = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s?(M|G|million|万|亿)?")
_UNITS = {"M": 1e6, "million": 1e6, "G": 1e9, "万": 1e4, "亿": 1e8}


def fields(page: str, language: Language) -> Iterator[tuple[str, str]]:
    text = load_page(page, language).text
    yield from (("motto", text.motto), ("problem", text.problem), ("after", text.after))
    yield from ((f"pro {at}", said) for at, said in enumerate(text.pros))
    yield from ((f"con {at}", said) for at, said in enumerate(text.cons))
    for name, idea in text.ideas.items():
        yield name, f"{idea.title} | {idea.text}"
        yield from ((f"{name}/{variant}", said) for variant, said in idea.tries.items())


def numbers(text: str) -> set[float]:
    """The numbers of a sentence, with their unit; 1 is left out: it stands in 1/8 and in "width 1"."""
    text = _NAMES.sub(" ", re.sub(r"\{[^}]*\}", "", text))
    found = {float(digits.strip(",").replace(",", "")) * _UNITS.get(unit, 1) for digits, unit in _NUMBER.findall(text)}
    return {round(value, 6) for value in found} - {1.0}


def width(key: str, name: str) -> Origin:
    def count(opened: Opened) -> float:
        layer: Any = opened(key).architecture.nodes[name].layer
        return float(layer.out_channels)

    return count


def part(key: str, name: str, figure: str = "macs") -> Origin:
    def count(opened: Opened) -> float:
        analysis = opened(key).analysis
        names = [node for node in analysis.architecture.live.values() if node.name == name or name in node.scope]
        return float(getattr(analysis.figures.sum([node.name for node in names]), figure))

    return count


def stride(key: str, name: str) -> Origin:
    def count(opened: Opened) -> float:
        layer: Any = opened(key).architecture.nodes[name].layer
        return float(layer.stride[0])

    return count


def tried(page: str, idea: str, variant: str, figure: str = "macs", part_of: str = "") -> Origin:
    def count(opened: Opened) -> float:
        edited = opened(load_page(page).facts.networks[0]).edit(*load_try_edits(page, idea, variant))
        if not part_of:
            return float(getattr(edited.figures.total, figure))
        nodes = [node.name for node in edited.architecture.live.values() if part_of in (node.name, *node.scope)]
        return float(getattr(edited.figures.sum(nodes), figure))

    return count


def tried_value(page: str, idea: str, variant: str, name: str) -> Origin:
    return lambda _: getattr(load_try_edits(page, idea, variant)[0], name)


def ratio(figure: str, one: str, other: str) -> Origin:
    return lambda opened: getattr(opened(one).figures.total, figure) / getattr(opened(other).figures.total, figure)


def total(key: str, figure: str) -> Origin:
    return lambda opened: float(getattr(opened(key).figures.total, figure))


def accuracy(key: str) -> Origin:
    return lambda _: get_entry(key).top1 or 0.0


def error(key: str) -> Origin:
    return lambda _: 100 - (get_entry(key).top1 or 0.0)


def projections(opened: Opened) -> float:
    network = opened("resnet50")
    return float(network.figures.total.params - network.edit(ToggleShortcut("*", on=False)).figures.total.params)


def against_option_b(option: str) -> Origin:
    """Parameters that an option of shortcuts has more or fewer than ResNet-34 as it is."""

    def count(opened: Opened) -> float:
        network = opened("resnet34")
        edited = network.edit(*load_try_edits("resnet", "projections", option))
        return float(abs(edited.figures.total.params - network.figures.total.params))

    return count


def block(key: str, name: str) -> Origin:
    """Weights of the convolutions of a block, its projection left out."""

    def count(opened: Opened) -> float:
        nodes = opened(key).architecture.live.values()
        layers: list[Any] = [
            n.layer for n in nodes if name in n.scope and "downsample" not in n.name and n.layer is not None
        ]
        return float(sum(layer.weight.numel() for layer in layers if hasattr(layer, "kernel_size")))

    return count


def last_stages(opened: Opened) -> float:
    """Multiply-adds from the 960 channels on the 7×7 map to the pooled 1,280: in v2's order less in v3's."""
    v2, v3 = opened("mobilenet_v2"), opened("mobilenet_v3_large")
    widened = _macs(v2, "features.17") - _macs(v2, "features.17.conv.0")
    return widened + _macs(v2, "features.18") - _macs(v3, "classifier.0")


def stems(opened: Opened) -> float:
    """Multiply-adds of the stem and the first block: with v2's 32 filters less with v3's 16."""
    v2, v3 = opened("mobilenet_v2"), opened("mobilenet_v3_large")
    return sum(_macs(v2, name) - _macs(v3, name) for name in ("features.0", "features.1"))


def _macs(network: Network, name: str) -> float:
    nodes = network.architecture.live.values()
    return float(network.figures.sum([node.name for node in nodes if name in (node.name, *node.scope)]).macs)


def added(page: str, idea: str, variant: str) -> Origin:
    """Multiply-adds that a try adds to the page's first network."""

    def count(opened: Opened) -> float:
        network = opened(load_page(page).facts.networks[0])
        edited = network.edit(*load_try_edits(page, idea, variant))
        return float(edited.figures.total.macs - network.figures.total.macs)

    return count


def grown(page: str, idea: str, variant: str) -> Origin:
    """How many times the multiply-adds of the page's first network a try makes."""

    def count(opened: Opened) -> float:
        network = opened(load_page(page).facts.networks[0])
        return network.edit(*load_try_edits(page, idea, variant)).figures.total.macs / network.figures.total.macs

    return count


def rf(key: str, name: str) -> Origin:
    return lambda opened: opened(key).figures.receptive_fields[name]


ALEX, VGG, GOOG = "Krizhevsky et al. 2012", "Simonyan and Zisserman 2014", "Szegedy et al. 2014"
BN, V3 = "Ioffe and Szegedy 2015", "Szegedy et al. 2015, Rethinking"
RES, NEXT, DENSE = "He et al. 2015", "Xie et al. 2016", "Huang et al. 2016"
MOB1, MOB2, MOB3 = "Howard et al. 2017", "Sandler et al. 2018", "Howard et al. 2019"
SHUF1, EFF, DEF = "Zhang et al. 2017", "Tan and Le 2019", "its definition"

ORIGINS: dict[tuple[str, str], dict[float, Origin]] = {
    ("alexnet", "motto"): {15.3: f"{ALEX}, ILSVRC 2012", 26.2: f"{ALEX}, ILSVRC 2012"},
    ("alexnet", "problem"): {60e6: f"{ALEX}, abstract"},
    ("alexnet", "after"): {19.0: f"{VGG}, table 1"},
    ("alexnet", "pro 0"): {15.3: f"{ALEX}, ILSVRC 2012", 26.2: f"{ALEX}, ILSVRC 2012"},
    ("alexnet", "con 1"): {4.0: stride("alexnet_2012", "features.0")},
    ("alexnet", "relu"): {0.0: DEF, 25.0: f"{ALEX}, figure 1"},
    ("alexnet", "augmentation"): {224.0: f"{ALEX}, 4.1", 256.0: f"{ALEX}, 4.1", 2048.0: lambda _: 2 * (256 - 224) ** 2},
    ("alexnet", "response_norm"): {1.4: f"{ALEX}, 3.3"},
    ("alexnet", "two_towers"): {3e9: f"{ALEX}, 3.2: a GTX 580 has 3 GB"},
    ("vgg", "problem"): {11.0: f"{ALEX}", 7.0: "Zeiler and Fergus 2013", 5.0: ALEX},
    ("vgg", "after"): {152.0: RES},
    ("vgg", "con 1"): {19.0: f"{VGG}, table 1"},
    ("vgg", "small_kernels"): {27.0: lambda _: 3 * 3 * 3, 49.0: lambda _: 7 * 7},
    ("vgg", "depth"): {
        29.6: error("vgg11"),
        27.0: error("vgg16"),
        27.3: error("vgg19"),
        196.0: rf("vgg16", "features.28"),
    },
    ("vgg", "pattern"): {512.0: width("vgg16", "features.28")},
    ("googlenet", "con 2"): {34e6: f"{GOOG}, table 1"},
    ("googlenet", "width"): {22.0: f"{GOOG}, 5"},
    ("googlenet", "reduction"): {
        9.7: lambda _: 120.4 / 12.44,
        16.0: width("googlenet_2014", "inception3a.branch3.0.conv"),
        192.0: width("googlenet_2014", "conv3.conv"),
        12.4e6: part("googlenet_2014", "inception3a.branch3"),
        120.4e6: tried("googlenet", "reduction", "without", part_of="inception3a.branch3"),
    },
    ("googlenet", "pooled_head"): {
        0.6: f"{GOOG}, 5",
        1.025e6: part("googlenet_2014", "fc", "params"),
        50e6: lambda _: 7 * 7 * 1024 * 1000,
    },
    ("googlenet", "auxiliary"): {0.3: f"{GOOG}, 5"},
    ("inception_v2", "after"): {152.0: RES},
    ("inception_v2", "pro 0"): {25.2: error("inception_v2_bn"), 29.0: f"{V3}, table 3"},
    ("inception_v2", "con 2"): {2.0: "a name", 3.8e9: f"{V3}, table 1"},
    ("inception_v2", "batch_norm"): {0.0: DEF, 31e6: f"{BN}, figure 3", 2.1e6: f"{BN}, figure 3"},
    ("inception_v2", "two_3x3"): {
        18.0: lambda _: 2 * 3 * 3,
        25.0: lambda _: 5 * 5,
        28.0: lambda opened: 100 * (ratio("macs", "inception_v2_bn", "googlenet_2014")(opened) - 1),
        61.0: lambda opened: 100 * (ratio("params", "inception_v2_bn", "googlenet_2014")(opened) - 1),
        30.0: f"{BN}, appendix",
    },
    ("inception_v3", "pro 0"): {21.2: error("inception_v3")},
    ("inception_v3", "con 1"): {4.8e9: f"{V3}, table 3"},
    ("inception_v3", "con 2"): {299.0: lambda opened: opened("inception_v3").architecture.input_shape[-1]},
    ("inception_v3", "factorise"): {2.0: DEF, 7.0: DEF, 12.0: f"{V3}, 3.2", 20.0: f"{V3}, 3.2"},
    ("inception_v3", "factorise/stem"): {
        80.0: width("inception_v3", "Conv2d_3b_1x1.conv"),
        192.0: width("inception_v3", "Conv2d_4a_3x3.conv"),
    },
    ("inception_v3", "training"): dict.fromkeys((23.4, 23.1, 22.8, 21.6, 21.2), f"{V3}, table 3"),
    ("resnet", "pro 0"): {152.0: RES},
    ("resnet", "pro 1"): {3.57: f"{RES}, table 5"},
    ("resnet", "con 2"): dict.fromkeys((1202.0, 110.0, 7.93, 6.43), f"{RES}, table 6"),
    ("resnet", "degradation"): {34.0: RES, 18.0: RES, 28.54: error("plain34"), 27.94: error("plain18")},
    ("resnet", "residual"): {
        2_776_576.0: projections,
        25.03: f"{RES}, table 2",
        3.5: lambda _: 28.54 - 25.03,
    },
    ("resnet", "projections"): {
        **dict.fromkeys((25.03, 24.52, 24.19), f"{RES}, table 3"),
        173_824.0: against_option_b("padded"),
        919_168.0: against_option_b("everywhere"),
    },
    ("resnet", "bottleneck"): {
        69_632.0: block("resnet50", "layer1.1"),
        256.0: width("resnet50", "layer1.1.conv3"),
        64.0: width("resnet18", "layer1.1.conv2"),
        73_728.0: block("resnet18", "layer1.1"),
    },
    ("resnet", "stacking/deeper"): {17.0: tried_value("resnet", "stacking", "deeper", "times")},
    ("resnext", "cardinality"): {
        32.0: lambda opened: opened("resnext50_32x4d").architecture.nodes["layer1.0.conv2"].layer.groups,
        4.0: f"{NEXT}, table 1",
    },
    ("resnext", "cardinality/few"): {4.0: tried_value("resnext", "cardinality", "few", "to")},
    ("resnext", "equal_cost"): {
        69_632.0: block("resnet50", "layer1.1"),
        70_144.0: lambda _: 32 * (256 * 4 + 3 * 3 * 4 * 4 + 4 * 256),
        32.0: NEXT,
        4.0: NEXT,
        23.9: error("resnet50"),
        22.2: error("resnext50_32x4d"),
    },
    ("resnext", "shortcut"): {22.2: error("resnext50_32x4d"), 23.9: error("resnet50"), 26.1: NEXT, 31.2: NEXT},
    ("densenet", "pro 0"): {25.02: error("densenet121")},
    ("densenet", "growth"): {
        32.0: width("densenet121", "features.denseblock1.denselayer1.conv2"),
        48.0: width("densenet161", "features.denseblock1.denselayer1.conv2"),
        64.0: width("densenet121", "features.conv0"),
        256.0: lambda opened: opened("densenet121").architecture.nodes["features.transition1.conv"].layer.in_channels,
    },
    ("densenet", "growth/narrow"): {12.0: tried_value("densenet", "growth", "narrow", "to")},
    ("densenet", "growth/wide"): {48.0: tried_value("densenet", "growth", "wide", "to")},
    ("densenet", "bottleneck"): {4.0: DENSE, 128.0: width("densenet121", "features.denseblock1.denselayer1.conv1")},
    ("densenet", "transition/wider"): {2.0: "a name"},
    ("mobilenet_v1", "pro 0"): {
        27.0: ratio("macs", "vgg16", "mobilenet_v1"),
        70.6: accuracy("mobilenet_v1"),
        71.5: f"{MOB1}, table 8",
    },
    ("mobilenet_v1", "pro 2"): {
        569e6: total("mobilenet_v1", "macs"),
        41e6: total("mobilenet_v1_x0_25", "macs"),
        0.25: DEF,
    },
    ("mobilenet_v1", "con 0"): {94.86: f"{MOB1}, table 2", 74.59: f"{MOB1}, table 2"},
    ("mobilenet_v1", "separable/full"): {
        29.3e6: tried("mobilenet_v1", "separable", "full", "params"),
        4.87e9: tried("mobilenet_v1", "separable", "full"),
    },
    ("mobilenet_v1", "cost"): {
        512.0: width("mobilenet_v1", "features.7.1.0"),
        8.84: lambda _: 1 / (1 / 512 + 1 / 9),
        52.3e6: part("mobilenet_v1", "features.7"),
        462e6: tried("mobilenet_v1", "cost", "one_full", part_of="features.7"),
        70.6: accuracy("mobilenet_v1"),
    },
    ("mobilenet_v1", "relu6"): {6.0: DEF},
    ("mobilenet_v1", "relu6/relu6"): {6.0: DEF},
    ("mobilenet_v1", "width_multiplier/half"): {0.5: tried_value("mobilenet_v1", "width_multiplier", "half", "by")},
    ("mobilenet_v1", "width_multiplier/small_image"): {
        160.0: tried_value("mobilenet_v1", "width_multiplier", "small_image", "resolution")
    },
    ("mobilenet_v1", "shallow"): {0.75: MOB1, 31.6: error("mobilenet_v1_x0_75"), 34.7: f"{MOB1}, table 5"},
    ("mobilenet_v1", "shallow/shallow"): {
        2.9e6: tried("mobilenet_v1", "shallow", "shallow", "params"),
        307e6: tried("mobilenet_v1", "shallow", "shallow"),
    },
    ("shufflenet_v1", "problem"): {93.4: f"{SHUF1}, 3.1", 10e6: f"{SHUF1}, 1", 150e6: f"{SHUF1}, 1", 10.0: SHUF1},
    ("shufflenet_v1", "pro 0"): {
        67.4: accuracy("shufflenet_v1_g3"),
        26.3: error("shufflenet_v1_x2_0"),
        29.4: error("mobilenet_v1"),
        3.1: lambda opened: error("mobilenet_v1")(opened) - error("shufflenet_v1_x2_0")(opened),
    },
    ("shufflenet_v1", "con 0"): {18.0: f"{SHUF1}, 4.5", 13.0: f"{SHUF1}, 4.5"},
    ("shufflenet_v1", "grouped"): {
        140e6: total("shufflenet_v1_g3", "macs"),
        144.0: width("shufflenet_v1_g1", "stage2.1.conv3"),
        240.0: width("shufflenet_v1_g3", "stage2.1.conv3"),
        384.0: width("shufflenet_v1_g8", "stage2.1.conv3"),
    },
    ("shufflenet_v1", "shuffle"): {
        32.4: error("shufflenet_v1_g8"),
        32.6: error("shufflenet_v1_g3"),
        37.6: f"{SHUF1}, table 3",
        34.5: f"{SHUF1}, table 3",
    },
    ("mobilenet_v2", "con 2"): {1280.0: width("mobilenet_v2", "features.18.0")},
    ("mobilenet_v2", "inverted_residual"): {
        16.0: lambda opened: sum(name.endswith("conv.0.0") for name in opened("mobilenet_v2").architecture.live) - 1
    },
    ("mobilenet_v2", "inverted_residual/narrow"): {6.0: MOB2, 3.0: MOB2},
    ("mobilenet_v2", "linear_bottleneck/activated"): {6.0: DEF},
    ("shufflenet_v2", "pro 0"): {69.4: accuracy("shufflenet_v2_x1_0")},
    ("mobilenet_v3", "pro 0"): {
        75.2: accuracy("mobilenet_v3_large"),
        3.2: lambda opened: accuracy("mobilenet_v3_large")(opened) - accuracy("mobilenet_v2")(opened),
        72.0: lambda opened: 100 * ratio("macs", "mobilenet_v3_large", "mobilenet_v2")(opened),
    },
    ("mobilenet_v3", "hswish"): {
        3.0: DEF,
        6.0: DEF,
        0.142: lambda _: float((F.silu(x := torch.arange(-8, 8, 0.001)) - F.hardswish(x)).abs().max()),
        74.5: f"{MOB3}, table 5",
        75.2: accuracy("mobilenet_v3_large"),
    },
    ("mobilenet_v3", "last_stage"): {
        1280.0: width("mobilenet_v2", "features.18.0"),
        49.0: lambda _: 7 * 7,
        7.0: f"{MOB3}, 5.1",
        11.0: f"{MOB3}, 5.1",
        30e6: f"{MOB3}, 5.1",
        34.3e6: last_stages,
    },
    ("mobilenet_v3", "stem"): {
        16.0: width("mobilenet_v3_large", "features.0.0"),
        32.0: width("mobilenet_v2", "features.0.0"),
        2.0: f"{MOB3}, 5.1",
        10e6: f"{MOB3}, 5.1",
        10.44e6: stems,
    },
    ("mobilenet_v3", "last_stage/pooled_last"): {59e6: added("mobilenet_v3", "last_stage", "pooled_last")},
    ("mobilenet_v3", "stem/wide"): {32.0: width("mobilenet_v2", "features.0.0")},
    ("efficientnet", "pro 0"): {77.1: accuracy("efficientnet_b0"), 84.3: accuracy("efficientnet_b7"), 8.4: EFF},
    ("efficientnet", "compound"): {
        1.2: EFF,
        1.1: EFF,
        1.15: EFF,
        2.0: EFF,
        1.92: lambda _: 1.2 * 1.1**2 * 1.15**2,
        2.6: grown("efficientnet", "compound", "phi_1"),
        1.8: ratio("macs", "efficientnet_b1", "efficientnet_b0"),
    },
    ("efficientnet", "compound/phi_2"): {2.0: tried_value("efficientnet", "compound", "phi_2", "phi")},
    ("efficientnet", "one_alone"): {
        1.4: tried_value("efficientnet", "one_alone", "width", "by"),
        320.0: tried_value("efficientnet", "one_alone", "resolution", "resolution"),
        79.0: f"{EFF}, table 3 and figure 8",
        78.9: f"{EFF}, table 3 and figure 8",
        79.1: f"{EFF}, table 3 and figure 8",
        81.1: f"{EFF}, table 3 and figure 8",
    },
    ("efficientnet", "baseline"): {16.0: EFF, 3.0: EFF, 5.0: EFF},
}


def digits(value: float) -> int:
    """Significant digits that a number is said with."""
    return len(f"{value:.10g}".rstrip("0").replace(".", "").lstrip("0")) or 1


@pytest.mark.parametrize("page", PAGES)
def test_every_number_in_a_sentence_has_an_origin(page: str, opened: Opened) -> None:
    for field, text in fields(page, "en"):
        origins = ORIGINS.get((page, field), {})
        assert numbers(text) <= origins.keys(), f"{field}: {numbers(text) - origins.keys()} in {text!r}"
        for value in numbers(text):
            origin = origins[value]
            if not isinstance(origin, str):
                counted = float(origin(opened))
                assert float(f"{counted:.{max(digits(value), 2)}g}") == pytest.approx(value, rel=0.006), (
                    f"{field}: {value:,} is said, {counted:,} is counted"
                )


#: Where one language says in a word or with more digits what the other says in figures.
_IN_WORDS = {("alexnet", "problem"), ("shufflenet_v1", "problem"), ("resnet", "stacking")}


@pytest.mark.parametrize("page", PAGES)
def test_both_languages_say_the_same_numbers(page: str) -> None:
    other = dict(fields(page, "zh"))
    for field, text in fields(page, "en"):
        if (page, field) not in _IN_WORDS:
            assert _rounded(text) == _rounded(other[field]), field


def _rounded(text: str) -> set[str]:
    return {f"{value:.2g}" for value in numbers(text)}


@pytest.mark.parametrize("page", PAGES)
def test_sentences_have_no_origin_to_spare(page: str) -> None:
    said = {field: numbers(text) for field, text in fields(page, "en")}
    for (of, field), origins in ORIGINS.items():
        if of == page:
            assert set(origins) <= said[field] | {10e6, 10.0}, field
