"""Opening a network again: from a project file, or by generated lines of Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from explorer.analysis.verification import VerifiedModule, open_verified
from explorer.base.cancellation import Cancelled, KeepGoing, always
from explorer.base.child_process import Limits
from explorer.base.languages import tr, with_label
from explorer.design import NetworkDesign, build_design, find_design
from explorer.edits import Edit
from explorer.network import Network, network_from_verified, open_network, open_seeded
from explorer.networks.by_name import DESIGNS, build_by_name, is_library_name
from explorer.networks.catalogue import UnknownNetwork
from explorer.networks.input_spec import InputSpec, is_file_source, relocate, single_input
from explorer.networks.user_module import UserModule, is_network_path
from explorer.project.errors import ProjectError
from explorer.project.files import read_project, relative_to_folder
from explorer.project.project import Project, ProjectView
from explorer.project.weights_file import name_weights, with_project_weights

#: Opens the model in a file, on an image of that shape or on these inputs.
OpenModelFile = Callable[[Path, tuple[int, ...] | None, tuple[InputSpec, ...]], Network]


class ConsentRequired(ProjectError):
    """Raised for a project of a user's module: opening it runs the code of `user_module`, once the user consents."""

    def __init__(self, path: str | Path, user_module: UserModule) -> None:
        super().__init__(
            tr(
                "{path} is of a network of your own, {factory}: opening it runs that code, so it must be agreed to",
                path=path,
                factory=user_module.factory,
            )
        )
        self.path, self.user_module = str(path), user_module


class ModelConsentRequired(ProjectError):
    """Raised for a project of a model in `file`, whose format can run code: opening it has to be agreed to."""

    def __init__(self, path: str | Path, file: Path) -> None:
        super().__init__(
            tr(
                "{path} is of the model {file}, which can run code of whoever made it: open it only if you trust where "
                "it comes from",
                path=path,
                file=file,
            )
        )
        self.path, self.file = str(path), file


def build_project(network: Network, view: ProjectView | None = None, folder: Path | None = None) -> Project:
    """Return a network with its edits, also those that can be redone, as a project.

    `folder` is where the file will be: a user's file inside it is named relative to it. Raises ProjectError for a live
    module whose code is unknown.
    """
    entry, user_module, history = network.context.entry, network.context.user_module, network.history
    file = network.context.file
    if entry is None and user_module is None and not file:
        raise ProjectError(
            tr(
                "{title} was opened as a live module, and a project can only name what makes one: "
                "open it with File › Open module…",
                title=network.title,
            )
        )
    return Project(
        network=entry.key if entry is not None else "",
        module=_relative_factory(folder, user_module) if user_module is not None else "",
        options=user_module.arguments if user_module is not None else network.context.options,
        input_shape=custom_input_shape(network),
        inputs=custom_inputs(network, folder),
        edits=history.edits,
        position=history.position,
        view=view or ProjectView(),
        file=relative_to_folder(folder, Path(file)) if file else "",
        weights=name_weights(network, folder),
    )


def _relative_factory(folder: Path | None, user_module: UserModule) -> str:
    if not user_module.is_file:
        return user_module.factory
    return f"{relative_to_folder(folder, Path(user_module.location))}:{user_module.name}"


def user_module_of(project: Project, path: str | Path) -> UserModule:
    """Return the user's module that a project file names. Raises ProjectError for a path on another machine."""
    inputs = project.inputs or single_input(project.input_shape or (1, 3, 224, 224))
    inputs = tuple(relocate(spec, Path(path).resolve().parent) for spec in inputs)
    user_module = UserModule(project.module, project.options, inputs)
    files = (spec.source.strip() for spec in project.inputs)
    if is_network_path(user_module.location) or any(map(is_network_path, files)):  # a look would sign in
        raise ProjectError(
            tr(
                "{path} is of a network on another machine, {location}: open it from a copy of yours",
                path=path,
                location=user_module.location,
            )
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
    trusts_file: bool = False,
    open_file: OpenModelFile | None = None,
) -> tuple[Network, Project]:
    """Open the network of a project file, apply its edits, and give it the weights that the project names. Where these
    cannot be read any more it keeps its own: `describe_missing_weights` says so.

    Args:
        keep_going: called before each edit with the fraction done (0 to 1); False stops with Cancelled.
        trusted: the module that the user has consented to run.
        limits: of a process of its own, in which the module runs; without them it runs in this one.
        trusts_file: whether the user has consented to open a model whose format can run code.
        open_file: opens a model in another format, on the inputs of the project (`explorer.opening.open_any`).

    Raises:
        ProjectError: the message names the file, the edit that cannot be made, and why.
        ConsentRequired, ModelConsentRequired: code would have to run.
        Cancelled: `keep_going` returned False.
    """
    project = read_project(path)
    if is_library_name(project.module):  # code that the user has installed, found by its name alone
        try:
            network = open_library_network(project.module, project.input_shape, project.options)
        except ValueError as failure:
            raise ProjectError(with_label(path, failure)) from failure
        return _apply_edits(network, project, path, keep_going), project
    if project.file:
        return _apply_edits(_open_model_file(project, path, open_file, trusts_file), project, path, keep_going), project
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
        raise ProjectError(with_label(path, failure.args[0])) from failure
    except (ValueError, RuntimeError) as failure:
        raise ProjectError(with_label(path, failure)) from failure
    return _apply_edits(network, project, path, keep_going), project


