"""Project files and files of edits: JSON, validated on reading, written atomically.

Reading never runs code: a file names a network of the catalogue, or where a module of the user's own comes from, which
is only shown.
"""

from __future__ import annotations

import dataclasses
import json
import reprlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from explorer.base.atomic_write import MODEL_SUFFIXES, write_atomic
from explorer.base.id_text import join_ids, split_ids
from explorer.base.languages import tr, with_label
from explorer.base.safe_json import MAX_TEXT_LENGTH, JsonError, read_json
from explorer.base.system_errors import system_reason
from explorer.base.validation_faults import describe_fault
from explorer.edits import Edit
from explorer.networks.arguments import ArgumentError, ArgumentValue, argument_from_text, argument_to_json
from explorer.networks.input_spec import InputError, parse_inputs
from explorer.project.edits_json import edit_to_json, parse_edits
from explorer.project.errors import ProjectError
from explorer.project.project import Project, ProjectView, ProjectWeights
from explorer.viewmodels.card_ids import card_id_from_text, card_id_to_text
from explorer.viewmodels.diagram import Level

PROJECT_VERSION = 1  # of the files; raise it together with `_MIGRATIONS`

_Name = Annotated[str, Field(max_length=1000)]
_Id = Annotated[str, Field(max_length=MAX_TEXT_LENGTH)]  # of a card: that of a stack lists all that are on it


#: "package.module:make", or "folder/net.py:Net" with a path that says nothing across lines.
_FACTORY_PATTERN = r"^(([A-Za-z_][\w.]*|[^\x00-\x1f]+\.py):[A-Za-z_][\w.]*)?$"

#: A file of a model; one that can run code is opened after consent alone.
_MODEL_PATTERN = rf"^([^\x00-\x1f]+\.(?i:{'|'.join(suffix[1:] for suffix in MODEL_SUFFIXES)}))?$"


def read_edits(path: str | Path) -> tuple[Edit, ...]:
    """Return the edits of a file: a JSON list, an object with "edits", or a project, of which the applied ones count.

    Raises ProjectError.
    """
    path = Path(path)
    value = _read(path)
    if isinstance(value, dict) and "format" in value:
        return _parse_project(value, path).applied_edits
    if isinstance(value, dict):
        value = value.get("edits")
    if not isinstance(value, list):
        raise ProjectError(tr("{path} must hold a list of edits", path=path))
    return parse_edits(value, path)


def write_edits(path: str | Path, edits: Sequence[Edit], network: str = "") -> None:
    """Write a file of edits atomically. Raises OSError."""
    _write(Path(path), {"network": network, "edits": [edit_to_json(edit) for edit in edits]})


def read_project(path: str | Path) -> Project:
    """Read a project, or a file of edits that names its network. Raises ProjectError."""
    path = Path(path)
    value = _read(path)
    if isinstance(value, list):
        value = {"edits": value}
    if not isinstance(value, dict) or not ("format" in value or "edits" in value):
        raise ProjectError(tr("{path} is no project of CNN Explorer", path=path))
    return _parse_project(value, path)


def write_project(path: str | Path, project: Project, *, is_synced: bool = True) -> None:
    """Write a project atomically, on the disk when this returns unless `is_synced` is false. Raises ProjectError."""
    value: dict[str, Any] = {"format": "cnnx", "version": PROJECT_VERSION}
    named = {"network": project.network, "module": project.module, "file": project.file}
    value |= {kind: name for kind, name in named.items() if name}
    if project.options:
        value["options"] = _options_to_json(project.options)
    if project.input_shape is not None:
        value["input_shape"] = list(project.input_shape)
    if project.inputs:
        value["inputs"] = [spec.text for spec in project.inputs]
    if project.weights is not None:
        value["weights"] = {name: item for name, item in dataclasses.asdict(project.weights).items() if item != ""}
    value["edits"] = [edit_to_json(edit) for edit in project.edits]
    value |= {"position": project.position, "view": _view_to_json(project.view)}
    try:
        _write(Path(path), value, is_synced=is_synced)
    except OSError as failure:
        raise ProjectError(tr("cannot write {path}: {reason}", path=path, reason=system_reason(failure))) from failure


def _options_to_json(options: Mapping[str, ArgumentValue]) -> dict[str, Any]:
    try:
        return {name: argument_to_json(name, value) for name, value in options.items()}
    except ArgumentError as failure:
        raise ProjectError(tr("the project cannot be saved: {reason}", reason=failure)) from failure


class _ProjectFile(BaseModel):
    """Schema of the current version. Edits are parsed one by one, so that messages can say which is wrong."""

    model_config = ConfigDict(strict=True, extra="forbid")

    format: Literal["cnnx"]
    version: Literal[1]
    network: _Name = ""
    module: Annotated[str, Field(max_length=2000, pattern=_FACTORY_PATTERN)] = ""
    file: Annotated[str, Field(max_length=2000, pattern=_MODEL_PATTERN)] = ""
    options: Annotated[dict[_Name, bool | int | float | _Name | _Written], Field(max_length=100)] = Field(
        default_factory=dict
    )
    input_shape: tuple[_Batch, _Channels, _Side, _Side] | None = None
    inputs: Annotated[list[_Name], Field(max_length=100)] = Field(default_factory=list)
    weights: _ProjectFileWeights | None = None
    edits: list[Any]
    position: Annotated[int, Field(ge=0)]
    view: _ProjectFileView = Field(default_factory=lambda: _ProjectFileView())


class _Written(BaseModel):
    """A value that JSON has no word for, as Python writes it."""

    model_config = ConfigDict(strict=True, extra="forbid")

    python: Annotated[str, Field(max_length=20_000)]


