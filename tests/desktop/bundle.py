"""Tries a bundle as somebody does who has no Python: `python -m tests.desktop.bundle dist/cnn-explorer`.

Run from a folder of its own with an empty PATH. Says what it does and how large the bundle is; fails with what failed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_MIB = 2**20
_PATIENCE_SECONDS = 300.0
_OWN_MODULE = """
import sqlite3, statistics
from torch import nn

class Net(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 8, 3), nn.Linear(8, classes)

    def forward(self, x):
        return self.head(self.conv(x).relu().mean((2, 3)))
"""


class Bundle:
    """An unpacked bundle."""

    def __init__(self, folder: Path, home: Path) -> None:
        program = folder / ("cnn-explorer.exe" if sys.platform == "win32" else "cnn-explorer")
        self.program = folder / "Contents" / "MacOS" / "cnn-explorer" if sys.platform == "darwin" else program
        self.folder, self.home = folder, home
        kept = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "SYSTEMROOT", "TEMP", "TMP", "USERNAME", "LANG")
        self.environment = {name: os.environ[name] for name in kept if name in os.environ}
        self.environment |= {"HOME": str(home), "PATH": str(home), "XDG_RUNTIME_DIR": str(home)}
        self.environment |= {"USERPROFILE": str(home), "APPDATA": str(home), "LOCALAPPDATA": str(home)}

    def run(self, *arguments: str) -> str:
        """Run it to its end and return what it printed. Raises RuntimeError for another exit code than 0."""
        done = subprocess.run(
            [self.program, *arguments],
            cwd=self.home,
            env=self.environment,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
        print(f"ok  {' '.join(arguments)}", flush=True)
        return done.stdout

    def size(self) -> int:
        """Return the size of all its files in bytes."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if not path.is_symlink())


def try_commands(bundle: Bundle) -> None:
    """Figures, exports and code of one's own on the command line, then what a user does in a window."""
    assert "ResNet" in bundle.run("list")
    edits = bundle.home / "edits.json"
    edits.write_text(json.dumps([{"edit": "swap_activation", "at": "*", "to": "gelu"}]))
    figures = json.loads(bundle.run("figures", "resnet18", "--edits", str(edits), "--json"))
    assert figures["params"] == 11_689_512
    for suffix in ("png", "svg", "pdf", "py", "onnx"):
        bundle.run("export", "resnet18", "--edits", str(edits), "--out", f"edited.{suffix}")
        assert (bundle.home / f"edited.{suffix}").stat().st_size > 1000
    assert json.loads(bundle.run("figures", "edited.onnx", "--json"))["params"] > 11_000_000
    (bundle.home / "net.py").write_text(_OWN_MODULE)
    assert json.loads(bundle.run("figures", "net.py:Net", "--json"))["params"] == 8 * 3 * 9 + 8 + 8 * 10 + 10
    print(bundle.run("check"))


def try_double_click(bundle: Bundle) -> None:
    """A project given as argument opens in the window, and a later start hands its file over and ends."""
    project = bundle.home / "mine.cnnx"
    edits = [{"edit": "swap_activation", "at": "*", "to": "gelu"}]
    value = {"format": "cnnx", "version": 1, "network": "resnet18", "edits": edits, "position": 1}
    project.write_text(json.dumps(value))
    with subprocess.Popen([bundle.program, str(project)], cwd=bundle.home, env=bundle.environment) as window:
        try:
            end = time.monotonic() + _PATIENCE_SECONDS
            while window.poll() is None and not list(bundle.home.glob("cnn-explorer.socket")) and os.name != "nt":
                if time.monotonic() > end:
                    raise RuntimeError("no window listens")
                time.sleep(0.2)
            time.sleep(20 if os.name == "nt" else 2)
            bundle.run(str(project))
            if window.poll() is not None:
                raise RuntimeError(f"the window ended with exit code {window.returncode}")
        finally:
            window.kill()


def main() -> None:
    """Try the bundle that is named."""
    with tempfile.TemporaryDirectory(prefix="bundle-") as home:
        bundle = Bundle(Path(sys.argv[1]).resolve(), Path(home))
        Path(home).chmod(0o700)
        print(f"{bundle.folder}: {bundle.size() / _MIB:.0f} MiB")
        try_commands(bundle)
        try_double_click(bundle)
    print("the bundle works")


if __name__ == "__main__":
    main()
