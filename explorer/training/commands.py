"""The commands `train`, `compare` and `sweep` of the command line."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Callable
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explorer.base.atomic_write import write_atomic
from explorer.base.number_format import format_bytes
from explorer.base.terminal import progress_line

if TYPE_CHECKING:
    from explorer.network import Network

#: First argument of a frozen app that is to train a run; otherwise Python runs the worker's module.
RUN_ARGUMENT = "--training-run"

#: Opens the network of a key, as the rest of the command line says.
OpenNetwork = Callable[[argparse.Namespace, str], "Network"]


def add_train_arguments(parser: argparse.ArgumentParser, open_network: OpenNetwork) -> None:
    """Add what `train` takes beside the network."""
    _add_common(parser)
    parser.add_argument("--folder", metavar="PATH", help="of the run: where it is there already, it is resumed")
    parser.add_argument(
        "--weights", metavar="FILE", help="also write the trained weights of the first seed there (.safetensors)"
    )
    parser.set_defaults(run=partial(_with_data, lambda parsed: _train(parsed, open_network)))


def add_compare_arguments(parser: argparse.ArgumentParser, open_network: OpenNetwork) -> None:
    """Add what `compare` takes beside the networks."""
    _add_common(parser)
    parser.add_argument("--folder", metavar="PATH", help="of the runs: those that are there already are gone on with")
    parser.add_argument(
        "--points",
        metavar="N,N,…",
        help="of the history, which --edits make: 0 is without edits, 1 after the first, “all” are all; by default the "
        "first and the last",
    )
    parser.add_argument("--workers", type=_count, default=1, metavar="N", help="runs at a time")
    parser.add_argument("--csv", action="store_true", help="one row for each network and seed")
    parser.add_argument(
        "--save",
        metavar="PATH",
        help="also a page (.html), the curves (.csv), or a folder of TensorBoard events",
    )
    parser.set_defaults(run=partial(_with_data, lambda parsed: _compare(parsed, open_network)))


def add_sweep_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `sweep` takes."""
    parser.add_argument("file", metavar="FILE", help="JSON with the network, what is varied, and how")
    parser.add_argument("--folder", metavar="PATH", help="of the runs: those that are there already are gone on with")
    parser.add_argument("--workers", type=_count, default=1, metavar="N", help="runs at a time")
    parser.add_argument("--sort", default="accuracy", choices=("accuracy", "macs", "params", "milliseconds", "seconds"))
    parser.add_argument(
        "--address", default="", help="of a Ray cluster to train on: ray://host:10001, host:6379, auto (extra: cluster)"
    )
    parser.add_argument("--csv", action="store_true", help="one row for each point and seed")
    parser.add_argument("--json", action="store_true", help="as JSON")
    _add_download(parser)
    parser.set_defaults(run=partial(_with_data, _sweep))


def _with_data(command: Callable[[argparse.Namespace], None], parsed: argparse.Namespace) -> None:
    """Run a command; with --download, the data set that it lacks is brought here first."""
    from explorer.training.download import download_set
    from explorer.training.published_sets import DownloadRequired

    try:
        command(parsed)
    except DownloadRequired as failure:
        if not parsed.download:
            raise ValueError(f"{failure}; with --download it is brought here") from failure
        download_set(failure.spec, progress_line(f"{failure.spec.title}, {format_bytes(failure.size_bytes)}"))
        command(parsed)


def _sweep(parsed: argparse.Namespace) -> None:
    from explorer.training.sweep import sweep

    found = sweep(
        parsed.file,
        folder=parsed.folder,
        workers=parsed.workers,
        address=parsed.address,
        trusted=True,  # naming the code in the file that is named runs it
        keep_going=progress_line("sweep"),
    )
    if parsed.json:
        print(json.dumps(found.as_json(parsed.sort), indent=2))
    else:
        print(found.as_csv(parsed.sort) if parsed.csv else found.as_markdown(parsed.sort), end="")


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        default="digits",
        metavar="SET",
        help="digits (the default), shapes:noise=0.3,train_images=200, fashion_mnist, cifar10, cifar100, imagenette, "
        "or a folder with one folder of images for each class",
    )
    _add_download(parser)
    parser.add_argument("--seeds", type=_count, default=1, metavar="N", help="train with so many seeds")
    parser.add_argument("--epochs", type=int, metavar="N", help="passes over the images")
    parser.add_argument("--minutes", type=float, metavar="M", help="at most so long, each run")
    parser.add_argument("--recipe", metavar="FILE", help="JSON with fields of the recipe")
    parser.add_argument(
        "--with",
        dest="fields",
        metavar="FIELD=VALUE",
        action="append",
        default=[],
        help="a field of the recipe: learning_rate=0.01, optimizer=sgd, flip=true",
    )
    parser.add_argument("--device", default="cpu", help="cpu (the default), cuda, mps")
    parser.add_argument("--json", action="store_true", help="as JSON")


