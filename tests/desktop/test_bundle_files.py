"""The recipes of the bundles name files that are there, and keep what is read at run time."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.desktop.bundle import Bundle

ROOT = Path(__file__).parent.parent.parent
DESKTOP = ROOT / "resources" / "desktop"
SPEC = ast.parse((DESKTOP / "cnn_explorer.spec").read_text("utf-8"))


def pattern(name: str) -> re.Pattern[str]:
    """Return a regular expression of the PyInstaller spec."""
    for node in SPEC.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name:
            assert isinstance(node.value, ast.Call)
            return re.compile(ast.literal_eval(node.value.args[0]))
    raise LookupError(name)


@pytest.mark.parametrize(
    "file",
    [
        "torch/bin/torch_shm_manager",
        "torch/lib/libtorch_cpu.so",
        "torch/testing/_internal/common.py",
        "torchvision/_C.so",
        "torchvision.libs/libjpeg.so.8",
        "explorer/resources/catalogue.json",
        "explorer/resources/desktop/cnn-explorer-64.png",
        "PySide6/Qt/plugins/platforms/libqxcb.so",
        "PySide6/Qt/plugins/platforms/libqwayland.so",
        "PySide6/Qt/lib/libQt6Svg.so.6",
        "PySide6/Qt/lib/libQt6Network.so.6",
        "PySide6/Qt/translations/qtbase_zh_CN.qm",
        "libxcb-cursor.so.0",
    ],
)
def test_what_is_read_at_run_time_stays(file: str) -> None:
    assert pattern("KEEP").search(file) or not pattern("NEVER_READ").search(file)


@pytest.mark.parametrize(
    "file",
    [
        "torch/include/ATen/ATen.h",
        "torch/bin/protoc",
        "torch/lib/libtorchbind_test.so",
        "PySide6/Qt/qml/QtQuick/libqtquick2plugin.so",
        "PySide6/Qt/lib/libQt6Quick.so.6",
        "PySide6/Qt/plugins/platformthemes/libqgtk3.so",
        "libgtk-3.so.0",
        "onnx/backend/test/data/node.pb",
    ],
)
def test_what_is_never_read_goes(file: str) -> None:
    assert pattern("NEVER_READ").search(file)


def test_the_spec_is_of_files_that_are_there() -> None:
    named = {node.value for node in ast.walk(SPEC) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    for name in ("main.py", "README.md", "LICENSE"):
        assert name in named
        assert (ROOT / name).is_file()
    assert {name for name in named if name.startswith("cnn-explorer.ic")} == {"cnn-explorer.ico", "cnn-explorer.icns"}
    assert (DESKTOP / "cnn-explorer.ico").is_file()
    assert (DESKTOP / "cnn-explorer.icns").is_file()


def test_installer_and_workflow_name_files_that_are_there() -> None:
    installer = (DESKTOP / "cnn-explorer.iss").read_text("utf-8")
    for name in re.findall(r"^(?:LicenseFile|SetupIconFile)=(.+)$", installer, re.MULTILINE):
        assert (DESKTOP / name.strip().replace("\\", "/")).is_file()
    assert 'Source: "application-x-cnnx.ico"' in installer
    workflow = (ROOT / ".github" / "workflows" / "bundles.yml").read_text("utf-8")
    for name in ("resources/desktop/cnn_explorer.spec", "resources/desktop/make_dmg.sh"):
        assert name in workflow
        assert (ROOT / name).is_file()
    assert r"resources\desktop\cnn-explorer.iss" in workflow


def test_a_bundle_is_tried_without_python_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    bundle = Bundle(tmp_path, tmp_path)
    assert bundle.environment["PATH"] == str(tmp_path)
    assert "PYTHONPATH" not in bundle.environment
