"""The one way in: a key of the catalogue, a name of a library, a file, own code, or a live module.

`explorer.open`, the command line and the window all come here; the window adds a process of its own (`Apart`).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explorer.base.atomic_write import MODEL_SUFFIXES
from explorer.base.cancellation import KeepGoing, always
from explorer.base.child_process import ChildError, Limits
from explorer.base.languages import tr, with_label
from explorer.networks import by_name
from explorer.networks.input_spec import InputSpec, parse_inputs, single_input
from explorer.opening import formats
from explorer.opening.errors import CodeConsentRequired, OpeningError

if TYPE_CHECKING:
    from torch import nn

    from explorer.analysis.verification import VerifiedModule
    from explorer.edits import Edit
    from explorer.network import Network
    from explorer.project.opening import OpenModelFile


InputsLike = str | InputSpec | Iterable[str | InputSpec]


@dataclass(frozen=True)
class Apart:
    """Open what is foreign in a process of its own, within limits, until `keep_going` says no."""

    limits: Limits = field(default_factory=Limits)
    keep_going: KeepGoing = always


def open_any(
    source: str | Path | nn.Module,
    *,
    input_shape: tuple[int, ...] | None = None,
    inputs: InputsLike = (),
    options: Mapping[str, Any] | None = None,
    edits: Iterable[Edit] = (),
    seed: int = 0,
    trusted: bool = False,
    apart: Apart | None = None,
) -> Network:
    """Open a network: any key, name, file or module.

        explorer.open("mobilenet_v2", options={"width_mult": 0.5})   # a key of the catalogue
        explorer.open("timm:convnext_atto")                          # a name of timm or torchvision
        explorer.open("model.onnx")                                  # a file: .onnx, .cnnx, .pth, .safetensors
        explorer.open("program.pt2", trusted=True)                   # one that can run code
        explorer.open("net.py:Net", trusted=True, options={"classes": 10})
        explorer.open(torchvision.models.resnet18(), input_shape=(1, 3, 64, 64))

    Args:
        source: what to open; a module keeps its own weights.
        input_shape: (batch, channels, height, width); without one the entry's or file's own, or (1, 3, 224, 224).
        inputs: of a module or of code, in place of `input_shape`: see `explorer.network.open_network`.
        options: of a catalogue entry ({"width_mult": 0.5}), or arguments of what builds the network.
        edits: to make at once.
        seed: of random weights.
        trusted: whether code in `source` may run, with all of the user's rights.
        apart: where and how long foreign files are opened; without it in this process.

    A project whose weights are not there opens with the network's own, and warns; so does a file of weights without
    code that fits several networks.

    Raises:
        UnknownNetwork: no such key; the message names the nearest.
        OpeningError: a file or name that cannot be opened; CodeConsentRequired where code would run untrusted.
        TraceError, ShapeError: the forward cannot be followed, or takes no input of that shape.
        EditError: one of the edits cannot be made.
        Cancelled: `keep_going` returned False.
    """
    from explorer.network import open_network

    if not isinstance(source, (str, Path)):
        return open_network(source, input_shape=input_shape, inputs=inputs, options=options, edits=edits, seed=seed)
    text, arguments = str(source), _Arguments(input_shape, inputs, options, edits, seed, trusted, apart)
    if by_name.is_library_name(text):
        from explorer.project.opening import open_library_network

        return open_library_network(text, input_shape, options, edits, seed)
    if isinstance(source, str) and _is_own_code(text):
        return _open_own(text, arguments)
    if isinstance(source, str) and not _is_path(text):
        return open_network(text, input_shape=input_shape, options=options, edits=edits, seed=seed)
    return _open_file(Path(source), text, arguments)


@dataclass(frozen=True)
class _Arguments:
    """The arguments of `open_any` besides what is opened."""

    input_shape: tuple[int, ...] | None
    inputs: InputsLike
    options: Mapping[str, Any] | None
    edits: Iterable[Edit]
    seed: int
    trusted: bool
    apart: Apart | None


def _open_file(path: Path, text: str, arguments: _Arguments) -> Network:
    from explorer.network import network_from_verified

    found = formats.recognise_format(path)
    if found.kind == "project":
        return _open_project(path, arguments)
    if found.kind == "weights":
        return _open_weights(path, arguments)
    if found.kind == "image":
        raise OpeningError(tr("{file} is an image, not a network", file=path.name))
    if found.kind == "python":
        raise OpeningError(tr('{file} holds code: name its class, as "{name}:Net"', file=path.name, name=text))
    if found.runs_code and not arguments.trusted:
        raise CodeConsentRequired(path, found.name)
    network = network_from_verified(
        _read_model(path, found.kind, arguments), seed=arguments.seed, edits=arguments.edits
    )
    network.context.file = str(path.resolve())
    return network


def _is_path(text: str) -> bool:
    return "/" in text or "\\" in text or Path(text).suffix.lower() in _SUFFIXES or Path(text).is_file()


_SUFFIXES = frozenset({*MODEL_SUFFIXES, ".cnnx", ".json", ".py"})


def _is_own_code(text: str) -> bool:
    """Whether a text is "net.py:Net" or "package.module:make", and not the path of a file with a colon."""
    location, colon, name = text.rpartition(":")
    named = all(part.isidentifier() for part in name.split("."))
    return bool(colon and location) and named and (location.endswith(".py") or _is_module(location))


def _is_module(text: str) -> bool:
    return all(part.isidentifier() for part in text.split("."))


def _open_own(text: str, arguments: _Arguments) -> Network:
    from explorer.networks.user_module import UserModule
    from explorer.project.user_code import open_user_module, open_user_module_apart

    if not arguments.trusted:
        raise CodeConsentRequired(text, tr("code of a network"))
    specs = parse_inputs(arguments.inputs) or single_input(arguments.input_shape or (1, 3, 224, 224))
    own, apart = UserModule(text, dict(arguments.options or {}), specs), arguments.apart
    if apart is None:
        return open_user_module(own, arguments.edits)
    return open_user_module_apart(own, arguments.edits, limits=apart.limits, keep_going=apart.keep_going)


def _open_project(path: Path, arguments: _Arguments) -> Network:
    from explorer.project.opening import open_project
    from explorer.project.weights_file import describe_missing_weights

    open_file = model_file_opener(trusted=arguments.trusted, apart=arguments.apart)
    network, project = open_project(path, trusts_file=arguments.trusted, open_file=open_file)
    if missing := describe_missing_weights(network, project):
        warnings.warn(missing, stacklevel=2)
    return network.edit(*arguments.edits)


def model_file_opener(*, trusted: bool = False, apart: Apart | None = None) -> OpenModelFile:
    """Return what `open_project` opens model files with. `trusted` and `apart` as in `open_any`."""

    def open_file(file: Path, input_shape: tuple[int, ...] | None, inputs: tuple[InputSpec, ...]) -> Network:
        return open_any(file, input_shape=input_shape, inputs=inputs, trusted=trusted, apart=apart)

    return open_file


def _open_weights(path: Path, arguments: _Arguments) -> Network:
    """Open the architecture that a file of weights belongs to, and load them."""
    from explorer.edits import SetClasses
    from explorer.opening.recognition import describe_alike, recognise_weights
    from explorer.weights.checkpoint import read_checkpoint

    known = recognise_weights(read_checkpoint(path), path, arguments.apart.keep_going if arguments.apart else always)
    if known is None:
        raise OpeningError(
            tr(
                "{file} holds weights without code, and they are of no network of the catalogue, of timm or "
                "of torchvision: open the network first, then its weights",
                file=path.name,
            )
        )
    network = open_any(known.source, input_shape=arguments.input_shape)
    classes = network.class_count_in(network.read_weights(path))
    if classes:
        network = network.edit(SetClasses(classes))
    if known.alike:
        warnings.warn(describe_alike(known.alike), stacklevel=2)
    return network.with_weights(replace(network.read_weights(path), alike=known.alike)).edit(*arguments.edits)


def _read_model(path: Path, kind: str, arguments: _Arguments) -> VerifiedModule:
    opener, call = _opener_of(path, kind, arguments)
    apart = arguments.apart
    if apart is None:
        return _call(opener)(*call)
    from explorer.networks.user_module import UserModuleError
    from explorer.project.user_code import open_apart

    try:
        opened = open_apart(opener, call, apart.limits, apart.keep_going)
    except ChildError as failure:
        raise OpeningError(
            tr("{file}: {reason}. Nothing in this window has changed.", file=path.name, reason=failure)
        ) from failure
    except UserModuleError as failure:
        raise OpeningError(str(failure) if path.name in str(failure) else with_label(path.name, failure)) from failure
    if opened is None:
        raise OpeningError(
            tr("{file} holds layers that only its own code knows: open that code, and its weights", file=path.name)
        )
    return opened


def _opener_of(path: Path, kind: str, arguments: _Arguments) -> tuple[str, tuple[Any, ...]]:
    if kind == "onnx":
        return "explorer.opening.onnx_file:open_onnx", (str(path), arguments.input_shape)
    specs = parse_inputs(arguments.inputs)
    return "explorer.opening.code_files:open_code_file", (str(path), kind, path.stem, arguments.input_shape, specs)


def _call(opener: str) -> Callable[..., VerifiedModule]:
    import importlib

    module, _, name = opener.partition(":")
    found: Callable[..., VerifiedModule] = getattr(importlib.import_module(module), name)
    return found