def _add_download(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--download", action="store_true", help="download a published data set that is not on this computer"
    )


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)


def _train(parsed: argparse.Namespace, open_network: OpenNetwork) -> None:
    from explorer.training.train import train

    network, recipe = open_network(parsed, parsed.network), _read_recipe(parsed)
    found = []
    for seed in range(parsed.seeds):
        folder = _folder_of_seed(parsed, seed)
        result = train(
            network,
            parsed.data,
            recipe,
            seed=seed,
            folder=folder,
            device=parsed.device,
            keep_going=progress_line(f"{network.title}, seed {seed}"),
        )
        found.append(result)
        if not seed and parsed.weights:
            write_atomic(Path(parsed.weights), partial(shutil.copyfile, result.folder.weights_path))
    rows = [
        {
            "seed": seed,
            "test_accuracy": result.test_accuracy,
            "test_loss": result.tests[-1].test_loss if result.tests else None,
            "steps": result.state.steps,
            "seconds": result.state.seconds,
            "folder": str(result.folder.path),
            "note": result.state.message,
        }
        for seed, result in enumerate(found)
    ]
    if parsed.json:
        edits = [edit.title for edit in found[0].network.history.applied_edits]
        print(json.dumps({"network": network.title, "edits": edits, "data": parsed.data, "runs": rows}, indent=2))
        return
    for seed, result in enumerate(found):
        accuracy, state = f"{100 * result.test_accuracy:.1f} %", result.state
        print(f"seed {seed}  accuracy {accuracy}  {state.seconds:.1f} s  {result.folder.path}")
        if state.message:
            print(f"  {state.message}")


def _compare(parsed: argparse.Namespace, open_network: OpenNetwork) -> None:
    from explorer.training.groups import open_group
    from explorer.training.launch import unused_path
    from explorer.training.report import save_training
    from explorer.training.train import compare

    networks: dict[str, Network] = {}
    for key in parsed.network:
        networks |= _points(parsed.points, open_network(parsed, key))
    if len(networks) < 2:
        raise ValueError("a comparison needs two networks at least: name several, or one with --edits")
    folder = parsed.folder or unused_path(next(iter(networks)))
    found = compare(
        networks,
        parsed.data,
        _read_recipe(parsed),
        seeds=parsed.seeds,
        folder=folder,
        workers=parsed.workers,
        trusted=True,  # naming the code on the command line runs it
        keep_going=progress_line("all runs"),
    )
    if parsed.save:
        save_training(open_group(folder), parsed.save)
    if parsed.json:
        print(json.dumps(found.as_json(), indent=2))
    else:
        print(found.as_csv() if parsed.csv else found.as_markdown(), end="")


def _points(text: str | None, network: Network) -> dict[str, Network]:
    from explorer.training.train import history_points, with_baseline

    if text is None:
        return with_baseline(network)
    if text == "all":
        return history_points(network)
    try:
        return history_points(network, [int(number) for number in text.split(",")])
    except ValueError as failure:
        raise ValueError(f"--points {text}: {failure}") from failure


def _read_recipe(parsed: argparse.Namespace) -> dict[str, Any]:
    from explorer.base.safe_json import read_json
    from explorer.training.recipe import Recipe

    found: dict[str, Any] = dict(read_json(Path(parsed.recipe))) if parsed.recipe else {}
    defaults = {f.name: f.default for f in fields(Recipe)}
    for text in parsed.fields:
        name, _, value = text.partition("=")
        found[name] = _parse_field(name, value, defaults.get(name, ""))
    named = {"epochs": parsed.epochs, "minutes": parsed.minutes}
    return found | {name: value for name, value in named.items() if value is not None}


def _parse_field(name: str, text: str, default: object) -> object:
    try:
        if isinstance(default, bool):
            return text.casefold() in ("true", "yes", "on", "1")
        return type(default)(text) if isinstance(default, (int, float)) else text
    except ValueError as failure:
        raise ValueError(f"{name} of a recipe is a number, not {text!r}") from failure


def _folder_of_seed(parsed: argparse.Namespace, seed: int) -> Path | None:
    if parsed.folder is None:
        return None
    return Path(parsed.folder) if parsed.seeds == 1 else Path(parsed.folder) / f"seed-{seed}"
