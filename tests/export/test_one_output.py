"""What is shown is what is exported: `run()`, `module()`, the Python with its weights, and ONNX compute one output.

After random edits, on every network: the first three bit for bit in eval mode, and in training mode from one seed; what
onnxruntime makes of the ONNX file within a ten thousandth, or where an error of a millionth in the image makes more of
a difference to the network, within twice that. The Python is imported where the product cannot be. CI takes a short
walk through a few small networks; `pytest --long` takes one through all, always new.
"""

from __future__ import annotations

import importlib
import random
from pathlib import Path
from typing import Any

import pytest
import torch

from explorer.analysis.forward.engine import ForwardEngine
from explorer.edits import AddShortcut, Edit, SwapActivation, SwapHead, SwapNorm
from explorer.export.network_files import save_network
from explorer.export.page import ExportError
from explorer.network import Network
from explorer.networks.catalogue import get_entry, instantiate
from tests.conftest import KEYS
from tests.edits.test_random_outputs import LARGEST, drawn, same, small
from tests.export.stranger import Stranger

#: One call of a shared activation; a name that is layer and container; a shortcut of the product's own; maps with their
#: channels last in memory, which a channel shuffle lays otherwise.
CASES: tuple[tuple[str, Edit], ...] = (
    ("resnet18", SwapActivation("layer1.0.relu", "silu")),
    ("resnet50_v1", SwapActivation("layer3.4.relu", "silu")),
    ("resnet18", SwapHead("fully_connected", 256)),
    ("plain18", AddShortcut("*", "pad")),
    ("shufflenet_v2_x0_5", SwapNorm("stage3", "layer")),
)
QUICK = ("googlenet_2014", "mobilenet_v3_small", "shufflenet_v1_g3", "squeezenet1_1")
QUICK_ONNX = ("mobilenet_v1_x0_25", "squeezenet1_1")
QUICK_TRAINED = ("densenet121", "squeezenet1_1", "swin_t")
ONNX_BYTES = 2**31 - 2**20  # what one file may hold


def walk(key: str, steps: int, seed: int) -> Network:
    """The network after some random edits that do not make it much larger."""
    network = small(key)
    chance = random.Random(f"{key} {seed}")
    most = [LARGEST * figure for figure in (network.figures.total.macs, network.figures.total.params)]
    for _ in range(steps):
        edit = drawn(network, chance)
        changed = network.edit(edit) if edit is not None else network
        total = changed.figures.total
        if total.macs < most[0] and total.params < most[1]:
            network = changed
    return network


def images(network: Network, batch: int) -> torch.Tensor:
    shape = (batch, *network.architecture.input_shape[1:])
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


def tensors(value: Any) -> list[torch.Tensor]:
    """The tensors that a network returns: one, or those in a tuple or a mapping."""
    if isinstance(value, torch.Tensor):
        return [value]
    return [tensor for item in (value.values() if isinstance(value, dict) else value) for tensor in tensors(item)]


def check_eval(network: Network, stranger: Stranger, folder: Path) -> list[torch.Tensor]:
    """`run()`, `module()` and the Python give one output and one count; what they return."""
    image = images(network, network.architecture.input_shape[0])
    shown = ForwardEngine().run(network.architecture, network.context.weights, image).main_output
    module = network.module()
    with torch.inference_mode():
        built = tensors(module(image))
    assert same(shown, built[0]), "run() and module()"
    written, count = stranger.run(network, image, "eval", folder)
    for one, other in zip(built, tensors(written), strict=True):
        assert same(one, other), "module() and the exported Python"
    held = sum(parameter.numel() for parameter in module.parameters())
    assert count == held == network.figures.total.params - network.figures.unused_params
    return built