class _ProjectFileWeights(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    file: Annotated[str, Field(max_length=2000, pattern=r"^[^\x00-\x1f]*$")] = ""
    name: _Name
    position: Annotated[int, Field(ge=0)] = 0
    preset: _Name = ""

    @model_validator(mode="after")
    def _check_source(self) -> _ProjectFileWeights:
        if not self.file and not self.preset:
            raise ValueError("weights come from a file or are published ones: give file or preset")
        return self


class _ProjectFileView(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    opened: tuple[_Id, ...] | None = None
    selection: _Id | None = None
    level: Level = "blocks"
    sample: _Name = ""
    bookmarks: Annotated[tuple[_Id, ...], Field(max_length=1000)] = ()


# The same limits as the edit of the input's size has.
_Batch = Annotated[int, Field(ge=1, le=4096)]
_Channels = Annotated[int, Field(ge=1, le=1024)]
_Side = Annotated[int, Field(ge=1, le=8192)]
_ProjectFile.model_rebuild()


def _parse_project(value: dict[str, Any], path: Path) -> Project:
    try:
        file = _ProjectFile.model_validate_json(json.dumps(_migrate(value, path)))
    except ValidationError as failure:
        raise ProjectError(with_label(path, describe_fault(failure))) from failure
    named = [name for name in (file.network, file.module, file.file) if name]
    if len(named) != 1:
        if named:
            raise ProjectError(tr("{path} names two networks", path=path))
        raise ProjectError(
            tr('{path} does not name its network; add "network": and its key, such as "resnet50"', path=path)
        )
    if file.position > len(file.edits):
        raise ProjectError(
            tr(
                "{path}: position {position} lies behind the last of {count} edits",
                path=path,
                position=file.position,
                count=len(file.edits),
            )
        )
    if file.inputs and (file.network or file.input_shape is not None):
        raise ProjectError(
            tr("{path}: inputs are those of a module of one's own, and are there in place of input_shape", path=path)
        )
    try:
        inputs = parse_inputs(file.inputs)
        options = {
            name: argument_from_text(name, value.python) if isinstance(value, _Written) else value
            for name, value in file.options.items()
        }
    except (InputError, ArgumentError) as failure:
        raise ProjectError(with_label(path, failure)) from failure
    view = _view_from_file(file.view)
    edits = parse_edits(file.edits, path)
    weights = ProjectWeights(**file.weights.model_dump()) if file.weights is not None else None
    return Project(
        file.network,
        file.module,
        options,
        file.input_shape,
        inputs,
        edits,
        file.position,
        view,
        file.file,
        weights,
    )


def relative_to_folder(folder: Path | None, path: Path) -> str:
    """Return a path as a project in a folder names it: relative, where it is inside."""
    path = path.resolve()
    if folder is not None and path.is_relative_to(folder.resolve()):
        path = path.relative_to(folder.resolve())
    return path.as_posix()


# ids of cards are text here, and values everywhere else


def _view_to_json(view: ProjectView) -> dict[str, Any]:
    return dataclasses.asdict(view) | {
        "opened": None if view.opened is None else [card_id_to_text(id) for id in view.opened],
        "selection": join_ids(view.selection) or None,
        "bookmarks": [card_id_to_text(id) for id in view.bookmarks],
    }


def _view_from_file(view: _ProjectFileView) -> ProjectView:
    return ProjectView(
        opened=None if view.opened is None else tuple(map(card_id_from_text, view.opened)),
        selection=split_ids(view.selection or ""),
        level=view.level,
        sample=view.sample,
        bookmarks=tuple(map(card_id_from_text, view.bookmarks)),
    )


# from version to version


def _migrate_edits_file(value: dict[str, Any]) -> dict[str, Any]:
    """Return a file of edits, which counts as version 0, as a project of version 1."""
    edits = value["edits"]
    position = len(edits) if isinstance(edits, list) else 0
    return {"format": "cnnx", "network": value.get("network", ""), "edits": edits, "position": position}


#: From each version to the next.
_MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {0: _migrate_edits_file}


def _migrate(value: dict[str, Any], path: Path) -> dict[str, Any]:
    version = value.get("version") if "format" in value else 0
    if "format" in value and value["format"] != "cnnx":
        raise ProjectError(
            tr(
                "{path} is no project of CNN Explorer: its format is {format}",
                path=path,
                format=reprlib.repr(value["format"]),
            )
        )
    if not isinstance(version, int) or isinstance(version, bool) or version < 0:
        raise ProjectError(tr("{path} does not say its version as a number", path=path))
    if version > PROJECT_VERSION:
        raise ProjectError(
            tr(
                "{path} was written by a newer CNN Explorer (version {version} of the format; this "
                "one reads up to {known}). Install the newer one to open it",
                path=path,
                version=reprlib.repr(version),
                known=PROJECT_VERSION,
            )
        )
    if version == 0 and "edits" not in value:
        raise ProjectError(tr("{path} is no project of CNN Explorer: it has no edits", path=path))
    while version < PROJECT_VERSION:
        value = _MIGRATIONS[version](value) | {"version": version + 1}
        version += 1
    return value


# reading and writing


def _read(path: Path) -> Any:
    try:
        return read_json(path)
    except JsonError as failure:
        raise ProjectError(str(failure)) from failure


def _write(path: Path, value: Mapping[str, Any], *, is_synced: bool = True) -> None:
    text = json.dumps(value, indent=2)
    write_atomic(path, lambda temporary: temporary.write_text(text + "\n", encoding="utf-8"), is_synced=is_synced)
