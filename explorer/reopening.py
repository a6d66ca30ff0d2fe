"""What opens a network again: a project's file, or lines of Python."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from explorer.network import Network, open_network
from explorer.networks.catalogue import UnknownNetwork
from explorer.project import Project, ProjectError, View, read_project
from explorer.wanted import Cancelled, Wanted, always


def project_of(network: Network, view: View | None = None, module: str = "") -> Project:
    """A network and its edits, those that can be redone too, as data.

    `module` says where a network that is not of the catalogue comes from: "package.module:callable".
    """
    entry, history = network.origin.entry, network.history
    if entry is None and not module:
        raise ProjectError(f'{network.title} is a module of your own: say what makes it, as "package.module:callable"')
    return Project(
        network=entry.key if entry is not None else "",
        module=module if entry is None else "",
        options=network.origin.options,
        input_shape=_own_shape(network),
        edits=history.edits,
        position=history.position,
        view=view or View(),
    )


def open_project(path: str | Path, wanted: Wanted = always) -> tuple[Network, Project]:
    """Open the network of a project's file with its edits made.

    `wanted` is asked before each edit with the part that is done; when it says no, this stops with Cancelled. Raises
    ProjectError, which names the file, the edit that cannot be made, and why.
    """
    project = read_project(path)
    if project.module:
        package, _, name = project.module.partition(":")
        raise ProjectError(
            f"{path} is of a module of your own, {project.module}, and opening a file runs no code. In Python: from "
            f"{package} import {name.split('.')[0]}; from explorer.project import read_edits; explorer.open({name}(), "
            f'edits=read_edits("{Path(path).name}"))'
        )
    try:
        network = open_network(project.network, options=project.options, input_shape=project.input_shape)
    except UnknownNetwork as failure:
        raise ProjectError(f"{path}: {failure.args[0]}") from failure
    except (ValueError, RuntimeError) as failure:
        raise ProjectError(f"{path}: {failure}") from failure
    return _with_edits(network, project, path, wanted), project


def _with_edits(network: Network, project: Project, path: str | Path, wanted: Wanted) -> Network:
    position = 0  # not the project's: an edit that changes nothing (any more) is left out
    for number, edit in enumerate(project.edits, 1):
        if not wanted((number - 1) / len(project.edits)):
            raise Cancelled
        try:
            network = network.edit(edit)
        except Exception as failure:  # of whatever kind: an edit of a stranger's file may run into anything
            raise ProjectError(f"{path}: edit {number} ({edit.title}) cannot be made: {failure}") from failure
        if number == project.position:
            position = network.history.position
    return replace(network, history=network.history.at(position))


def as_python(network: Network) -> str:
    """Lines that open the network with the edits in force."""
    entry, edits = network.origin.entry, network.history.in_force
    arguments = [repr(entry.key) if entry is not None else "module"]
    shape = network.baseline.architecture.input_shape if entry is None else _own_shape(network)
    if shape is not None:
        arguments.append(f"input_shape={shape!r}")
    if network.origin.options:
        arguments.append(f"options={network.origin.options!r}")
    lines = ["from explorer.network import open_network"]
    if edits:
        lines.insert(0, f"from explorer.edits import {', '.join(sorted({type(edit).__name__ for edit in edits}))}")
    if entry is None:
        lines += ["", f"# module: your {network.title}"]
    opening = f"network = open_network({', '.join(arguments)})"
    if edits:
        opening += ".edit(\n" + "".join(f"    {_call(edit)},\n" for edit in edits) + ")"
    return "\n".join([*lines, "", opening])


def _call(edit: Any) -> str:
    """The call that makes an edit; what is as usual is left out."""
    said = [f"{f.name}={getattr(edit, f.name)!r}" for f in fields(edit) if getattr(edit, f.name) != f.default]
    return f"{type(edit).__name__}({', '.join(said)})"


def _own_shape(network: Network) -> tuple[int, ...] | None:
    """The shape a network was opened with, where it is not its entry's."""
    entry, shape = network.origin.entry, network.baseline.architecture.input_shape
    return None if entry is not None and shape == (1, *entry.input_size) else shape
