"""Networks that nobody here wrote can be changed: their cards say what can be done, and that is done right."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
import torch

import explorer
from explorer.edits import Edit, EditError, MultiplyWidth
from explorer.edits.options import find_options
from explorer.graph.arguments import tensors_in
from explorer.graph.trace import TraceError
from explorer.network import Network
from tests.export import zoo

#: Kinds whose channels are cut by slices, `split` into equal or other parts, or joined in ways of their own.
SAMPLE = ("timm:ghostnet_100", "timm:res2net50_14w_8s", "timm:fasternet_t0", "timm:mixnet_s", "timm:cs3darknet_s")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    pytest.importorskip("timm")
    long = metafunc.config.getoption("--long")
    metafunc.parametrize("name", [*SAMPLE, *zoo.names(every=False)] if long else SAMPLE)


def offers(network: Network, cards: int) -> Iterator[Edit]:
    """What can be done with the whole network, and with some of its cards."""
    ids = [*(id for id in network.analysis.hierarchy.groups if id), *network.architecture.live]
    for card in ["", *random.Random(0).sample(ids, min(cards, len(ids)))]:
        for option in find_options(network.analysis, card):
            if not option.reason:
                yield from (choice.edit for choice in option.choices if choice.edit is not None)


@pytest.mark.filterwarnings("ignore")
def test_what_is_offered_can_be_made(name: str) -> None:
    module, shape = zoo.build(name)
    try:
        network = explorer.open(module, input_shape=shape)
    except TraceError:
        pytest.skip("it says why it does not open")
    found = list(dict.fromkeys(offers(network, 6)))
    for edit in random.Random(1).sample(found, min(40, len(found))):
        network.edit(edit).figures.total  # noqa: B018 - raises where it does not hold together


@pytest.mark.filterwarnings("ignore")
@torch.inference_mode()
def test_other_widths_run_as_the_module_does(name: str) -> None:
    module, shape = zoo.build(name)
    try:
        made = explorer.open(module, input_shape=shape).edit(MultiplyWidth("*", 0.75))
    except (TraceError, EditError) as refusal:
        if name in SAMPLE:
            raise
        pytest.skip(str(refusal))
    image, _ = made.preprocess("cat")
    mine, theirs = made.context.forward.run(made.architecture, made.weights, image).value, made.module()(image)
    assert all(torch.equal(one, other) for one, other in zip(tensors_in(mine), tensors_in(theirs), strict=True))
    assert made.figures.total.params < sum(parameter.numel() for parameter in module.parameters())
