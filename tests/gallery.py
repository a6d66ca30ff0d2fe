"""Makes the pictures of the README anew, with the command line alone: `python -m tests.gallery`."""

from __future__ import annotations

import sys
from pathlib import Path

from explorer.cli import main

FOLDER = Path(__file__).parent.parent / "resources" / "gallery"

#: File, then the command that makes it, without its --out.
PICTURES = {
    "resnets.png": "table resnet18 resnet34 resnet50 resnet101 resnet152 --no-title --width 1400",
    "mobilenet_v2_table.png": "table mobilenet_v2 --theme print --width 900",
    "alexnet_volumes.png": "volumes alexnet_2012 --level layers --width 1500",
    "resnet50_volumes.png": "volumes resnet50 --theme dark --width 1200",
    "vgg16_print.png": "volumes vgg16 --level layers --theme print --width 1500",
    "inception.png": "export googlenet_2014 --select inception3a --no-title --no-caption --width 1100",
    "mobilenet_v2.png": "export mobilenet_v2 --figures --width 1100",
    "resnet50_block.png": "export resnet50 --select layer2.0 --theme dark --no-title --no-caption --width 700",
}


def make() -> int:
    FOLDER.mkdir(exist_ok=True)
    for name, command in PICTURES.items():
        print(f"cnn-explorer-cli {command} --out {name}")
        code = main([*command.split(), "--out", str(FOLDER / name)])
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(make())
