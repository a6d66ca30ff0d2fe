"""Opening a network again: from a project file, or by generated lines of Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from explorer.base.cancellation import Cancelled, KeepGoing, always
from explorer.base.child_process import Limits
from explorer.edits import Edit
from explorer.network import Network, open_network
from explorer.networks.by_name import build_by_name, is_library_name
from explorer.networks.catalogue import UnknownNetwork
from explorer.networks.input_spec import InputSpec, is_file_source, relocate, single_input
from explorer.networks.user_module import UserModule, is_network_path
from explorer.project.files import Project, ProjectError, ProjectView, read_project


class ConsentRequired(ProjectError):
    """Raised for a project of a user's module: opening it runs the code of `user_module`, once the user consents."""

    def __init__(self, path: str | Path, user_module: UserModule) -> None:
        super().__init__(
            f"{path} is of a network of your own, {user_module.factory}: opening it "
            f"runs that code, so it must be agreed to"
        )
        self.path, self.user_module = str(path), user_module


def build_project(network: Network, view: ProjectView | None = None, folder: Path | None = None) -> Project:
    """Return a network with its edits, also those that can be redone, as a project.

    `folder` is where the file will be: a user's file inside it is named relative to it. Raises ProjectError for a live
    module whose code is unknown.
    """
    entry, user_module, history = network.context.entry, network.context.user_module, network.history
    file = network.context.file
    if entry is None and user_module is None and not file:
        raise ProjectError(
            f"{network.title} was opened as a live module, and a project can only name what makes one: open it with "
            "File › Open module…"
        )
    return Project(
        network=entry.key if entry is not None else "",
        module=_relative_factory(folder, user_module) if user_module is not None else "",
        options=user_module.arguments if user_module is not None else network.context.options,
        input_shape=_custom_input_shape(network),
        inputs=_custom_inputs(network, folder),
        edits=history.edits,
        position=history.position,
        view=view or ProjectView(),
        file=_relative_path(folder, Path(file)) if file else "",
    )


def _relative_path(folder: Path | None, path: Path) -> str:
    """Return a path as a project in a folder names it: relative, where it is inside."""
    path = path.resolve()
    if folder is not None and path.is_relative_to(folder.resolve()):
        path = path.relative_to(folder.resolve())
    return path.as_posix()


def _relative_factory(folder: Path | None, user_module: UserModule) -> str:
    if not user_module.is_file:
        return user_module.factory
    return f"{_relative_path(folder, Path(user_module.location))}:{user_module.name}"


def user_module_of(project: Project, path: str | Path) -> UserModule:
    """Return the user's module that a project file names. Raises ProjectError for a path on another machine."""
    inputs = project.inputs or single_input(project.input_shape or (1, 3, 224, 224))
    inputs = tuple(relocate(spec, Path(path).resolve().parent) for spec in inputs)
    user_module = UserModule(project.module, project.options, inputs)
    files = (spec.source.strip() for spec in project.inputs)
    if is_network_path(user_module.location) or any(map(is_network_path, files)):  # a look would sign in
        raise ProjectError(
            f"{path} is of a network on another machine, {user_module.location}: open it from a copy of yours"
        )
    if user_module.is_file:
        user_module = replace(
            user_module, factory=f"{Path(path).resolve().parent / user_module.location}:{user_module.name}"
        )
    return user_module


