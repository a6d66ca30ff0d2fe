"""Runs that belong together: the networks of a comparison, each with every seed, in one folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from explorer.network import Network
from explorer.training.data_spec import DataSpec
from explorer.training.launch import create_run, runs_folder, unused_path
from explorer.training.recipe import Recipe
from explorer.training.run_folder import RunFolder, RunSpec


@dataclass(frozen=True)
class RunGroup:
    """The runs of a comparison. `contestants` has the folders of each network in the order of the seeds."""

    path: Path
    contestants: tuple[tuple[RunFolder, ...], ...]

    @property
    def folders(self) -> tuple[RunFolder, ...]:
        """All runs, seed by seed: so a comparison that is cut off has whole pairs."""
        return tuple(folder for pair in zip(*self.contestants, strict=True) for folder in pair)


@dataclass(frozen=True)
class ContestantSpec:
    """What one contestant is trained as: a network that fits the data already."""

    title: str
    network: Network
    data: DataSpec
    recipe: Recipe


def create_group(
    networks: Mapping[str, Network],
    data: DataSpec,
    recipe: Recipe,
    seeds: Sequence[int],
    path: str | Path | None = None,
    *,
    threads: int = 0,
    device: str = "cpu",
) -> RunGroup:
    """Make the folders of a comparison, the baseline first; those that are there already stay. Raises RunError.

    Args:
        networks: by title; they fit the data already.
        path: of the group; None for a new one among the app's.
    """
    root = Path(path) if path is not None else unused_path(next(iter(networks)))
    contestants = [ContestantSpec(title, network, data, recipe) for title, network in networks.items()]
    return create_contestants(root, contestants, seeds, threads=threads, device=device)


def create_contestants(
    root: Path,
    contestants: Sequence[ContestantSpec],
    seeds: Sequence[int],
    *,
    threads: int = 0,
    device: str = "cpu",
    places: Sequence[int] | None = None,
) -> RunGroup:
    """Make the folders of networks that each have data and a recipe of their own. Raises RunError.

    Args:
        places: the number that each is found by (`place_of_run`), in rising order; without them 0, 1, 2 …
    """
    folders = []
    for place, one in zip(places or range(len(contestants)), contestants, strict=True):
        total = one.network.figures.total
        figures = {"params": total.params, "macs": total.macs}
        specs = [
            RunSpec(one.title, one.data, one.recipe, seed, device, threads, **figures, network=one.network.title)
            for seed in seeds
        ]
        paths = [root / f"{place}-seed-{spec.seed}" for spec in specs]
        folders.append(tuple(_find_or_create(one.network, s, path) for s, path in zip(specs, paths, strict=True)))
    return RunGroup(root, tuple(folders))


def _find_or_create(network: Network, spec: RunSpec, path: Path) -> RunFolder:
    return RunFolder(path) if (path / "run.json").exists() else create_run(network, spec, path)


def place_of_run(folder: RunFolder) -> int:
    """Return the place of the contestant that a run of a group is of."""
    return int(folder.path.name.partition("-")[0])


def open_group(path: str | Path) -> RunGroup:
    """Return the group of a folder; one without contestants where it holds none."""
    found: dict[int, list[tuple[int, RunFolder]]] = {}
    with suppress(OSError):
        for inner in Path(path).iterdir():
            place, _, seed = inner.name.partition("-seed-")
            if place.isdecimal() and seed.isdecimal() and (inner / "run.json").is_file():
                found.setdefault(int(place), []).append((int(seed), RunFolder(inner)))
    ordered = [sorted(found[place], key=lambda pair: pair[0]) for place in sorted(found)]
    shortest = min(map(len, ordered), default=0)
    return RunGroup(Path(path), tuple(tuple(folder for _, folder in pairs[:shortest]) for pairs in ordered))


def list_groups(root: Path | None = None, most: int | None = None) -> list[RunGroup]:
    """Return the groups in a folder, the newest first; of the app's own without one.

    Args:
        most: as many at the most; those that are older are not looked at.
    """
    folder = root if root is not None else runs_folder()
    with suppress(OSError):
        paths = sorted((path for path in folder.iterdir() if path.is_dir()), reverse=True)
        groups = (group for path in paths if (group := open_group(path)).contestants)
        return list(islice(groups, most))
    return []
