"""Code and diagram belong together: lines of cards, cards of lines, and lines that an edit changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import explorer
from explorer.base.cancellation import Cancelled
from explorer.export.code_view import build_code_view, card_at_line, lines_of_cards
from explorer.graph.ops import Input, Output
from explorer.network import Network
from explorer.viewmodels.code import CodeView
from tests.conftest import TYPICAL

Opened = Callable[[str], Network]


def text_of(view: CodeView, lines: frozenset[int]) -> list[str]:
    """The lines of that number, without their indentation."""
    return [view.source.splitlines()[line - 1].strip() for line in sorted(lines)]


@pytest.mark.parametrize("key", [key for key in TYPICAL if key not in ("densenet121", "inception_v3")])
def test_every_op_has_lines_and_every_card_is_found_by_them(key: str, opened: Opened) -> None:
    network = opened(key)
    view, hierarchy = build_code_view(network), network.analysis.hierarchy
    lines = view.source.splitlines()
    for name, node in network.architecture.live.items():
        if isinstance(node.op, (Input, Output)):
            continue
        assert view.nodes[name], name
        assert all(lines[line - 1].strip() for line in view.nodes[name])
        if name in hierarchy.parent:
            cards = [card_at_line(view, hierarchy, line, (name,)) for line in sorted(view.nodes[name])[:2]]
            assert any(card == name or card in hierarchy.ancestors(name) for card in cards), name


def test_lines_of_a_block_and_of_a_layer(opened: Opened) -> None:
    network = opened("resnet18")
    view, hierarchy = build_code_view(network), network.analysis.hierarchy
    block = text_of(view, lines_of_cards(view, hierarchy, ["layer2.0"]))
    assert "self.layer2 = nn.Sequential(BasicBlock(64, 128, stride=2), BasicBlock(128, 128))" in block
    assert "x = self.layer2(x)  # 128 × 28 × 28" in block
    assert "x = self.downsample(x)" in block
    plain = text_of(view, lines_of_cards(view, hierarchy, ["layer2.1"]))
    assert "x = self.downsample(x)" not in plain  # this block has none
    assert text_of(view, lines_of_cards(view, hierarchy, ["maxpool"])) == [
        "self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)",
        "x = self.maxpool(x)",
    ]
    assert lines_of_cards(view, hierarchy, ["gone"]) == frozenset()


def test_a_shared_line_means_the_block_beside_the_selection(opened: Opened) -> None:
    network = opened("resnet18")
    view, hierarchy = build_code_view(network), network.analysis.hierarchy
    line = next(n for n, text in enumerate(view.source.splitlines(), 1) if "self.conv2 = nn.Conv2d(" in text)
    assert card_at_line(view, hierarchy, line) == "layer1.0.conv2"
    assert card_at_line(view, hierarchy, line, ("layer3.1.bn1",)) == "layer3.1.conv2"
    assert card_at_line(view, hierarchy, line, ("layer4",)) == "layer4.0.conv2"
    stage = next(n for n, text in enumerate(view.source.splitlines(), 1) if "self.layer3 = " in text)
    assert card_at_line(view, hierarchy, stage) == "layer3"
    assert card_at_line(view, hierarchy, 1) is None


def test_lines_that_changed(opened: Opened) -> None:
    network = opened("resnet18")
    assert build_code_view(network).changes == {}
    once = network.edit(explorer.SwapActivation("*", "gelu"))
    twice = once.edit(explorer.edits.SwapHead("fully_connected"))
    view = build_code_view(twice)
    last = text_of(view, view.changes["last edit"].added)
    everything = text_of(view, view.changes["baseline"].added)
    assert "self.relu = nn.GELU()" in everything
    assert "self.relu = nn.GELU()" not in last
    assert any("nn.Linear(25088, 4096)" in line for line in last)
    assert set(last) <= set(everything)
    assert build_code_view(twice.reset()).changes == {}


def test_tokens_are_where_they_are_said_to_be(opened: Opened) -> None:
    view = build_code_view(opened("mobilenet_v2"))
    lines = view.source.splitlines()
    kinds: dict[str, set[str]] = {}
    for line, spans in view.spans.items():
        for span in spans:
            kinds.setdefault(span.kind, set()).add(lines[line - 1][span.start : span.start + span.length])
    assert {"class", "def", "return", "None"} <= kinds["keyword"]
    assert "MobileNetV2" in kinds["definition"]
    assert kinds["self"] == {"self"}
    assert all(text.startswith("#") for text in kinds["comment"])
    assert view.line_count == len(lines)


def test_it_can_be_cancelled(opened: Opened) -> None:
    with pytest.raises(Cancelled):
        build_code_view(opened("resnet18"), lambda _: False)