def check_onnx(network: Network, built: list[torch.Tensor], folder: Path) -> None:
    """onnxruntime makes of the exported file what the module makes."""
    onnxruntime = importlib.import_module("onnxruntime")  # it has no types
    path = folder / "network.onnx"
    save_network(network, path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    image = images(network, network.architecture.input_shape[0])
    answers = [torch.from_numpy(answer) for answer in session.run(None, {session.get_inputs()[0].name: image.numpy()})]
    for number, (one, other) in enumerate(zip(built, answers, strict=True)):
        assert one.shape == other.shape
        if not largest_difference(one, other) <= 1e-4:
            exact, disturbed = (run_in_double(network, x)[number] for x in (image.double(), disturb(image)))
            rounding = max(largest_difference(exact, one.double()), largest_difference(exact, disturbed))
            assert largest_difference(exact, other.double()) <= 2 * rounding, "ONNX"


def run_in_double(network: Network, image: torch.Tensor) -> list[torch.Tensor]:
    with torch.inference_mode():
        return tensors(network.module().double()(image))


def disturb(image: torch.Tensor) -> torch.Tensor:
    """The image with its numbers off by about a millionth: where the output changes much, it says nothing.

    Why a millionth: two correct float32 programs sum the same products in another order. Of some hundred to a thousand
    products each rounded to 2⁻²⁴ the sums differ by about √n · 2⁻²⁴, one to two millionths of their size, in every
    layer (Higham, "Accuracy and stability of numerical algorithms", 2002, §3.1 and §4.2); an equal error of the input
    is that of the first layer alone. So the bound is what the network does to an error that no float32 program can
    avoid, and what its own float32 pass is off from float64; both are measured, on this network and image. Not in
    float64 instead: onnxruntime's CPU kernels of convolutions are float32 only.
    """
    return image.double() * (1 + 1e-6 * torch.randn(image.shape, generator=torch.Generator().manual_seed(2)))


def largest_difference(one: torch.Tensor, other: torch.Tensor) -> float:
    """As a part of the largest number of the first."""
    return float((one - other).nan_to_num(7e7).abs().max() / one.nan_to_num(7e7).abs().max().clamp(min=1e-30))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    long = metafunc.config.getoption("--long")
    for name, quick in (("a_key", QUICK), ("an_onnx_key", QUICK_ONNX), ("a_trained_key", QUICK_TRAINED)):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, KEYS if long else quick)


def walked(key: str, request: pytest.FixtureRequest) -> Network:
    if request.config.getoption("--long"):
        return walk(key, 6, random.SystemRandom().randrange(10**9))
    return walk(key, 3, 0)


def test_run_module_and_python_are_one(
    a_key: str, stranger: Stranger, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    network = walked(a_key, request)
    try:
        check_eval(network, stranger, tmp_path)
    except (AssertionError, ExportError) as failure:
        raise AssertionError(f"{network.history.applied_edits}") from failure


@pytest.mark.parametrize(("key", "edit"), CASES, ids=lambda value: value if isinstance(value, str) else value.name)
def test_what_once_left_otherwise(key: str, edit: Edit, stranger: Stranger, tmp_path: Path) -> None:
    check_eval(small(key).edit(edit), stranger, tmp_path)


def test_onnxruntime_agrees(an_onnx_key: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    network = walked(an_onnx_key, request)
    if 4 * network.figures.total.params > ONNX_BYTES:
        return
    with torch.inference_mode():
        built = tensors(network.module()(images(network, network.architecture.input_shape[0])))
    try:
        check_onnx(network, built, tmp_path)
    except (AssertionError, ExportError) as failure:
        raise AssertionError(f"{network.history.applied_edits}") from failure


def test_what_leaves_is_trained_as_the_original(a_trained_key: str, stranger: Stranger, tmp_path: Path) -> None:
    """From one seed, `module()` and the Python drop in training mode what the original does."""
    network = small(a_trained_key)
    original = instantiate(get_entry(a_trained_key), None, device="cpu").train()
    module = network.module()
    original.__dict__["aux_logits"] = False  # a second path in training mode would draw in between
    original._modules.update(dict.fromkeys({"AuxLogits", "aux1", "aux2"} & original._modules.keys()))
    state = module.state_dict()
    for name, tensor in original.state_dict().items():
        tensor.copy_(state.get(name, tensor))
    image, found = images(network, 2), []
    for made in (original, module.train()):
        torch.manual_seed(0)
        with torch.no_grad():
            found.append(tensors(made(image))[0])
    written, _ = stranger.run(network, image, "train", tmp_path)
    assert same(found[0], found[1]), "module()"
    assert same(found[0], tensors(written)[0]), "the exported Python"
    with torch.no_grad():
        assert not same(found[0], tensors(module.eval()(image))[0])