def can_run_code(file: str | Path) -> bool:
    """Return whether a model that a project names can run code of whoever made it: all but ONNX."""
    return Path(file).suffix.lower() != ".onnx"


def _open_model_file(project: Project, path: str | Path, open_file: OpenModelFile | None, trusts_file: bool) -> Network:
    if is_network_path(project.file):  # a look would sign in
        raise ProjectError(
            tr(
                "{path} is of a model on another machine, {file}: open it from a copy of yours",
                path=path,
                file=project.file,
            )
        )
    if open_file is None:
        raise ProjectError(
            tr("{path} is of a model in another format, {file}: use explorer.open", path=path, file=project.file)
        )
    file = Path(path).resolve().parent / project.file
    if can_run_code(file) and not trusts_file:
        raise ModelConsentRequired(path, file)
    inputs = tuple(relocate(spec, Path(path).resolve().parent) for spec in project.inputs)
    try:
        return open_file(file, project.input_shape, inputs)
    except ValueError as failure:
        raise ProjectError(with_label(path, failure)) from failure


def open_library_network(
    name: str,
    input_shape: tuple[int, ...] | None = None,
    options: Mapping[str, Any] | None = None,
    edits: Iterable[Edit] = (),
    seed: int = 0,
) -> Network:
    """Open a network of an installed library by its name, "timm:convnext_atto", with random weights; or a design,
    "design:lenet_5", some of whose values are given as options.

    Raises UserModuleError for a library that is not installed or a name that it does not know, DesignError for a design
    that cannot be built.
    """
    library, _, key = name.partition(":")
    if library == DESIGNS:
        design = find_design(key, options)
        return open_design(design, edits, seed, input_shape)
    module, usual = build_by_name(name, dict(options or {}))
    shape = input_shape or usual
    known = UserModule(name, dict(options or {}), single_input(shape))
    opened = open_verified(module, single_input(shape))
    opened = replace(opened, architecture=opened.architecture.with_title(key))
    if _is_first_drawn(opened, options or {}):
        opened = replace(opened, tensors={})  # seeded ones instead, which tell photos apart
    return network_from_verified(opened, edits=edits, seed=seed, user_module=known)


def _is_first_drawn(opened: VerifiedModule, options: Mapping[str, Any]) -> bool:
    """Whether a library's network has weights that say nothing yet, all of them in layers that are known here."""
    if any(word in name for name in options for word in ("weight", "pretrained", "checkpoint")):
        return False
    layers = [node.layer for node in opened.architecture.live.values() if node.layer is not None]
    known = all(type(layer).__module__.startswith(("torch.nn.modules.", "torchvision.")) for layer in layers)
    return known and opened.verification.status == "equal"


def open_design(
    design: NetworkDesign, edits: Iterable[Edit] = (), seed: int = 0, input_shape: tuple[int, ...] | None = None
) -> Network:
    """Open the network of a design, called as the design is, with seeded weights; a project will hold it as plain
    values. Raises DesignError."""
    shape = input_shape or (1, *design.input_size)
    known = UserModule(f"{DESIGNS}:network", design.to_options(), single_input(shape))
    return open_seeded(build_design(design), shape, title=design.title, seed=seed, user_module=known, edits=edits)


def _apply_edits(network: Network, project: Project, path: str | Path, keep_going: KeepGoing) -> Network:
    position = 0  # not the project's: an edit that changes nothing (any more) is left out
    given = network  # as it was when it was given its weights
    for number, edit in enumerate(project.edits, 1):
        if not keep_going((number - 1) / len(project.edits)):
            raise Cancelled
        try:
            network = network.edit(edit)
        except Exception as failure:  # of whatever kind: an edit of a stranger's file may run into anything
            raise ProjectError(
                tr(
                    "{path}: edit {number} ({title}) cannot be made: {reason}",
                    path=path,
                    number=number,
                    title=edit.title,
                    reason=failure,
                )
            ) from failure
        if number == project.position:
            position = network.history.position
        if project.weights is not None and number == project.weights.position:
            given = network
    network = replace(network, history=network.history.at_position(position))
    return with_project_weights(network, given, project, path)


def custom_input_shape(network: Network) -> tuple[int, ...] | None:
    """Return the shape of the image a network was opened with; None where it is its entry's, or where it takes anything
    but one image."""
    entry, shape = network.context.entry, network.baseline.architecture.input_shape
    if entry is not None:
        return None if shape == (1, *entry.input_size) else shape
    return None if custom_inputs(network) else shape


def custom_inputs(network: Network, folder: Path | None = None) -> tuple[InputSpec, ...]:
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
