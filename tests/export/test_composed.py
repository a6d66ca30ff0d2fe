"""What composing edits make leaves as it runs: `run()`, `module()`, the exported Python and ONNX compute one output."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from explorer.design import DesignRow, NetworkDesign
from explorer.edits import (
    AddBlurPooling,
    Edit,
    MoveGate,
    SetLayer,
    SetPostActivation,
    SetPreActivation,
    SwapSubsampling,
    WrapAsBlock,
)
from explorer.edits.gate_position import GATE_POSITIONS
from explorer.edits.subsampling import SUBSAMPLINGS
from explorer.network import Network
from explorer.project.opening import open_design
from tests.edits.test_random_edits import check_count
from tests.export.stranger import Stranger
from tests.export.test_one_output import check_eval, check_onnx

ROWS = (
    DesignRow("max_pool", "kernel=3, stride=2, padding=1"),
    DesignRow("basic_residual", "channels=16"),
    DesignRow("pre_activation", "channels=16, stride=2", 2),
    DesignRow("mobilenet_v3", "channels=16, hidden=24, squeeze=8", 2),
    DesignRow("average_pool", "kernel=2, stride=2"),
)
EDITS: dict[str, Edit] = {
    "post-activation": SetPostActivation("*"),
    "pre-activation": SetPreActivation("stages.1"),
    "wrapped": WrapAsBlock("stages.1,stages.2", "Mine"),
    "wrapped layers": WrapAsBlock("stem.0.norm,stem.0.act", "My norm"),
    "rounded up": SetLayer("*", "ceil_mode", True),
    "epsilon": SetLayer("*", "eps", 0.01),
    "multiplier": SetLayer("stages.3", "multiplier", 2, "depthwise"),
    "blur": AddBlurPooling("*"),
    **{f"gate {position}": MoveGate("stages.3", position) for position in GATE_POSITIONS if position != "inside"},
    **{f"smaller by {way}": SwapSubsampling("*", way) for way in SUBSAMPLINGS},
}


@cache
def small() -> Network:
    """A network that has a bit of each: 17 by 17, so that sizes are rounded."""
    stem = (DesignRow("conv_norm_act", "channels=8, kernel=3, stride=2"),)
    return open_design(NetworkDesign("Small", (3, 34, 34), 5, stem, ROWS))


@pytest.mark.parametrize("what", EDITS)
def test_it_leaves_as_it_runs(what: str, stranger: Stranger, tmp_path: Path) -> None:
    network = small().edit(EDITS[what])
    assert network.architecture is not small().architecture
    check_count(network)
    check_eval(network, stranger, tmp_path)


def test_all_of_it_leaves_as_onnx(stranger: Stranger, tmp_path: Path) -> None:
    """One after the other in one network: a file takes seconds."""
    kept = ("rounded up", "epsilon", "multiplier", "gate after", "post-activation", "smaller by convolution", "blur")
    network = small().edit(*(EDITS[what] for what in kept), WrapAsBlock("stages.3,stages.4", "Mine"))
    assert network.history.position == len(kept) + 1
    check_onnx(network, check_eval(network, stranger, tmp_path), tmp_path)
