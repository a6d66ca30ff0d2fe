"""The Python code that opens a network with its edits, to go on in a script."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from explorer.network import Network
from explorer.networks.by_name import is_library_name
from explorer.project.opening import can_run_code, custom_input_shape, custom_inputs


def to_python(network: Network) -> str:
    """Return Python code that opens the network with its applied edits."""
    entry, user_module, edits = network.context.entry, network.context.user_module, network.history.applied_edits
    shape = custom_input_shape(network)
    inputs = [spec.text for spec in custom_inputs(network)]
    lines = ["from explorer.network import open_network"]
    library = user_module is not None and is_library_name(user_module.factory)
    if library:
        lines = ["from explorer.project.opening import open_library_network"]
    elif user_module is not None:
        lines = [
            "from explorer.networks.user_module import UserModule",
            "from explorer.project.user_code import open_user_module",
        ]
    if edits:
        lines.insert(0, f"from explorer.edits import {', '.join(sorted({type(edit).__name__ for edit in edits}))}")
    if user_module is not None and library:
        opening = f"open_library_network({user_module.factory!r}, {shape!r}, {dict(user_module.arguments)!r})"
    elif user_module is not None:
        imported = "parse_inputs" if inputs else "single_input"
        lines.insert(bool(edits), f"from explorer.networks.input_spec import {imported}")
        made = f"parse_inputs({inputs!r})" if inputs else f"single_input({shape!r})"
        opening = f"open_user_module(UserModule({user_module.factory!r}, {dict(user_module.arguments)!r}, {made}))"
    elif network.context.file:
        lines[0 if not edits else 1] = "from explorer.opening.open_any import open_any"
        arguments = [repr(network.context.file)]
        if can_run_code(network.context.file):
            arguments += [f"inputs={inputs!r}" if inputs else f"input_shape={shape!r}", "trusted=True"]
        opening = f"open_any({', '.join(arguments)})"
    else:
        arguments = [repr(entry.key) if entry is not None else "module"]
        if shape is not None:
            arguments.append(f"input_shape={shape!r}")
        if inputs:
            arguments.append(f"inputs={inputs!r}")
        if network.context.options:
            arguments.append(f"options={network.context.options!r}")
        opening = f"open_network({', '.join(arguments)})"
        if entry is None:
            lines += ["", f"# module: your {network.title}"]
    if edits:
        opening += ".edit(\n" + "".join(f"    {_constructor_call(edit)},\n" for edit in edits) + ")"
    return "\n".join([*lines, "", f"network = {opening}"])


def _constructor_call(edit: Any) -> str:
    """Return the call that constructs an edit, without arguments that equal their defaults."""
    arguments = [f"{f.name}={getattr(edit, f.name)!r}" for f in fields(edit) if getattr(edit, f.name) != f.default]
    return f"{type(edit).__name__}({', '.join(arguments)})"
