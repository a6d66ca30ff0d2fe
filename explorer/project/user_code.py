"""Running the user's own code: a file or package that builds a network, with all the user's rights.

The only place that does so; called for code the user has named, or consented to when a project named it.

The window opens such code with `open_user_module_apart`: it is imported, built, run and captured in a process of its
own, and what comes back is the graph as data and the weights in a file. Only where a graph holds layers of classes that
no other process knows is the code run here too, after it has come back sane from there, and what it does to torch's
global state is undone. The command line and the API are processes of the user's own and call `open_user_module`.
"""

from __future__ import annotations

import importlib
import inspect
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from explorer.analysis.figures.shape_inference import ShapeError
from explorer.analysis.module_twin import advice_on
from explorer.analysis.verification import VerifiedModule, open_verified
from explorer.base.cancellation import KeepGoing, always
from explorer.base.child_process import ChildError, ChildFailure, Limits, clip, run_in_child
from explorer.base.languages import join_arguments, join_sentences, join_with_and, tr
from explorer.edits import Edit
from explorer.graph.missing_devices import on_processor
from explorer.graph.trace import TraceError
from explorer.graph.transport import TransportError, snapshot_from_bytes, snapshot_to_bytes
from explorer.network import Network, network_from_verified
from explorer.networks.arguments import suggest_arguments
from explorer.networks.input_spec import InputError
from explorer.networks.user_module import UserModule, UserModuleError
from explorer.project.code_import import import_module

#: What a child may raise that callers tell apart.
_KNOWN_FAILURES: dict[str, type[ValueError]] = {
    "ShapeError": TraceError,
    "TraceError": TraceError,
    "InputError": InputError,
}


def open_user_module(user_module: UserModule, edits: Iterable[Edit] = ()) -> Network:
    """Run the code that builds the network in this process, and open it with its own weights. Only for trusted code.

    Raises:
        UserModuleError: the code is not there, fails, or builds no module; the message names the line.
        InputError: an input cannot be made, or the forward has none of that name.
        TraceError, ShapeError: its forward cannot be followed, or takes no input of that shape.
        EditError: an edit cannot be made.
    """
    return _network(_open_here(user_module), user_module, edits)


def open_user_module_apart(
    user_module: UserModule,
    edits: Iterable[Edit] = (),
    *,
    limits: Limits | None = None,
    keep_going: KeepGoing = always,
) -> Network:
    """Do as `open_user_module` does, with the code in a process of its own, which `keep_going` ends at once.

    Raises UserModuleError also for code that reaches a limit or ends its process, and Cancelled.
    """
    arguments = ("explorer.project.user_code:_open_here", (user_module,))
    try:
        opened = open_apart(*arguments, limits, keep_going)
    except ChildError as failure:
        raise UserModuleError(
            tr("{factory}: {reason}. Nothing in this window has changed.", factory=user_module.factory, reason=failure)
        ) from failure
    if opened is None:
        opened = _open_here(user_module)
    return _network(opened, user_module, edits)


def _network(opened: VerifiedModule, user_module: UserModule, edits: Iterable[Edit]) -> Network:
    """The network of what was opened; what is noted of its code says which inputs it takes."""
    return network_from_verified(opened, user_module=replace(user_module, inputs=opened.inputs), edits=edits)


def open_apart(
    opener: str, arguments: tuple[Any, ...], limits: Limits | None = None, keep_going: KeepGoing = always
) -> VerifiedModule | None:
    """Let a function that returns a `VerifiedModule` ("package.module:function") run in a process of its own.

    Returns None where what it opened, though sane, is only known to the code that made it.

    Raises:
        TraceError: the module cannot be followed, or takes no input of that shape.
        UserModuleError: for anything else that the function raises.
        ChildError: it reached a limit, or ended its process.
        Cancelled: `keep_going` returned False.
    """
    with tempfile.TemporaryDirectory(prefix="cnn-explorer-") as folder:
        try:
            travelled = run_in_child(f"{__name__}:_open_and_write", (opener, arguments, folder), limits, keep_going)
        except ChildFailure as failure:
            raise _KNOWN_FAILURES.get(failure.kind, UserModuleError)(str(failure)) from failure
        if not travelled:
            return None
        try:
            architecture, verification, inputs = snapshot_from_bytes(Path(folder, "graph").read_bytes())
            tensors = torch.load(Path(folder, "tensors"), weights_only=True)
        except (OSError, RuntimeError, TransportError) as failure:
            raise ChildError(tr("what it sent back cannot be read ({reason})", reason=clip(str(failure)))) from failure
    return VerifiedModule(architecture, tensors, None, verification, inputs)


def _open_and_write(opener: str, arguments: tuple[Any, ...], folder: str) -> bool:
    """Run in the child: open, and write graph and weights into a folder. Return whether they could be written."""
    module, _, name = opener.partition(":")
    opened: VerifiedModule = getattr(importlib.import_module(module), name)(*arguments)
    try:
        content = snapshot_to_bytes((opened.architecture, opened.verification, opened.inputs))
    except TransportError:
        return False
    Path(folder, "graph").write_bytes(content)
    torch.save({name: tensor.detach() for name, tensor in opened.tensors.items()}, Path(folder, "tensors"))
    return True


