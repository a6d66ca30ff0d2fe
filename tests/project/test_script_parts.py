"""Of a script that trains when it is imported, only what a network needs is run."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from explorer.networks.input_spec import single_input
from explorer.networks.user_module import UserModule, UserModuleError
from explorer.project.script_parts import does_work, find_needed
from explorer.project.user_code import open_user_module, open_user_module_apart

SCRIPT = """
import argparse
import os
import what_nobody_has
from torch import nn
import torch

os.makedirs("{folder}/made", exist_ok=True)
parser = argparse.ArgumentParser()
parser.add_argument("--width", type=int, default=8)
opt = parser.parse_args()
kernels = []
for side in (1, 3):
    kernels.append(side)
torch.set_default_dtype(torch.float64)

def weights_init(layer):
    opt = layer
    print(opt, epochs)

class Block(nn.Conv2d):
    def __init__(self):
        width = opt.width
        super().__init__(3, width, kernels[-1])

class Net(nn.Sequential):
    def __init__(self):
        super().__init__(Block(), nn.ReLU())

Net.title = "set from outside"
epochs = 200
net = Net().cuda()
data = download()
for epoch in range(epochs):
    raise SystemExit("trained")
"""
SMALL = single_input((1, 3, 32, 32))


def needed(text: str, name: str) -> str:
    return ast.unparse(ast.Module(find_needed(ast.parse(text), name), []))


def test_what_a_class_reads_is_found_and_what_that_reads() -> None:
    found = needed(SCRIPT, "Net")
    for kept in (
        "parser.add_argument",
        "opt = parser",
        "kernels.append(side)",
        "class Block",
        "Net.title",
        "set_default",
    ):
        assert kept in found
    for left in ("what_nobody_has", "makedirs", "weights_init", "epochs", "download"):
        assert left not in found
    assert "epochs = 200" in needed(SCRIPT, "weights_init")
    assert "opt =" not in needed(SCRIPT, "weights_init").replace("    opt = layer", "")  # its own


def test_names_that_are_not_written_are_kept_for_all() -> None:
    text = "from __future__ import annotations\nfrom layers import *\nimport sys\n"
    text += "sys.path.append('..')\nclass Net(Base): ..."
    assert needed(text, "Net") == ast.unparse(ast.parse(text))


@pytest.mark.parametrize(
    ("text", "is_script"),
    [
        ("class Net: ...", False),
        ("class Net: ...\nif __name__ == '__main__':\n    for x in y: train()", False),
        ("class Net: ...\nnet = Net()", False),
        ("class Net: ...\ntrain()", True),
        ("class Net: ...\nfor epoch in range(3): ...", True),
        ("class Net: ...\nwith open('x') as f: ...", True),
    ],
)
def test_a_script_does_more_than_define(text: str, is_script: bool) -> None:
    tree = ast.parse(text)
    assert does_work(tree, find_needed(tree, "Net")) == is_script


@pytest.mark.parametrize("opener", [open_user_module, open_user_module_apart])
def test_a_network_of_a_training_script_opens_and_nothing_is_trained(opener: object, tmp_path: Path) -> None:
    assert callable(opener)
    script = tmp_path / "gan.py"
    script.write_text(SCRIPT.format(folder=tmp_path))
    network = opener(UserModule(f"{script}:Net", {}, SMALL))
    assert network.figures.total.params == 3 * 8 * 9 + 8
    assert network.verification.text == "Of gan.py only what the network needs was run, not what it does besides."
    assert not (tmp_path / "made").exists()
    with pytest.raises(UserModuleError, match="ModuleNotFoundError: No module named 'what_nobody_has'"):
        open_user_module(UserModule(f"{script}:data", {}, SMALL))


def test_what_a_script_makes_in_a_way_that_is_not_seen_runs_the_whole(tmp_path: Path) -> None:
    script = tmp_path / "net.py"
    script.write_text(
        "from torch import nn\nglobals()['WIDTH'] = 4\nexec('KERNEL = 3')\nprint('works')\n"
        "class Net(nn.Conv2d):\n    kernel = KERNEL\n    def __init__(self): super().__init__(3, WIDTH, self.kernel)\n"
    )
    network = open_user_module(UserModule(f"{script}:Net", {}, SMALL))
    assert network.figures.total.params == 4 * 27 + 4


def test_a_name_that_nothing_binds_in_sight_is_looked_for_in_the_whole(tmp_path: Path) -> None:
    script = tmp_path / "net.py"
    script.write_text("from torch import nn\nglobals().update(Net=nn.Conv2d(3, 4, 3))\n")
    assert open_user_module(UserModule(f"{script}:Net", {}, SMALL)).figures.total.params == 4 * 27 + 4


def test_what_is_nested_too_deep_is_run_as_a_whole() -> None:
    tree = ast.parse("class Net: ...\ntotal = " + " + ".join(["1"] * 1500) + "\ntrain()\n")
    assert find_needed(tree, "Net") == tree.body
