"""Train the networks that come with the app: `python -m tests.trained_examples [KEY…]` writes `resources/trained/`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file

from explorer.training.tensor_file import write_tensors
from explorer.training.train import train
from explorer.training.trained_examples import EXAMPLES

FOLDER = Path(__file__).parent.parent / "resources" / "trained"


def main(keys: list[str]) -> None:
    """Train these, or all, and say what they reached."""
    torch.set_num_threads(1)
    for key in keys or EXAMPLES:
        example = EXAMPLES[key]
        with tempfile.TemporaryDirectory() as folder:
            result = train(example.open_untrained(), example.data, example.recipe, folder=folder, fit=False)
            accuracy = result.test_accuracy
            names = {"test_accuracy": f"{accuracy:.6f}", "data": example.data.name, "torch": torch.__version__}
            path = FOLDER / f"{key}.safetensors"
            path.parent.mkdir(exist_ok=True)
            write_tensors(path, load_file(result.folder.weights_path), names)
        print(f"{key}: {100 * accuracy:.2f} %, {path.stat().st_size / 1e3:.0f} kB", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
