"""Jobs that open networks and projects, and save them, off the window's thread: as in `jobs`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explorer.base.child_process import Limits

if TYPE_CHECKING:
    from explorer.base.cancellation import KeepGoing
    from explorer.network import Network
    from explorer.networks.user_module import UserModule
    from explorer.viewmodels.diagram import Level


@dataclass(frozen=True)
class OpenedNetwork:
    """A newly opened network, and the state of the view that comes with it."""

    network: Network
    expanded: frozenset[str]
    level: Level
    selection: tuple[str, ...] = ()
    sample: str = ""  # name of a built-in photo; empty for the one that is shown
    path: str = ""  # of the file it came from
    fingerprint: str = ""  # of that file when it was read, where it is a project
    bookmarks: tuple[str, ...] = ()
    complaint: str = ""  # what of the file could not be opened, or is not certain


def open_at_level_job(network: Network, level: Level) -> Callable[[KeepGoing], OpenedNetwork]:
    """Job that returns an already opened network, expanded to `level`."""

    def job(keep_going: KeepGoing) -> OpenedNetwork:
        import explorer.project.journal  # noqa: F401 - asked next by the window, whose thread should not import it
        from explorer.presenters import expanded_at_level

        return OpenedNetwork(network, expanded_at_level(network.analysis, level), level)

    return job


def open_network_job(
    source: str,
    level: Level,
    options: dict[str, object] | None = None,
    edits: tuple[Any, ...] = (),
    *,
    trusted: bool = False,
    limits: Limits | None = None,
) -> Callable[[KeepGoing], OpenedNetwork]:
    """Job that opens a key of the catalogue, a name of a library or a file of a model, with `options`, and applies
    `edits`. What is foreign is opened in a process of its own, within `limits`; code only where it is `trusted`."""

    def job(keep_going: KeepGoing) -> OpenedNetwork:
        from explorer.opening.open_any import Apart, open_any
        from explorer.opening.recognition import describe_alike

        apart = Apart(limits or Limits(), keep_going)
        network = open_any(source, options=options, edits=edits, trusted=trusted, apart=apart)
        opened = open_at_level_job(network, level)(keep_going)
        loaded = network.context.checkpoint
        complaint = describe_alike(loaded.alike) if loaded is not None else ""
        return replace(opened, path=source if Path(source).is_file() else "", complaint=complaint)

    return job


def open_user_module_job(
    user_module: UserModule, level: Level, limits: Limits | None = None
) -> Callable[[KeepGoing], OpenedNetwork]:
    """Job that runs the user's code, which they have agreed to, in its own process and opens what it builds."""

    def job(keep_going: KeepGoing) -> OpenedNetwork:
        from explorer.project.user_code import open_user_module_apart

        network = open_user_module_apart(user_module, limits=limits, keep_going=keep_going)
        return open_at_level_job(network, level)(keep_going)

    return job


def reload_user_module_job(limits: Limits | None = None) -> Callable[[Network, KeepGoing], Network]:
    """Job that returns the network that the user's code builds now, with the same history; undone edits can be
    redone."""

    def job(network: Network, keep_going: KeepGoing) -> Network:
        from explorer.project.user_code import open_user_module_apart

        own, history = network.context.user_module, network.history
        if own is None:
            return network
        fresh = open_user_module_apart(own, history.edits, limits=limits, keep_going=keep_going)
        return replace(fresh, history=fresh.history.at_position(min(history.position, fresh.history.position)))

    return job


def open_project_job(
    path: str,
    level: Level,
    agreed: UserModule | None = None,
    limits: Limits | None = None,
    *,
    trusts_file: bool = False,
) -> Callable[[KeepGoing], OpenedNetwork]:
    """Job that opens a project file. `level` is for files that store no view; `agreed` is user code that may run, in
    its own process and within `limits`; `trusts_file` agrees to a model file that can run code."""

    def job(keep_going: KeepGoing) -> OpenedNetwork:
        import explorer.project.journal  # noqa: F401 - as above
        from explorer.analysis.sample_names import BUILT_IN_SAMPLES
        from explorer.opening.open_any import Apart, model_file_opener
        from explorer.presenters import expanded_at_level
        from explorer.project import opening
        from explorer.project.saving import file_fingerprint
        from explorer.project.weights_file import describe_missing_weights

        mark = file_fingerprint(Path(path))  # before: what is written meanwhile counts as another program's
        apart = Apart(limits or Limits(), keep_going)
        network, project = opening.open_project(
            path,
            keep_going,
            trusted=agreed,
            limits=apart.limits,
            trusts_file=trusts_file,
            open_file=model_file_opener(trusted=trusts_file, apart=apart),
        )
        view, missing = project.view, describe_missing_weights(network, project)
        if view.opened is None:
            expanded = expanded_at_level(network.analysis, level)
            return OpenedNetwork(network, expanded, level, path=path, fingerprint=mark, complaint=missing)
        sample = view.sample if view.sample in BUILT_IN_SAMPLES else ""
        return OpenedNetwork(
            network,
            frozenset(view.opened),
            view.level,
            view.selection,
            sample,
            path,
            fingerprint=mark,
            bookmarks=view.bookmarks,
            complaint=missing,
        )

    return job


def save_project_job(
    network: Network, path: str, view: dict[str, Any], expected: str = ""
) -> Callable[[KeepGoing], str]:
    """Job that writes a project file and returns its fingerprint; `view` holds the fields of
    `explorer.project.project.ProjectView`. A file whose fingerprint is not `expected` is not overwritten."""

    def job(keep_going: KeepGoing) -> str:
        from explorer.project.opening import build_project
        from explorer.project.project import ProjectView
        from explorer.project.saving import save_project
        from explorer.project.weights_file import copy_weights_beside

        kept = copy_weights_beside(network, Path(path))
        project = build_project(kept, ProjectView(**view), Path(path).parent)
        return save_project(Path(path), project, expected)

    return job
