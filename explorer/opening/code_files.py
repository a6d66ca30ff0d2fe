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
from explorer.base.languages import join_list, tr
from explorer.graph.call_arguments import required_parameters
from explorer.networks.input_spec import InputSpec, single_input
from explorer.opening.aten_graph import open_program, open_script, program_inputs
from explorer.opening.errors import OpeningError

Sides = tuple[int, ...]
InputSpecs = tuple[InputSpec, ...]


def open_code_file(
    path: str,
    kind: str,
    title: str,
    input_shape: tuple[int, ...] | None = None,
    inputs: tuple[InputSpec, ...] = (),
) -> VerifiedModule:
    """Open a file of a format that can run code. Only after consent.

    Args:
        kind: of `formats.Format`.
        inputs: what its forward takes, in place of `input_shape`; an exported program knows it itself.

    Raises:
        OpeningError: it cannot be read, or holds no module.
        TraceError: it fails on an input of that shape.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is deprecated, which is no news to who opens such a file
        return _OPENERS[kind](path, title, input_shape, inputs)


def _open_exported(path: str, title: str, input_shape: Sides | None, inputs: InputSpecs) -> VerifiedModule:
    program = torch.export.load(path)
    return open_program(program, _example_of(program, input_shape), title)


def _open_script(path: str, title: str, input_shape: Sides | None, inputs: InputSpecs) -> VerifiedModule:
    load: Any = torch.jit.load
    module: nn.Module = load(path, map_location="cpu").eval()
    if len(inputs) > 1 or len(required_parameters(module)) != 1:
        return open_verified(module, inputs or (single_input(input_shape) if input_shape else ()))
    own = (InputSpec("", input_shape or (1, 3, 224, 224), _name_of(_dtype_of(module))),)
    example = positional_example(inputs or own)
    name = getattr(module, "original_name", "") or title
    return open_script(module, example, name)


def _open_pickled(path: str, title: str, input_shape: Sides | None, inputs: InputSpecs) -> VerifiedModule:
    content = torch.load(path, map_location="cpu", weights_only=False)
    module = _find_module(content)
    if module is None:
        raise OpeningError(tr("the file holds no torch.nn.Module but {kind}", kind=type(content).__name__))
    return open_verified(module, inputs or (single_input(input_shape) if input_shape else ()))


def _find_module(content: Any) -> nn.Module | None:
    if isinstance(content, nn.Module):
        return content
    held = content.values() if isinstance(content, dict) else ()
    return next((value for value in held if isinstance(value, nn.Module)), None)


def _example_of(program: Any, input_shape: Sides | None) -> Example:
    """Inputs of the shapes that the program was exported for; `input_shape` in place of that of a single one."""
    values = program_inputs(program)
    if not values or not all(isinstance(value, torch.Tensor) for value in values.values()):
        raise OpeningError(tr("the program takes other inputs than tensors: {names}", names=join_list(values)))
    specs = []
    for name, value in values.items():
        shape = tuple(side if isinstance(side, int) else int(side.node.hint or 2) for side in value.shape)
        single = len(values) == 1
        given = input_shape if single and input_shape else shape
        specs.append(InputSpec("" if single else name, given, _name_of(value.dtype)))
    return positional_example(tuple(specs))


def _name_of(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _dtype_of(module: nn.Module) -> torch.dtype:
    return next((p.dtype for p in module.parameters() if p.dtype.is_floating_point), torch.float32)


_OPENERS = {"exported": _open_exported, "script": _open_script, "pickled": _open_pickled}
