"""Files that can run code of whoever made them: exported programs, TorchScript, pickled modules.

None of these is safe to read. `torch.export.load` unpickles (its documentation says so, and it falls back to
`weights_only=False` where safe loading fails), a pickle is code, and a TorchScript program is a program, though one
without Python. So they are opened after consent only, and in a process of its own: `open_code_file` runs in the child.
"""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import nn

from explorer.analysis.example_inputs import Example, positional_example
from explorer.analysis.verification import VerifiedModule, open_verified
from explorer.base.languages import tr
from explorer.networks.input_spec import InputSpec, single_input
from explorer.opening.aten_graph import open_program, script_to_program
from explorer.opening.errors import OpeningError


def open_code_file(path: str, kind: str, title: str, input_shape: tuple[int, ...] | None = None) -> VerifiedModule:
    """Open a file of a format that can run code. Only after consent.

    Args:
        kind: of `formats.Format`.

    Raises:
        OpeningError: it cannot be read, or holds no module.
        TraceError: it fails on an input of that shape.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is deprecated, which is no news to who opens such a file
        return _OPENERS[kind](path, title, input_shape)


def _open_exported(path: str, title: str, input_shape: tuple[int, ...] | None) -> VerifiedModule:
    program = torch.export.load(path)
    return open_program(program, _example_of(program, input_shape), title)


def _open_script(path: str, title: str, input_shape: tuple[int, ...] | None) -> VerifiedModule:
    load: Any = torch.jit.load
    module: nn.Module = load(path, map_location="cpu").eval()
    shape = input_shape or (1, 3, 224, 224)
    example = positional_example((InputSpec("", shape, _name_of(_dtype_of(module))),))
    name = getattr(module, "original_name", "") or title
    parameters = [path for path, _ in module.named_parameters()]
    return open_program(script_to_program(module, example.main), example, name, parameters)


def _open_pickled(path: str, title: str, input_shape: tuple[int, ...] | None) -> VerifiedModule:
    content = torch.load(path, map_location="cpu", weights_only=False)
    module = _find_module(content)
    if module is None:
        raise OpeningError(tr("the file holds no torch.nn.Module but {kind}", kind=type(content).__name__))
    return open_verified(module, single_input(input_shape) if input_shape else ())


def _find_module(content: Any) -> nn.Module | None:
    if isinstance(content, nn.Module):
        return content
    held = content.values() if isinstance(content, dict) else ()
    return next((value for value in held if isinstance(value, nn.Module)), None)


def _example_of(program: Any, input_shape: tuple[int, ...] | None) -> Example:
    """An input of the shape that the program was exported for."""
    inputs = [spec.arg.name for spec in program.graph_signature.input_specs if spec.kind.name == "USER_INPUT"]
    if len(inputs) != 1:
        raise OpeningError(
            tr(
                "the program takes {count} inputs ({names}); one is needed",
                count=len(inputs),
                names=", ".join(map(str, inputs)),
            )
        )
    node = next(node for node in program.graph.nodes if node.name == inputs[0])
    value = node.meta["val"]
    shape = input_shape or tuple(side if isinstance(side, int) else int(side.node.hint or 2) for side in value.shape)
    return positional_example((InputSpec("", shape, _name_of(value.dtype)),))


def _name_of(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _dtype_of(module: nn.Module) -> torch.dtype:
    return next((p.dtype for p in module.parameters() if p.dtype.is_floating_point), torch.float32)


_OPENERS = {"exported": _open_exported, "script": _open_script, "pickled": _open_pickled}
