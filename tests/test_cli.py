"""The command line: what it prints, what it writes, and how it fails: one line, exit code 2."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PySide6.QtGui import QImage

import explorer
from explorer.cli import main
from explorer.edits import ToggleShortcut
from explorer.networks.catalogue import all_entries
from explorer.project.files import write_project
from explorer.project.project import Project


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(all_entries())
    assert main(["list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert next(entry for entry in listed if entry["key"] == "resnet50")["params"] == 25_557_032


def test_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["figures", "resnet50"]) == 0
    said = capsys.readouterr().out
    assert "4,089,184,256" in said
    assert "8,178,368,512" in said


def test_figures_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["figures", "resnet50", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["params"] == 25_557_032
    assert found["macs"] == 4_089_184_256
    assert found["flops"] == 2 * found["macs"]
    assert found["receptive_field"] == 427
    assert found["output_shape"] == [1, 1000]
    assert {"activation_elements", "peak_activation_bytes"} <= found.keys()
    assert {"name", "kind", "output_shape", "params", "macs"} <= found["layers"][0].keys()


def test_figures_after_edits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "edits.json"
    path.write_text('[{"edit": "toggle_shortcut", "at": "layer2.0", "on": false}]')
    assert main(["figures", "resnet50", "--edits", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["params"] == 25_424_936
    assert found["edits"] == ["Shortcut removed in layer2.0"]


def test_the_edits_in_force_of_a_project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edits = (ToggleShortcut("layer2.0", on=False), ToggleShortcut("layer3.0", on=False))
    write_project(tmp_path / "net.cnnx", Project("resnet50", edits=edits, position=1))
    assert main(["figures", "resnet50", "--edits", str(tmp_path / "net.cnnx"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["edits"] == ["Shortcut removed in layer2.0"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["my net.cnnx"],
        ["--open", "my net.cnnx"],
        ["NET.CNNX"],
        ["net.py"],
        ["/a/file"],
        ["--new-window", "--open", "a"],
        ["--new-window", "resnet18"],
        ["resnet18", "--new-window"],
        ["net.cnnx", "resnet18", "other.cnnx"],
        ["resnet18"],
    ],
)
def test_a_project_opens_in_the_window(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[list[str], bool]] = []

    def run(targets: list[str], *, is_new: bool = False) -> int:
        opened.append((targets, is_new))
        return 0

    monkeypatch.setattr("explorer.ui.shell.app.run_only_app", run)
    assert main(arguments) == 0
    assert opened == [([a for a in arguments if not a.startswith("--")], "--new-window" in arguments)]


@pytest.mark.skipif(sys.platform != "linux", reason="libraries of Linux")
def test_a_window_that_lacks_libraries_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert main([]) == 2
    assert capsys.readouterr().err.startswith("cnn-explorer: There is no screen")


def test_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["figures", "mobilenet_v2", "--set", "width_mult=0.5", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["params"] == 1_968_680
    assert main(["figures", "googlenet", "--set", "aux_heads=true", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["params"] == 13_004_888


def test_a_network_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = tmp_path / "net.py"
    net.write_text("from torch import nn\ndef make(width): return nn.Sequential(nn.Conv2d(1, width, 3), nn.ReLU())\n")
    words = ["figures", f"{net}:make", "--set", "width=4", "--input", "1x28x28", "--json"]
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["params"], found["output_shape"]) == (40, [1, 4, 26, 26])
    folder = tmp_path / "pictures"
    words = ["export", f"{net}:make", "--out", f"{folder}/", "--set", "width=4", "--input", "1×28×28"]
    assert main(words) == 0
    assert [path.name for path in folder.iterdir()] == ["make.png"]
    with pytest.raises(SystemExit):
        main(["figures", f"{net}:make", "--input", "28xy"])
    assert "is no input: it is written as name=3x224x224" in capsys.readouterr().err
    assert main(["figures", f"{net}:make"]) == 2
    assert "make(width) cannot be built without arguments: give width=16" in capsys.readouterr().err


def test_the_size_of_the_image(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["figures", "resnet18", "--input", "3x112x112", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["macs"] < 0.3 * 1_814_073_344


@pytest.mark.parametrize("level", ["stages", "blocks", "units", "ops"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_export(level: str, theme: str, tmp_path: Path) -> None:
    path = tmp_path / "net.png"
    assert main(["export", "alexnet", "--out", str(path), "--level", level, "--theme", theme, "--scale", "0.5"]) == 0
    assert not QImage(str(path)).isNull()
    assert list(tmp_path.iterdir()) == [path]


def test_several_networks_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    arguments = ["export", "alexnet", "vgg1[13]", "--out", str(folder), "--format", "svg", "--level", "stages"]
    assert main(arguments) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["alexnet.svg", "vgg11.svg", "vgg13.svg"]


def test_every_option_of_an_export(tmp_path: Path) -> None:
    path = tmp_path / "net.png"
    words = "--select layer2.0 --theme print --width 500 --transparent --no-title --no-caption --no-legend --figures"
    assert main(["export", "resnet18", "--out", str(path), *words.split(), "--margin", "8"]) == 0
    image = QImage(str(path))
    assert image.width() == 500
    assert image.pixelColor(1, 1).alpha() == 0
    assert main(["export", "resnet18", "--out", str(path), "--dpi", "300", "--level", "stages"]) == 0
    assert QImage(str(path)).dotsPerMeterX() == 11811


@pytest.mark.parametrize("level", ["stages", "blocks", "layers"])
def test_volumes(level: str, tmp_path: Path) -> None:
    assert main(["volumes", "alexnet", "resnet18", "--out", f"{tmp_path}/", "--level", level, "--width", "600"]) == 0
    assert {QImage(str(tmp_path / name)).width() for name in ("alexnet.png", "resnet18.png")} == {600}


def test_the_network_itself(tmp_path: Path) -> None:
    assert main(["export", "alexnet", "vgg11", "--out", f"{tmp_path}/", "--format", "py"]) == 0
    assert "class VGG11(nn.Module):" in (tmp_path / "vgg11.py").read_text()
    assert len(list(tmp_path.iterdir())) == 2


def test_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", "resnet18", "resnet34"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("| Stage | Output | ResNet-18 | ResNet-34 |\n")
    assert "| [3×3, 256; 3×3, 256] × 2 | [3×3, 256; 3×3, 256] × 6 |" in said
    for suffix in ("md", "tex", "csv", "png", "svg", "pdf"):
        assert main(["table", "mobilenet_v2", "--as", "brackets", "--out", str(tmp_path / f"t.{suffix}")]) == 0
    assert len(list(tmp_path.iterdir())) == 6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["export", "alexnet", "vgg11", "--out", "net.png"], "2 networks do not fit into one file net.png"),
        (["export", "zzz*", "--out", "all"], "no network of the catalogue is called like 'zzz*'"),
        (["export", "alexnet", "vg11", "--out", "all"], "there is no network 'vg11'"),
        (["export", "alexnet", "vgg11", "--out", "nowhere/all"], "cannot make the folder nowhere/all"),
        (["export", "alexnet", "--out", "a.png", "--scale", "1", "--width", "9"], "not allowed with argument --scale"),
        (["export", "alexnet", "--out", "a.png", "--select", "layer9"], "no layer, block or stage 'layer9'"),
        (["export", "alexnet", "--out", "a.png", "--width", "300000"], "the largest scale that works is"),
        (["table", "alexnet", "--out", "a.doc"], "must end in .md, .tex, .csv, .png, .svg, .pdf"),
        (["table", "vgg11", "vgg13", "--as", "operators"], "can only be shown in brackets"),
        (["figures", "resnt50"], "there is no network 'resnt50' in the catalogue; did you mean resnet50"),
        (["figures"], "the following arguments are required: KEY"),
        (["explode"], "invalid choice: 'explode'"),
        (["figures", "alexnet", "--edits", "missing.json"], "cannot read missing.json"),
        (["figures", "alexnet", "--set", "width=1"], "alexnet has no option 'width'"),
        (["figures", "mobilenet_v2", "--set", "width_mult=7"], "width_mult of mobilenet_v2 can be"),
        (
            ["export", "alexnet", "--out", "net.bmp"],
            "must end in .png, .svg, .pdf, .pptx, .drawio, .tex, .mmd, .html, .gif, .webp, .py, .safetensors, .onnx",
        ),
        (["volumes", "alexnet", "--out", "net.py"], "must end in .png, .svg, .pdf"),
        (["export", "alexnet", "--out", "nowhere/net.png"], "there is no folder nowhere"),
        (["export", "alexnet", "--out", "net.png", "--scale", "0"], "a scale of 0 makes no image"),
        (["export", "alexnet", "--out", "net.png", "--scale", "nan"], "makes no image"),
        (["export", "alexnet", "--out", "net.png", "--scale", "500"], "the largest scale that works is"),
        (["export", "alexnet", "--out", "net.png", "--level", "atoms"], "invalid choice: 'atoms'"),
        (["export", "alexnet", "--out", "net.png", "--direction", "up"], "invalid choice: 'up'"),
    ],
)
def test_errors_are_one_line(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        code = main(arguments)
    except SystemExit as left:
        code = int(left.code or 0)
    assert code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert len(captured.err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ('[{"edit": "explode"}]', "unknown kind 'explode'"),
        ('[{"edit": "toggle_shortcut", "at": "layer9", "on": false}]', "no layer or block 'layer9'"),
    ],
)
def test_bad_edits(text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "edits.json"
    path.write_text(text)
    assert main(["export", "resnet18", "--edits", str(path), "--out", str(tmp_path / "net.png")]) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["figures", "nothing"]])
def test_neither_torch_nor_qt_is_imported_without_need(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom explorer.cli import main\n"
        "try: main(sys.argv[1:])\nexcept SystemExit: pass\n"
        "assert not {'torch', 'PySide6'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True, timeout=60)


def test_main_py_is_the_command_line() -> None:
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, str(root / "main.py"), "list"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert "mobilenet_v2" in done.stdout


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437", "cp932", "gbk", "latin-1", "utf-8"])
@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["list", "--help"], ["figures", "mobilenet_v2"], ["table", "resnet18"], ["figures", "no such"]],
    ids=" ".join,
)
def test_output_goes_wherever_it_is_sent(arguments: list[str], encoding: str) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "explorer.cli", *arguments]
    done = subprocess.run(command, capture_output=True, timeout=120, env=environment)
    said = done.stderr.decode(encoding)
    assert "Traceback" not in said
    assert done.returncode == (2 if arguments[-1] == "no such" else 0), said
    assert len(done.stdout.decode(encoding) + said) > 20


def test_what_is_shown_of_a_branch_on_values_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = tmp_path / "branch.py"
    net.write_text(
        "from torch import nn\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.conv = nn.Conv2d(3, 2, 1)\n"
        "    def forward(self, x):\n"
        "        return self.conv(x) if x.mean() > -100 else x\n"
    )
    assert main(["figures", f"{net}:Net", "--input", "3x8x8"]) == 0
    assert "note: The code looks at values in the outermost module" in capsys.readouterr().out


def test_a_file_of_a_model_and_a_name_of_a_library_are_networks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import timm
    import torch

    torch.save(torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1)), tmp_path / "module.pt")
    assert main(["figures", str(tmp_path / "module.pt")]) == 2
    assert "only if you trust" in capsys.readouterr().err
    assert main(["figures", str(tmp_path / "module.pt"), "--trust", "--input", "3x8x8", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["params"] == 16
    assert main(["figures", "timm:resnet10t", "--json"]) == 0
    params = sum(parameter.numel() for parameter in timm.create_model("resnet10t").parameters())
    assert json.loads(capsys.readouterr().out)["params"] == params


def test_the_output_of_a_loss_is_a_scalar(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "net.py"
    path.write_text(
        "from torch import nn\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.conv = nn.Conv2d(3, 8, 3)\n    def forward(self, x):\n        return self.conv(x).mean()\n"
    )
    assert main(["figures", f"{path}:Net", "--input", "3x16x16"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split() == ["Output", "scalar"]


@pytest.mark.parametrize("name", ["model_best.pth.tar", "last.ckpt", "weights.pkl", "net.t7", "without_a_known.suffix"])
def test_files_of_weights_are_opened_whatever_scripts_call_them(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save({"state_dict": explorer.open("squeezenet1_1").module().state_dict()}, tmp_path / name)
    assert main(["figures", str(tmp_path / name)]) == 0
    assert "1,235,496" in capsys.readouterr().out
