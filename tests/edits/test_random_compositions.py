"""Whatever is composed and not refused counts, undoes, saves, exports and runs right.

It is exported in the classes of its blocks: one class for all would be warned of, and warnings are errors here.

CI takes the same short walk through a few networks each time; `pytest --long` takes long ones, always new, through all
below 30 M parameters. A walk that failed is repeated with `--seed`.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from explorer.edits import EDIT_KINDS, EditError
from explorer.network import Network
from tests.conftest import KEYS
from tests.edits.random_compositions import ACTIONS, OFFERED, random_composition
from tests.edits.test_drops import check_snapshot
from tests.edits.test_random_edits import check_count, check_replay
from tests.edits.test_random_outputs import small
from tests.export.stranger import Stranger
from tests.export.test_one_output import check_eval

QUICK = ("squeezenet1_1", "resnet18", "mobilenet_v3_small", "googlenet_2014")
LARGEST = 30e6  # params of a network that is walked through


def test_every_kind_of_edit_is_tried() -> None:
    """A new kind belongs into `ACTIONS`, unless the inspector offers it as a control of a card."""
    assert set(EDIT_KINDS.values()) == ACTIONS.keys() | OFFERED


@pytest.fixture(params=KEYS)
def a_key(request: pytest.FixtureRequest) -> str:
    key: str = request.param
    if key not in QUICK and not request.config.getoption("--long"):
        pytest.skip("a walk through a few networks; all with --long")
    return key


def test_random_compositions_hold_together(
    a_key: str, seed: int, request: pytest.FixtureRequest, stranger: Stranger, tmp_path: Path
) -> None:
    opened = small(a_key)
    if opened.figures.total.params > LARGEST:
        pytest.skip("above 30 M parameters")
    chance = random.Random(f"{a_key} {seed}")
    network = walk(opened, chance, tries=60 if request.config.getoption("--long") else 15)
    assert network.history.position
    check_replay(network)
    check_eval(network, stranger, tmp_path)
    while network.history.position:
        network = network.undo()
    assert network.architecture is opened.architecture


def walk(network: Network, chance: random.Random, tries: int) -> Network:
    """The network after some random compositions that do not make it much larger; each is checked."""
    most, refusals = (3 * network.figures.total.macs, 3 * network.figures.total.params), 0
    for _ in range(tries):
        edit = random_composition(network, chance)
        if edit is None:
            continue
        try:
            changed = network.edit(edit)
        except EditError as refused:
            refusals += 1
            for repair in refused.repairs:
                network.edit(repair.edit)
            continue
        total = changed.figures.total
        if changed.architecture is not network.architecture and total.macs < most[0] and total.params < most[1]:
            check_snapshot(changed.architecture)
            check_count(changed)
            network = changed
    print(f"{network.history.position} kept, {refusals} refused")
    return network