def open_project(
    path: str | Path,
    keep_going: KeepGoing = always,
    *,
    trusted: UserModule | None = None,
    limits: Limits | None = None,
    open_file: Callable[[Path], Network] | None = None,
) -> tuple[Network, Project]:
    """Open the network of a project file and apply its edits.

    Args:
        keep_going: called before each edit with the fraction done (0 to 1); False stops with Cancelled.
        trusted: the module that the user has consented to run.
        limits: of a process of its own, in which the module runs; without them it runs in this one.
        open_file: opens a model in another format (`explorer.opening.open_any`).

    Raises:
        ProjectError: the message names the file, the edit that cannot be made, and why.
        ConsentRequired: code would have to run.
        Cancelled: `keep_going` returned False.
    """
    project = read_project(path)
    if is_library_name(project.module):  # code that the user has installed, found by its name alone
        try:
            network = open_library_network(project.module, project.input_shape, project.options)
        except ValueError as failure:
            raise ProjectError(f"{path}: {failure}") from failure
        return _apply_edits(network, project, path, keep_going), project
    if project.file:
        return _apply_edits(_open_model_file(project, path, open_file), project, path, keep_going), project
    if project.module:
        if trusted is None:
            raise ConsentRequired(path, user_module_of(project, path))
        from explorer.project import user_code

        if limits is None:
            network = user_code.open_user_module(trusted)
        else:
            network = user_code.open_user_module_apart(trusted, limits=limits, keep_going=keep_going)
        return _apply_edits(network, project, path, keep_going), project
    try:
        network = open_network(project.network, options=project.options, input_shape=project.input_shape)
    except UnknownNetwork as failure:
        raise ProjectError(f"{path}: {failure.args[0]}") from failure
    except (ValueError, RuntimeError) as failure:
        raise ProjectError(f"{path}: {failure}") from failure
    return _apply_edits(network, project, path, keep_going), project


def _open_model_file(project: Project, path: str | Path, open_file: Callable[[Path], Network] | None) -> Network:
    if is_network_path(project.file):  # a look would sign in
        raise ProjectError(f"{path} is of a model on another machine, {project.file}: open it from a copy of yours")
    if open_file is None:
        raise ProjectError(f"{path} is of a model in another format, {project.file}: use explorer.open")
    try:
        return open_file(Path(path).resolve().parent / project.file)
    except ValueError as failure:
        raise ProjectError(f"{path}: {failure}") from failure


def open_library_network(
    name: str,
    input_shape: tuple[int, ...] | None = None,
    options: Mapping[str, Any] | None = None,
    edits: Iterable[Edit] = (),
    seed: int = 0,
) -> Network:
    """Open a network of an installed library by its name, "timm:convnext_atto", with random weights.

    Raises UserModuleError for a library that is not installed or a name that it does not know.
    """
    module, usual = build_by_name(name, dict(options or {}))
    shape = input_shape or usual
    known = UserModule(name, dict(options or {}), single_input(shape))
    return open_network(module, input_shape=shape, edits=edits, seed=seed, user_module=known)


def _apply_edits(network: Network, project: Project, path: str | Path, keep_going: KeepGoing) -> Network:
    position = 0  # not the project's: an edit that changes nothing (any more) is left out
    for number, edit in enumerate(project.edits, 1):
        if not keep_going((number - 1) / len(project.edits)):
            raise Cancelled
        try:
            network = network.edit(edit)
        except Exception as failure:  # of whatever kind: an edit of a stranger's file may run into anything
            raise ProjectError(f"{path}: edit {number} ({edit.title}) cannot be made: {failure}") from failure
        if number == project.position:
            position = network.history.position
    return replace(network, history=network.history.at_position(position))


def to_python(network: Network) -> str:
    """Return Python code that opens the network with its applied edits."""
    entry, user_module, edits = network.context.entry, network.context.user_module, network.history.applied_edits
    shape = _custom_input_shape(network)
    inputs = [spec.text for spec in _custom_inputs(network)]
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
        opening = f"open_any({network.context.file!r})"
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


def _custom_input_shape(network: Network) -> tuple[int, ...] | None:
    """Return the shape of the image a network was opened with; None where it is its entry's, or where it takes anything
    but one image."""
    entry, shape = network.context.entry, network.baseline.architecture.input_shape
    if entry is not None:
        return None if shape == (1, *entry.input_size) else shape
    return None if _custom_inputs(network) else shape


def _custom_inputs(network: Network, folder: Path | None = None) -> tuple[InputSpec, ...]:
    """Return the inputs of a module that takes anything but one image; files inside a folder are named relative to
    it."""
    inputs = network.context.inputs
    if len(inputs) == 1 and inputs == single_input(inputs[0].shape) and len(inputs[0].shape) == 4:
        return ()
    return tuple(_relative_file(spec, folder) for spec in inputs)


def _relative_file(spec: InputSpec, folder: Path | None) -> InputSpec:
    if spec.is_plain or not is_file_source(spec.source):
        return spec
    path = Path(spec.source).expanduser().resolve()
    if folder is not None and path.is_relative_to(folder.resolve()):
        path = path.relative_to(folder.resolve())
    return replace(spec, source=path.as_posix())