def _open_here(user_module: UserModule) -> VerifiedModule:
    with _torch_state_restored(), _report_user_errors(user_module), on_processor():
        sys.argv[:] = [user_module.location]  # arguments of the command line are ours, not those of its own parser
        imported = import_module(user_module)
        opened = open_verified(_build(user_module, imported.module), user_module.inputs)
    if not imported.is_part:
        return opened
    return replace(opened, verification=replace(opened.verification, part_of=Path(user_module.location).name))


def _build(user_module: UserModule, module: ModuleType) -> nn.Module:
    built: Any = module
    for part in user_module.name.split("."):
        if not hasattr(built, part):
            raise UserModuleError(tr("{location} has no {name}", location=user_module.location, name=user_module.name))
        built = getattr(built, part)
    if callable(built) and not isinstance(built, nn.Module):
        _check_arguments(built, user_module)
        built = built(**user_module.arguments)
    if not isinstance(built, nn.Module):
        raise UserModuleError(
            tr("{factory} makes no torch.nn.Module but {kind}", factory=user_module.factory, kind=type(built).__name__)
        )
    return built


def _check_arguments(builder: Callable[..., Any], user_module: UserModule) -> None:
    """Raise UserModuleError, with the way out, where an argument is missing or there is none of that name."""
    try:
        signature = inspect.signature(builder)
    except (TypeError, ValueError):
        return
    named = {name for name, p in signature.parameters.items() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    takes_any = any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())
    unknown = [name for name in user_module.arguments if name not in named and not takes_any]
    missing = [
        name
        for name, p in signature.parameters.items()
        if name in named and p.default is p.empty and name not in user_module.arguments
    ]
    written = clip(f"{user_module.name}{signature}")
    if unknown:
        raise UserModuleError(
            tr("{written} has no argument {unknown}", written=written, unknown=join_with_and(list(unknown)))
        )
    if missing:
        likely = suggest_arguments(missing, signature.parameters)
        raise UserModuleError(
            tr(
                "{written} cannot be built without arguments: give {example}, with the values that it is made for",
                written=written,
                example=join_arguments(f"{name}={value or '…'}" for name, value in likely.items()),
            )
        )


@contextmanager
def _torch_state_restored() -> Iterator[None]:
    """Undo what the code sets for the whole process: it would change every network that is opened later."""
    getters: tuple[tuple[Callable[[], Any], Callable[[Any], Any]], ...] = (
        (torch.get_default_dtype, torch.set_default_dtype),
        (lambda: torch.utils._device.CURRENT_DEVICE, torch.set_default_device),
        (torch.is_grad_enabled, torch.set_grad_enabled),
        (torch.get_num_threads, torch.set_num_threads),
        (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
        (torch.are_deterministic_algorithms_enabled, torch.use_deterministic_algorithms),
        (torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly),
        (torch.get_rng_state, torch.set_rng_state),
        (os.getcwd, os.chdir),
        (lambda: list(sys.path), lambda paths: sys.path.__setitem__(slice(None), paths)),
        (lambda: list(sys.argv), lambda words: sys.argv.__setitem__(slice(None), words)),
        (sys.getrecursionlimit, sys.setrecursionlimit),
    )
    before = [(put, get(), get) for get, put in getters]
    try:
        yield
    finally:
        for put, value, get in before:
            if isinstance(value, torch.Tensor) or get() != value:
                put(value)


@contextmanager
def _report_user_errors(user_module: UserModule) -> Iterator[None]:
    """Turn whatever the user's code raises into a UserModuleError that names the line of the user's file."""
    try:
        yield
    except (UserModuleError, TraceError, ShapeError, InputError):
        raise
    except (Exception, SystemExit, GeneratorExit) as failure:
        message = clip(f"{type(failure).__name__}: {failure}" if str(failure) else type(failure).__name__)
        lines = traceback.extract_tb(failure.__traceback__)
        if isinstance(failure, SystemExit) and any(Path(line.filename).name == "argparse.py" for line in lines):
            message = tr(
                "it reads the command line when it is imported, and has to be told something there. Move that below "
                "{line}",
                line='if __name__ == "__main__":',
            )
        if advice := advice_on(failure):
            message = join_sentences((tr("{text}.", text=message.rstrip(".。")), advice))
        user_lines = [
            line
            for line in lines
            if user_module.is_file and Path(line.filename).name == Path(user_module.location).name
        ]
        factory = user_module.factory
        if user_lines:
            line = user_lines[-1].lineno
            raise UserModuleError(
                tr("{factory} failed, line {line}: {reason}", factory=factory, line=line, reason=message)
            ) from failure
        raise UserModuleError(tr("{factory} failed: {reason}", factory=factory, reason=message)) from failure
