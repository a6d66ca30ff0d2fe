"""Networks that code of the user's own makes: opened, edited, saved and opened again, once they have agreed."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from explorer.analysis.figures.shape_inference import ShapeError
from explorer.edits import EditError, SwapActivation
from explorer.networks.input_spec import parse_inputs, single_input
from explorer.networks.user_module import UserModule, UserModuleError
from explorer.project.errors import ProjectError
from explorer.project.files import read_project, write_project
from explorer.project.opening import ConsentRequired, build_project, open_project, user_module_of
from explorer.project.python_script import to_python
from explorer.project.user_code import open_user_module, open_user_module_apart

NET = """
from dataclasses import dataclass
from torch import nn
from beside import WIDTH

@dataclass
class Settings:
    depth: int = 2

class Net(nn.Module):
    def __init__(self, classes=10, act="relu"):
        super().__init__()
        self.stem = nn.Conv2d(3, WIDTH, 3, padding=1)
        self.act = nn.ReLU() if act == "relu" else nn.SiLU()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(WIDTH, classes)

    def forward(self, x):
        return self.fc(self.pool(self.act(self.stem(x))).flatten(1))

def words(): return "no module"
def broken():
    return 1 / 0
def leaves(): raise SystemExit(3)
def downloads():
    from urllib.error import URLError
    raise URLError("no connection")
def missing():
    import what_nobody_has
class Needy(nn.Module):
    def __init__(self, n_channels, depth, kinds): super().__init__()
class Depends(nn.Module):
    def forward(self, x): return x if x.sum() > 0 else -x

