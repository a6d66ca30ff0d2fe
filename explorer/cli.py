"""Command line: list, figures and exports without a window; without a sub-command, the window."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit
from urllib.request import url2pathname

from explorer.base.atomic_write import MODEL_SUFFIXES, PROJECT_SUFFIX
from explorer.base.child_process import CHILD_ARGUMENT, serve_request
from explorer.base.terminal import use_typed_characters
from explorer.desktop.commands import add_desktop_arguments
from explorer.exercises.commands import add_worksheet_arguments
from explorer.experiments.commands import add_experiment_arguments
from explorer.export import commands as commands_of_files
from explorer.export.printed_figures import add_figures_arguments, add_list_arguments
from explorer.links import is_link
from explorer.opening.commands import (
    add_edit_arguments,
    add_network_argument,
    add_networks_argument,
    open_named_network,
)
from explorer.tours.listing import TOUR_SUFFIX
from explorer.training import commands as training_commands
from explorer.training.commands import RUN_ARGUMENT


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line. Return the exit code: 0, or 2 after one line on stderr."""
    use_typed_characters()
    options = sys.argv[1:] if arguments is None else list(arguments)
    if options == [CHILD_ARGUMENT]:  # of a frozen app, which cannot be asked to run a module
        serve_request()
        return 0
    if options[:1] == [RUN_ARGUMENT]:  # the same for a training run
        from explorer.training.worker import train_runs

        return train_runs(options[1:])
    if options and options[0].startswith("file:"):  # as desktops pass it that may pass a link too
        options[0] = url2pathname(urlsplit(options[0]).path)
    first = int(options[:1] == ["--new-window"])
    if options[first:] and _is_file_to_open(options[first]):
        options.insert(first, "--open")
    parsed = _build_parser().parse_args(options)
    if parsed.command is None:
        return _run_window(parsed)
    try:
        parsed.run(parsed)
    except KeyboardInterrupt:
        print("cnn-explorer: stopped; a training run goes on where it was when it is started again", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader of a pipe has gone; that is no error
    except (ValueError, LookupError, OSError, RuntimeError) as failure:
        print(f"cnn-explorer: {_error_line(failure)}", file=sys.stderr)
        return 2
    return 0


def _is_file_to_open(argument: str) -> bool:
    """Return whether the first argument is a double-clicked file, a link or a network; commands are neither."""
    path = Path(argument)
    suffixes = (PROJECT_SUFFIX, TOUR_SUFFIX, ".py", *MODEL_SUFFIXES)
    if is_link(argument) or path.is_absolute() or path.suffix.lower() in suffixes:
        return True
    from explorer.networks.catalogue import all_entries

    return any(entry.key == argument for entry in all_entries())


def _run_window(parsed: argparse.Namespace) -> int:
    if sys.platform == "linux":
        from explorer.desktop.system_libraries import MissingLibrariesError, choose_platform

        try:
            choose_platform()
        except MissingLibrariesError as failure:
            print(f"cnn-explorer: {failure}", file=sys.stderr)
            return 2
    from explorer.ui.shell.app import run_only_app

    return run_only_app(parsed.open, is_new=parsed.new_window)


class _ArgumentParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"cnn-explorer: {message} (see --help)\n")


def _build_parser() -> argparse.ArgumentParser:
    parser = _ArgumentParser(
        prog="cnn-explorer", description="Open, change, compare and explain convolutional networks."
    )
    parser.add_argument(
        "--open",
        metavar="KEY|FILE",
        nargs="+",
        default=[],
        help="networks, projects (.cnnx), models (.onnx …), .py files or links to open in the window, each in a tab",
    )
    parser.add_argument(
        "--new-window", action="store_true", help="open another window, also where one is open that could take the file"
    )
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(
        dest="command", title="commands (without one, the window opens)", parser_class=_ArgumentParser
    )

    _add_looking_commands(commands.add_parser)
    _add_writing_commands(commands.add_parser)
    _add_training_commands(commands.add_parser)
    return parser


def _add_looking_commands(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    listing = add_parser("list", help="the networks of the catalogue")
    add_list_arguments(listing)

    figures = add_parser("figures", help="parameters, MACs, FLOPs, activations, receptive field")
    add_network_argument(figures)
    add_figures_arguments(figures, open_named_network)

    check = add_parser("check", help="try this installation: open, edit, run and export, in a window")
    check.set_defaults(run=_check_installation)


def _add_writing_commands(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    export = add_parser(
        "export",
        help="diagrams as PNG, SVG or PDF; the graph as .graphml or .dot; the network as .py, .safetensors or .onnx",
    )
    add_networks_argument(export)
    commands_of_files.add_export_arguments(export, open_named_network)

    volumes = add_parser("volumes", help="feature maps as boxes, as PNG, SVG or PDF")
    add_networks_argument(volumes)
    commands_of_files.add_volumes_arguments(volumes, open_named_network)

    table = add_parser("table", help="the stages as a table, as papers print it; several side by side")
    add_networks_argument(table)
    commands_of_files.add_table_arguments(table, open_named_network)

    desktop = add_parser("desktop", help="put the app and its type of file into the menu of your desktop (Linux)")
    add_desktop_arguments(desktop)


def _add_training_commands(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    train = add_parser("train", help="train the network, with its edits, on a small data set")
    add_network_argument(train)
    training_commands.add_train_arguments(train, open_named_network)

    compare = add_parser("compare", help="train networks side by side, or one with --edits and without")
    add_networks_argument(compare)
    training_commands.add_compare_arguments(compare, open_named_network)

    sweep = add_parser("sweep", help="train what a file varies: edits, recipes, networks")
    training_commands.add_sweep_arguments(sweep)

    handout = add_parser("handout", help="a tour (--tour vgg), or the guide page of a network, as .html or .pptx")
    handout.add_argument("network", metavar="KEY", nargs="?", default="resnet50", help="network of the page")
    add_edit_arguments(handout)
    commands_of_files.add_handout_arguments(handout, open_named_network)

    experiment = add_parser("experiment", help="an experiment: its numbers beside those published; all, without a name")
    add_experiment_arguments(experiment)

    worksheet = add_parser("worksheet", help="exercises on a network with an answer key, for a class")
    add_network_argument(worksheet)
    add_worksheet_arguments(worksheet, open_named_network)


def _check_installation(parsed: argparse.Namespace) -> None:
    if sys.platform == "linux":
        from explorer.desktop.system_libraries import choose_platform

        choose_platform()
    from explorer.ui.shell.self_check import run_check

    def export(key: str, path: Path) -> None:
        if main(["export", key, "--out", str(path)]):
            raise RuntimeError(f"{path.name} was not exported")

    for line in run_check(export):
        print(f"  {line}", flush=True)
    print("everything works")


def _error_line(failure: BaseException) -> str:
    text = str(failure.args[0]) if isinstance(failure, LookupError) and failure.args else str(failure)
    return " ".join(text.split()) or type(failure).__name__


if __name__ == "__main__":
    sys.exit(main())
