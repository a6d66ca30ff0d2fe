"""Weights of a project: a file in its folder, which goes where the project goes.

A project names its weights and does not hold them. When it is saved, they are copied beside it under a name of their
own, so that the folder can be moved, and no file of another state of it is written over. Published weights are named as
torchvision names them, and looked for where torch downloads them to.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from explorer.base.atomic_write import write_atomic
from explorer.base.languages import tr
from explorer.base.system_errors import system_reason
from explorer.network import Network
from explorer.networks.user_module import is_network_path
from explorer.project.errors import ProjectError
from explorer.project.files import relative_to_folder
from explorer.project.project import Project, ProjectWeights
from explorer.project.saving import file_fingerprint
from explorer.weights.checkpoint import CheckpointError
from explorer.weights.pretrained import PretrainedWeights, list_pretrained


def name_weights(network: Network, folder: Path | None) -> ProjectWeights | None:
    """Return how a project in a folder names the weights of a network; None for its own."""
    found = network.context.checkpoint
    if found is None or not found.path:
        return None
    file = relative_to_folder(folder, Path(found.path))
    is_named = found.preset is not None and Path(file).is_absolute()  # whoever opens it has a copy, or can have one
    position = min(found.edit_count, len(network.history.edits))
    return ProjectWeights("" if is_named else file, found.name, position, found.preset or "")


def copy_weights_beside(network: Network, path: Path, *, with_published: bool = False) -> Network:
    """Copy the weights of a network into the folder of a project, unless they are in it, and return the network with
    the copy. A file that has gone is still named. Raises ProjectError.

    Args:
        with_published: also weights that are published, for machines that may not download them.
    """
    found = network.context.checkpoint
    if found is None or not found.path or (found.preset and not with_published):
        return network
    source, folder = Path(found.path), path.resolve().parent
    if source.is_relative_to(folder) or not (mark := file_fingerprint(source)):
        return network
    copy = folder / f"{path.stem}-{mark[:8]}{source.suffix}"
    try:
        if file_fingerprint(copy) != mark:
            write_atomic(copy, lambda temporary: shutil.copyfile(source, temporary))
    except OSError as failure:
        reason = system_reason(failure)
        raise ProjectError(tr("cannot write {path}: {reason}", path=copy, reason=reason)) from failure
    return network.with_weights(replace(found, path=str(copy)))


def with_project_weights(network: Network, given: Network, project: Project, path: str | Path) -> Network:
    """Return a network with the weights that its project names, as they fit `given`, which is the network as it was
    when it got them; the network as it is where they cannot be read."""
    weights = project.weights
    if weights is None or is_network_path(weights.file):  # a look would sign in
        return network
    file = Path(path).resolve().parent / weights.file if weights.file else _find_published(given, weights.preset)
    try:
        found = given.read_weights(file, weights.preset or None, weights.name) if file is not None else None
    except CheckpointError:
        found = None
    return network.with_weights(found) if found is not None else network


def list_published(network: Network) -> tuple[PretrainedWeights, ...]:
    """Return the weights that are published for a network of the catalogue; none for any other."""
    entry = network.context.entry
    return list_pretrained(entry.weights, entry.input_size[-1]) if entry is not None else ()


def _find_published(network: Network, preset: str) -> Path | None:
    """The file of published weights of a network, where it was downloaded before."""
    known = (offer for offer in list_published(network) if offer.name == preset and offer.is_cached)
    return next((offer.cache_path for offer in known), None)


def describe_missing_weights(network: Network, project: Project) -> str:
    """Return that a network that was opened from a project lacks the weights of it; "" where it has them."""
    weights = project.weights
    if weights is None or network.context.checkpoint is not None:
        return ""
    if not weights.file:
        return tr(
            "The weights of this project, “{name}”, are not on this machine. The network has random ones in their "
            "place; “Weights” in the output panel downloads them.",
            name=weights.preset,
        )
    return tr(
        "The weights of this project, “{name}”, are not there or cannot be read: {file}. The network has its own in "
        "their place; put the file there, and open the project again.",
        name=weights.name,
        file=weights.file,
    )