ready = Net(7)
"""
SMALL = single_input((1, 3, 32, 32))


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "beside.py").write_text("WIDTH = 8\n")
    path = tmp_path / "net.py"
    path.write_text(NET)
    before = list(sys.path)
    yield path
    assert sys.path == before
    for name in ("beside", "own_module_net"):
        sys.modules.pop(name, None)


def test_a_file_makes_a_network_with_its_own_weights(net: Path) -> None:
    network = open_user_module(UserModule(f"{net}:Net", {"classes": 5, "act": "silu"}, SMALL))
    assert network.title == "Net"
    assert network.figures.total.params == 8 * 27 + 8 + 8 * 5 + 5
    assert network.architecture.nodes["fc"].layer.out_features == 5
    assert [type(network.architecture.nodes[name].layer).__name__ for name in ("stem", "act")] == ["Conv2d", "SiLU"]
    assert network.run("cat").result.main_output.shape == (1, 5)


def test_a_package_makes_one_and_so_does_a_network_that_is_there(net: Path) -> None:
    shuffle = open_user_module(
        UserModule("torchvision.models:shufflenet_v2_x0_5", {"num_classes": 3}, single_input((1, 3, 64, 64)))
    )
    assert shuffle.title == "ShuffleNetV2"
    assert open_user_module(UserModule(f"{net}:ready", {}, SMALL)).architecture.nodes["fc"].layer.out_features == 7


def test_a_package_of_the_working_folder_is_found(net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = net.parent / "a_package_of_mine"
    package.mkdir()
    (package / "__init__.py").touch()
    net.with_name("beside.py").rename(package / "beside.py")
    (package / "nets.py").write_text(NET.replace("from beside", "from .beside"))
    own = UserModule("a_package_of_mine.nets:Net", {}, SMALL)
    away = f"a_package_of_mine.nets is neither in an installed package nor in the folder {Path.cwd()}: name its file, "
    with pytest.raises(UserModuleError, match=f"^{away}as folder/net.py:Net, or start in the folder that holds a_pack"):
        open_user_module(own)
    monkeypatch.chdir(net.parent)
    assert open_user_module(own).figures.total.params == open_user_module_apart(own).figures.total.params
    (package / "nets.py").write_text("import what_nobody_has")
    with pytest.raises(UserModuleError, match="No module named 'what_nobody_has'"):
        open_user_module_apart(own)


def test_a_file_that_was_changed_is_read_again_and_what_it_imports_too(net: Path) -> None:
    open_user_module(UserModule(f"{net}:Net", {}, SMALL))
    (net.parent / "beside.py").write_text("WIDTH = 16  # twice\n")
    net.write_text(NET.replace("classes=10", "classes=11"))
    again = open_user_module(UserModule(f"{net}:Net", {}, SMALL), [SwapActivation("act", "gelu")])
    assert again.figures.total.params == 16 * 27 + 16 + 16 * 11 + 11
    assert again.history.position == 1


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("Nut", {}, "has no Nut"),
        ("Net", {"colours": 3}, r"Net\(classes=10, act='relu'\) has no argument colours"),
        ("Needy", {"depth": 2}, r"Needy\(n_channels, depth, kinds\) .* give n_channels=3, kinds=…,"),
        ("downloads", {}, "line .*: URLError: .* an argument such as pretrained=False may turn that off"),
        ("missing", {}, "No module named 'what_nobody_has'. what_nobody_has is neither installed"),
        ("words", {}, "makes no torch.nn.Module but str"),
        ("broken", {}, r"net\.py:broken failed, line \d+: ZeroDivisionError: division by zero"),
        ("leaves", {}, "failed, line .*: SystemExit: 3"),
    ],
)
def test_what_makes_no_network_says_why_and_where(net: Path, name: str, arguments: dict[str, int], said: str) -> None:
    with pytest.raises(UserModuleError, match=said):
        open_user_module(UserModule(f"{net}:{name}", arguments, SMALL))


def test_opened_apart_it_is_the_same_network_and_nothing_of_it_was_imported_here(net: Path) -> None:
    own = UserModule(f"{net}:Net", {"classes": 5}, SMALL)
    apart = open_user_module_apart(own, [SwapActivation("act", "gelu")])
    assert "own_module_net" not in sys.modules
    here = open_user_module(own, [SwapActivation("act", "gelu")])
    assert list(apart.architecture.nodes) == list(here.architecture.nodes)
    assert apart.figures.total == here.figures.total
    assert apart.verification == here.verification
    assert [node.signature for node in apart.architecture.live.values()] == [
        node.signature for node in here.architecture.live.values()
    ]
    assert apart.context.user_module == own
    assert {name: tensor.shape for name, tensor in apart.module().state_dict().items()} == {
        name: tensor.shape for name, tensor in here.module().state_dict().items()
    }


def test_what_it_sets_for_all_of_torch_is_undone(net: Path) -> None:
    net.write_text(
        "import os, torch\ntorch.set_default_dtype(torch.float64)\ntorch.set_grad_enabled(False)\nos.chdir('/')\n"
        "torch.set_default_device('meta')\ntorch.set_num_threads(3)\n" + NET.replace("Net(7)", "None")
    )
    before = (torch.get_default_dtype(), torch.is_grad_enabled(), torch.get_num_threads(), Path.cwd())
    with contextlib.suppress(ValueError):
        open_user_module(UserModule(f"{net}:Net", {}, SMALL))
    assert (torch.get_default_dtype(), torch.is_grad_enabled(), torch.get_num_threads(), Path.cwd()) == before
    assert torch.zeros(1).device.type == "cpu"


@pytest.mark.parametrize("path", ["//host/net.py", r"\\host\net.py", r"/\host\share\net.py", r"\/host/share/net.py"])
def test_a_project_that_names_a_file_on_another_machine_is_refused_on_every_system(tmp_path: Path, path: str) -> None:
    file = tmp_path / "far.cnnx"
    content = {"format": "cnnx", "version": 1, "module": f"{path}:Net", "edits": [], "position": 0}
    file.write_text(json.dumps(content))
    with pytest.raises(ProjectError, match="on another machine"):
        open_project(file)


def test_a_branch_on_a_value_opens_with_the_path_that_was_taken(net: Path) -> None:
    verification = open_user_module(UserModule(f"{net}:Depends", {}, SMALL)).verification
    assert verification is not None
    assert "looks at values" in verification.text


def test_what_is_not_there_or_cannot_be_followed_says_so(net: Path) -> None:
    with pytest.raises(UserModuleError, match=r"there is no file .*gone\.py"):
        open_user_module(UserModule(f"{net.parent / 'gone.py'}:Net"))
    with pytest.raises(UserModuleError, match=r"nowhere\.at_all is neither in an installed package nor in the folder"):
        open_user_module(UserModule("nowhere.at_all:Net"))
    with pytest.raises(ShapeError, match="cannot take 2×32×32"):
        open_user_module(UserModule(f"{net}:Net", {}, single_input((1, 2, 32, 32))))
    with pytest.raises(EditError):
        open_user_module(UserModule(f"{net}:Net", {}, SMALL), [SwapActivation("nothing", "gelu")])
    net.write_text("x = (\n")
    with pytest.raises(UserModuleError, match="SyntaxError"):
        open_user_module(UserModule(f"{net}:Net"))


def test_a_project_names_it_and_opens_it_only_when_that_was_agreed_to(net: Path) -> None:
    own = UserModule(f"{net}:Net", {"classes": 5, "act": "silu"}, SMALL)
    network = open_user_module(own).edit(SwapActivation("act", "gelu"))
    path = net.parent / "work.cnnx"
    write_project(path, build_project(network, folder=path.parent))
    assert read_project(path).module == "net.py:Net"  # from where the project is, so that both can move
    net.write_text("raise SystemExit('ran without being asked')\n" + NET)
    with pytest.raises(ConsentRequired, match=r"net\.py:Net: opening it runs that code") as asked:
        open_project(path)
    assert asked.value.user_module == own
    net.write_text(NET)
    again, project = open_project(path, trusted=asked.value.user_module)
    assert again.figures.total == network.figures.total
    assert again.history.edits == project.edits == (SwapActivation("act", "gelu"),)


def test_a_project_elsewhere_names_the_whole_path(net: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    network = open_user_module(UserModule(f"{net}:Net", {}, SMALL))
    folder = tmp_path_factory.mktemp("elsewhere")
    assert build_project(network, folder=folder).module == f"{net.resolve().as_posix()}:Net"
    package = open_user_module(UserModule("torchvision.models:shufflenet_v2_x0_5", {}, single_input((1, 3, 64, 64))))
    assert build_project(package, folder=folder).module == "torchvision.models:shufflenet_v2_x0_5"


@pytest.mark.parametrize("module", ["net.py", "net.py:", "a\nb.py:Net", "net.py:Net()", "os:system; x"])
def test_a_project_that_names_what_cannot_be_a_module_is_refused(tmp_path: Path, module: str) -> None:
    path = tmp_path / "bad.cnnx"
    path.write_text(json.dumps({"format": "cnnx", "version": 1, "module": module, "edits": [], "position": 0}))
    with pytest.raises(ProjectError, match="module: cannot be "):
        read_project(path)


@pytest.mark.parametrize("where", ["//server/share/net.py", r"\\server\share\net.py"])
def test_a_project_that_names_another_machine_is_not_even_looked_at(tmp_path: Path, where: str) -> None:
    path = tmp_path / "far.cnnx"
    path.write_text(json.dumps({"format": "cnnx", "version": 1, "module": f"{where}:Net", "edits": [], "position": 0}))
    with pytest.raises(ProjectError, match="on another machine"):
        open_project(path)


def test_the_lines_of_python_open_it_again(net: Path) -> None:
    network = open_user_module(UserModule(f"{net}:Net", {"classes": 4}, SMALL)).edit(SwapActivation("act", "gelu"))
    made: dict[str, object] = {}
    exec(to_python(network), {}, made)
    assert made["network"].figures.total == network.figures.total  # type: ignore[attr-defined]
    assert torch.is_tensor(made["network"].run("cat").result.main_output)  # type: ignore[attr-defined]


def test_inputs_are_saved_with_the_project_and_files_are_found_beside_it(tmp_path: Path) -> None:
    (tmp_path / "two.py").write_text(
        "import torch\nclass Two(torch.nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n        torch.manual_seed(0)\n"
        "        self.fc = torch.nn.Linear(4, 2)\n"
        "    def forward(self, x, scale, *, flag=False):\n        return self.fc(x) * scale if flag else self.fc(x)\n"
    )
    np.save(tmp_path / "scale.npy", np.full((1, 2), 3.0, np.float32))
    texts = ["x=4", f"scale=@{tmp_path / 'scale.npy'}", "flag=True"]
    network = open_user_module(UserModule(f"{tmp_path / 'two.py'}:Two", {}, parse_inputs(texts)))
    write_project(tmp_path / "two.cnnx", build_project(network, folder=tmp_path))
    saved = json.loads((tmp_path / "two.cnnx").read_text())
    assert saved["inputs"] == ["x=4", "scale=[]@scale.npy", "flag=True"]
    assert "input_shape" not in saved
    trusted = user_module_of(read_project(tmp_path / "two.cnnx"), tmp_path / "two.cnnx")
    again, _ = open_project(tmp_path / "two.cnnx", trusted=trusted)
    torch.testing.assert_close(again.run().result.value, network.run().result.value)
    apart = open_user_module_apart(trusted)
    torch.testing.assert_close(apart.run().result.value, network.run().result.value)
    held: dict[str, Any] = {}
    exec(to_python(network), held)
    torch.testing.assert_close(held["network"].run().result.value, network.run().result.value)


def test_a_file_of_a_package_imports_from_its_package_and_is_read_again(tmp_path: Path) -> None:
    """`from ..parts import Block`, as in most repositories: the folders with an `__init__.py` around it say what it is
    part of; without one, the nearest folder."""
    package = tmp_path / "kept" / "models"
    package.mkdir(parents=True)
    for folder in (package, package.parent):
        (folder / "__init__.py").write_text("")
    parts = package.parent / "parts.py"
    parts.write_text("from torch import nn\n\ndef block():\n    return nn.Conv2d(3, 8, 3)\n")
    (package / "net.py").write_text("from ..parts import block\n\ndef make():\n    return block()\n")
    module = UserModule(f"{package / 'net.py'}:make")
    assert open_user_module(module).figures.total.params == 224
    parts.write_text("from torch import nn\n\ndef block():\n    return nn.Conv2d(3, 16, 3)\n")
    os.utime(parts, (0, 0))
    assert open_user_module(module).figures.total.params == 448
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "beside.py").write_text("WIDTH = 4\n")
    (alone / "net.py").write_text(
        "from torch import nn\nfrom .beside import WIDTH\n\ndef make():\n    return nn.Conv2d(3, WIDTH, 1)\n"
    )
    assert open_user_module(UserModule(f"{alone / 'net.py'}:make")).figures.total.params == 16


def test_a_file_imports_from_the_folder_above_that_its_repository_is_run_from(tmp_path: Path) -> None:
    for folder in ("core", "core/models", "core/nn"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").touch()
    (tmp_path / "core" / "nn" / "layers.py").write_text("WIDTH = 8\n")
    (tmp_path / "settings.py").write_text("KERNEL = 3\n")
    net = tmp_path / "core" / "models" / "net.py"
    code = "from torch import nn\nfrom core.nn.layers import WIDTH\nimport settings\n{more}"
    code += "class Net(nn.Conv2d):\n    def __init__(self):\n        super().__init__(3, WIDTH, settings.KERNEL)\n"
    own = UserModule(f"{net}:Net", {}, SMALL)
    for more in ("", "from . import net\n", "from .net import nn\n"):
        net.write_text(code.format(more=more))
        assert open_user_module(own).figures.total.params == 8 * 27 + 8
    (tmp_path / "core" / "nn" / "layers.py").write_text("WIDTH = 16  # read again\n")
    assert open_user_module(own).figures.total.params == 16 * 27 + 16
    assert open_user_module_apart(own).figures.total.params == 16 * 27 + 16
    assert str(tmp_path) not in sys.path


def test_arguments_of_our_own_command_line_are_not_those_of_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A parser that runs when the file is imported finds none; one that needs some is named."""
    code = (
        "import argparse\nfrom torch import nn\nparser = argparse.ArgumentParser()\n"
        "parser.add_argument('--width', type=int, {})\nwidth = parser.parse_args().width\n"
        "def make():\n    return nn.Conv2d(3, width, 1)\n"
    )
    path = tmp_path / "net.py"
    path.write_text(code.format("default=4"))
    monkeypatch.setattr("sys.argv", ["cnn-explorer", "figures", "net.py:make"])
    assert open_user_module(UserModule(f"{path}:make")).figures.total.params == 16
    assert sys.argv == ["cnn-explorer", "figures", "net.py:make"]
    path.write_text(code.format("required=True"))
    with pytest.raises(UserModuleError, match=r"line 5: it reads the command line when it is imported"):
        open_user_module(UserModule(f"{path}:make"))
