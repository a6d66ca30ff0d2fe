"""Networks of timm and torchvision, opened and exported: `python -m tests.export.zoo [--onnx] [NAME …]` prints a table.

Without names, one network of each family of timm and all small ones of torchvision; with `--all`, every network with
fewer than 60 million parameters, which takes hours. A name is `timm:NAME` or `torchvision:NAME`.
"""

from __future__ import annotations

import argparse
import signal
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import nn

import explorer
from explorer.base.memo import clear_all
from explorer.export.page import ExportError
from explorer.graph.arguments import tensors_in
from explorer.graph.trace import TraceError
from explorer.network import Network

#: Larger ones are left out: nothing about their exports differs but the time.
MAX_PARAMS = 60_000_000
_SECONDS = 400


@dataclass
class Outcome:
    """What became of one network: of each step "equal", or in words what went wrong."""

    name: str
    steps: dict[str, str] = field(default_factory=dict)

    @property
    def is_truthful(self) -> bool:
        """Whether each step was equal, or refused with a reason."""
        return all(step == "equal" or step.startswith("refused: ") for step in self.steps.values())

    def __str__(self) -> str:
        wrong = "; ".join(f"{step} {text}" for step, text in self.steps.items() if text != "equal")
        return f"{self.name:44} {wrong or 'equal: ' + ', '.join(self.steps)}"


def build(name: str) -> tuple[nn.Module, tuple[int, ...]]:
    """Return the network of that name with fresh weights, and the shape of its input."""
    zoo, _, key = name.partition(":")
    torch.manual_seed(0)
    if zoo == "torchvision":
        import torchvision

        return torchvision.models.get_model(key, weights=None).eval(), (1, 3, 224, 224)
    import timm

    model: Any = timm.create_model(key, pretrained=False).eval()
    return model, (1, *model.pretrained_cfg["input_size"])


def names(*, every: bool) -> list[str]:
    """Names of networks with less than `MAX_PARAMS` parameters: all, or of timm one of each family."""
    import timm
    import torchvision

    models = torchvision.models
    found = [f"torchvision:{n}" for n in models.list_models(module=models) if _is_small(f"torchvision:{n}")]
    families: dict[str, list[str]] = {}
    for name in timm.list_models():
        families.setdefault(timm.models.model_entrypoint(name).__module__, []).append(name)
    for members in families.values():
        small = (f"timm:{name}" for name in sorted(members, key=len) if _is_small(f"timm:{name}"))
        found += list(small) if every else [name for _, name in zip(range(1), small, strict=False)]
    return found


def _is_small(name: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torchvision's on how some of its networks draw their weights
        try:
            with torch.device("meta"):
                return sum(p.numel() for p in build(name)[0].parameters()) < MAX_PARAMS
        except Exception:  # one that cannot be built without numbers
            return sum(p.numel() for p in build(name)[0].parameters()) < MAX_PARAMS


def try_network(name: str, *, onnx: bool) -> Outcome:
    """Open a network, write it as Python (and ONNX), run what was written, and compare with the module itself."""
    outcome = Outcome(name)
    module, shape = build(name)
    torch.manual_seed(1)
    image = torch.randn(shape)
    with torch.no_grad():
        expected = module(image.clone())
    opened: list[Network] = []

    def open_it() -> str:
        opened.append(explorer.open(module, input_shape=shape))
        verification = opened[0].verification
        assert verification is not None
        return "equal" if verification.status == "equal" else verification.text

    _step(outcome, "open", open_it)
    if not opened:
        return outcome
    with tempfile.TemporaryDirectory() as folder:
        _step(outcome, "py", lambda: _compare(_run_python(opened[0], Path(folder), image), expected, 1e-4))
        if onnx:
            _step(outcome, "onnx", lambda: _compare(_run_onnx(opened[0], Path(folder), image), expected, 1e-3))
    return outcome


def _step(outcome: Outcome, step: str, run: Callable[[], str]) -> None:
    try:
        with _time_limit(_SECONDS):
            outcome.steps[step] = run()
    except (ExportError, TraceError) as refusal:
        outcome.steps[step] = f"refused: {str(refusal)[:300]}"
    except Exception as failure:
        outcome.steps[step] = f"{type(failure).__name__}: {str(failure)[:300]}"


def _run_python(network: Network, folder: Path, image: torch.Tensor) -> Any:
    explorer.save_network(network, folder / "net.py")
    held: dict[str, Any] = {"__name__": "written"}
    exec(compile((folder / "net.py").read_text(encoding="utf-8"), "net.py", "exec"), held)
    *_, cls = (v for v in held.values() if isinstance(v, type) and v.__module__ == "written")
    written = cls().eval()
    explorer.save_network(network, folder / "net.safetensors")
    written.load_state_dict(load_file(folder / "net.safetensors"))
    with torch.no_grad():
        return written(image.clone())


def _run_onnx(network: Network, folder: Path, image: torch.Tensor) -> Any:
    import onnxruntime

    explorer.save_network(network, folder / "net.onnx")
    session = onnxruntime.InferenceSession(str(folder / "net.onnx"), providers=["CPUExecutionProvider"])
    return [torch.as_tensor(value) for value in session.run(None, {session.get_inputs()[0].name: image.numpy()})]


def _compare(value: Any, expected: Any, tolerance: float) -> str:
    ours, theirs = list(tensors_in(value)), list(tensors_in(expected))
    if [t.shape for t in ours] != [t.shape for t in theirs]:
        return f"SILENT: shapes {[tuple(t.shape) for t in ours]}, not {[tuple(t.shape) for t in theirs]}"
    pairs = zip(ours, theirs, strict=True)
    worst = max(float((a - b).abs().max()) / max(float(b.abs().max()), 1e-12) for a, b in pairs)
    return "equal" if worst <= tolerance else f"SILENT: differs by {worst:.2g}"


@contextmanager
def _time_limit(seconds: int) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def main() -> None:
    """Print what became of each network."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--onnx", action="store_true")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    counts: dict[str, int] = {}
    for name in arguments.names or names(every=arguments.all):
        start = time.perf_counter()
        outcome = try_network(name, onnx=arguments.onnx)
        for step, text in outcome.steps.items():
            kind = text.partition(":")[0] if text != "equal" else "equal"
            counts[f"{step} {kind}"] = counts.get(f"{step} {kind}", 0) + 1
        print(f"{time.perf_counter() - start:5.0f} s  {outcome}", flush=True)
        clear_all()
    print(counts)


if __name__ == "__main__":
    main()
