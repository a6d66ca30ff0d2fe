"""Opening a module of one's own, beside other tools: `python -m tests.benchmarks.own_modules TOOL KEY …`.

Opening here builds nothing twice: it traces, runs the module once on an example, and compares. The keys are builders of
`torchvision.models`, opened as a user's own module, with weights on the CPU. Prints one JSON object of seconds.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from tests.benchmarks.peers import REPEATS, median

MODULES = [
    "resnet50",
    "mobilenet_v2",
    "densenet121",
    "googlenet",
    "efficientnet_b0",
    "regnet_y_400mf",
    "convnext_tiny",
    "swin_t",
    "vit_b_16",
    "shufflenet_v2_x1_0",
]


def build(key: str) -> nn.Module:
    from torchvision.models import get_model

    options = {"init_weights": False} if key == "googlenet" else {}
    return get_model(key, weights=None, **options).eval()


def parts(key: str) -> dict[str, float]:
    """Seconds of building, of one forward, of the symbolic trace alone, and of opening a built module."""
    from explorer.base.memo import clear_all
    from explorer.graph.trace import trace
    from explorer.network import open_network

    module, image = build(key), torch.zeros(1, 3, 224, 224)

    def forward() -> Any:
        with torch.inference_mode():
            return module(image)

    def opened() -> None:
        clear_all()
        network = open_network(module, input_shape=(1, 3, 224, 224))
        assert network.verification is not None

    return {
        "build": median(lambda: build(key)),
        "forward": median(forward),
        "trace": median(lambda: trace(module, (1, 3, 224, 224))),
        "open": median(opened),
    }


def recording(key: str) -> Callable[[], Any]:
    """The capture that is taken where the symbolic trace is refused or differs."""
    from explorer.graph.capture import capture

    module, image = build(key), torch.zeros(1, 3, 224, 224)
    return lambda: capture(module, (image,))


def torch_export(key: str) -> Callable[[], Any]:
    module, image = build(key), torch.zeros(1, 3, 224, 224)
    return lambda: torch.export.export(module, (image,), strict=False)


def torchview(key: str) -> Callable[[], Any]:
    from torchview import draw_graph

    module, image = build(key), torch.zeros(1, 3, 224, 224)
    return lambda: draw_graph(module, input_data=image, device="cpu", expand_nested=True)


def torchlens(key: str) -> Callable[[], Any]:
    from torchlens import trace

    module, image = build(key), torch.zeros(1, 3, 224, 224)
    return lambda: trace(module, image)


TOOLS: dict[str, Callable[[str], Callable[[], Any]]] = {
    "recording": recording,
    "torch_export": torch_export,
    "torchview": torchview,
    "torchlens": torchlens,
}


def main() -> None:
    tool, *keys = sys.argv[1:]
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    found: dict[str, Any] = {}
    for key in keys:
        try:
            found[key] = parts(key) if tool == "parts" else median(TOOLS[tool](key), min(REPEATS, 3))
        except Exception as failure:  # a peer that refuses a module, or is not installed
            sys.stderr.write(f"{tool} {key}: {type(failure).__name__}: {failure}\n")
            found[key] = None
    print(json.dumps(found))


if __name__ == "__main__":
    main()
