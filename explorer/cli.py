"""Command line: list, figures and exports without a window; without a sub-command, the window."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit
from urllib.request import url2pathname

from explorer.base.atomic_write import MODEL_SUFFIXES, PROJECT_SUFFIX
from explorer.base.child_process import CHILD_ARGUMENT, serve_request
from explorer.desktop.commands import add_desktop_arguments
from explorer.exercises.commands import add_worksheet_arguments
from explorer.export import commands as commands_of_files
from explorer.links import is_link
from explorer.tours.listing import TOUR_SUFFIX
from explorer.training import commands as training_commands
from explorer.training.commands import RUN_ARGUMENT

if TYPE_CHECKING:
    from explorer.edits import Edit
    from explorer.network import Network
    from explorer.networks.catalogue import CatalogueEntry
    from explorer.networks.input_spec import InputSpec


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line. Return the exit code: 0, or 2 after one line on stderr."""
    options = sys.argv[1:] if arguments is None else list(arguments)
    if options == [CHILD_ARGUMENT]:  # of a frozen app, which cannot be asked to run a module
        serve_request()
        return 0
    if options[:1] == [RUN_ARGUMENT]:  # the same for a training run
        from explorer.training.worker import train_runs

        return train_runs(options[1:])
    if options and options[0].startswith("file:"):  # as desktops pass it that may pass a link too
        options[0] = url2pathname(urlsplit(options[0]).path)
    if options and _is_file_to_open(options[0]):
        options.insert(0, "--open")
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
    listing.add_argument("--json", action="store_true", help="as JSON")
    listing.set_defaults(run=_print_list)

    figures = add_parser("figures", help="parameters, MACs, FLOPs, activations, receptive field")
    _add_network_argument(figures)
    figures.add_argument("--json", action="store_true", help="as JSON, with a list of layers")
    figures.set_defaults(run=_print_figures)

    check = add_parser("check", help="try this installation: open, edit, run and export, in a window")
    check.set_defaults(run=_check_installation)


def _add_writing_commands(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    export = add_parser(
        "export",
        help="diagrams as PNG, SVG or PDF; the graph as .graphml or .dot; the network as .py, .safetensors or .onnx",
    )
    _add_networks_argument(export)
    commands_of_files.add_export_arguments(export, _open_network)

    volumes = add_parser("volumes", help="feature maps as boxes, as PNG, SVG or PDF")
    _add_networks_argument(volumes)
    commands_of_files.add_volumes_arguments(volumes, _open_network)

    table = add_parser("table", help="the stages as a table, as papers print it; several side by side")
    _add_networks_argument(table)
    commands_of_files.add_table_arguments(table, _open_network)

    desktop = add_parser("desktop", help="put the app and its type of file into the menu of your desktop (Linux)")
    add_desktop_arguments(desktop)


def _add_training_commands(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    train = add_parser("train", help="train the network, with its edits, on a small data set")
    _add_network_argument(train)
    training_commands.add_train_arguments(train, _open_network)

    compare = add_parser("compare", help="train networks side by side, or one with --edits and without")
    _add_networks_argument(compare)
    training_commands.add_compare_arguments(compare, _open_network)

    sweep = add_parser("sweep", help="train what a file varies: edits, recipes, networks")
    training_commands.add_sweep_arguments(sweep)

    handout = add_parser("handout", help="a tour (--tour vgg), or the guide page of a network, as .html or .pptx")
    handout.add_argument("network", metavar="KEY", nargs="?", default="resnet50", help="network of the page")
    _add_edit_arguments(handout)
    commands_of_files.add_handout_arguments(handout, _open_network)

    worksheet = add_parser("worksheet", help="exercises on a network with an answer key, for a class")
    _add_network_argument(worksheet)
    add_worksheet_arguments(worksheet, _open_network)


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


def _add_network_argument(parser: argparse.ArgumentParser) -> None:
    what = (
        "key of a network, as `list` prints them, a file of a model, timm:name, or net.py:Net or package.module:make, "
        "which runs that code"
    )
    parser.add_argument("network", metavar="KEY", help=what)
    _add_edit_arguments(parser)


def _add_networks_argument(parser: argparse.ArgumentParser) -> None:
    what = (
        "keys of networks, patterns such as 'resnet*', files of models, timm:name, or net.py:Net or "
        "package.module:make, which runs that code"
    )
    parser.add_argument("network", metavar="KEY", nargs="+", help=what)
    _add_edit_arguments(parser)


def _add_edit_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--edits", metavar="FILE", help="file of edits, or project (.cnnx), to make the edits of first")
    parser.add_argument(
        "--trust", action="store_true", help="open a file whose format can run code: .pt2, TorchScript, pickled modules"
    )
    parser.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="build with an option of the network: width_mult=0.5, aux_heads=true",
    )
    parser.add_argument(
        "--input",
        metavar="INPUT",
        type=_parse_input,
        action="append",
        default=[],
        help="of the image, such as 3x32x32; without it, the network's own. For a module of your own also, once for "
        "each input, name=3x224x224:float32@photo, tokens=[16]:int64@0..999, mask=None, data=@file.npy",
    )


def _parse_input(text: str) -> InputSpec:
    from explorer.networks.input_spec import InputError, InputSpec

    try:
        return InputSpec.from_text(text)
    except InputError as failure:
        raise argparse.ArgumentTypeError(str(failure)) from failure


def _image_shape(inputs: Sequence[InputSpec]) -> tuple[int, ...] | None:
    """Return the shape of the image of a network of the catalogue. Raises ValueError for any other input."""
    from explorer.networks.input_spec import single_input

    if not inputs:
        return None
    shape = inputs[0].shape
    if tuple(inputs) != single_input(shape) or len(shape) != 4 or not all(0 < side <= 8192 for side in shape):
        raise ValueError(f"{inputs[-1].text!r} is no size of an image, such as 3x224x224")
    return shape


def _print_list(parsed: argparse.Namespace) -> None:
    from explorer.base import number_format
    from explorer.networks.catalogue import all_entries

    if parsed.json:
        print(json.dumps([_entry_to_json(entry) for entry in all_entries()], indent=2))
        return
    for entry in all_entries():
        top1 = f"{entry.top1:.1f} %" if entry.top1 is not None else "–"
        print(
            f"{entry.year}  {entry.family:<14} {entry.key:<22} {number_format.format_short(entry.params):>8} params"
            f" {number_format.format_short(entry.macs):>8} MACs  top-1 {top1:>6}"
        )


def _entry_to_json(entry: Any) -> dict[str, Any]:
    return {
        "key": entry.key,
        "title": entry.title,
        "family": entry.family,
        "year": entry.year,
        "paper": entry.paper,
        "input_size": list(entry.input_size),
        "params": entry.params,
        "macs": entry.macs,
        "flops": 2 * entry.macs,
        "top1": entry.top1,
        "top1_source": entry.top1_source,
        "published": [
            {"figure": p.figure, "value": p.value, "source": p.source, "note": p.note} for p in entry.published
        ],
        "note": entry.note,
        "options": [{"name": o.name, "title": o.title, "choices": list(o.choices)} for o in entry.options],
    }


def _open_network(parsed: argparse.Namespace, key: str) -> Network:
    from explorer.networks.by_name import is_library_name
    from explorer.networks.catalogue import get_entry
    from explorer.networks.input_spec import parse_inputs
    from explorer.networks.user_module import UserModule, is_user_module, parse_arguments

    if is_library_name(key) or Path(key).suffix.lower() in MODEL_SUFFIXES:
        from explorer.opening.open_any import open_any

        arguments = parse_arguments(", ".join(parsed.set))
        shape, edits = _image_shape(parsed.input), _read_edits(parsed)
        return open_any(key, input_shape=shape, options=arguments, edits=edits, trusted=parsed.trust)
    if is_user_module(key):
        user_module = UserModule(key, parse_arguments(", ".join(parsed.set)), parse_inputs(parsed.input))
        from explorer.project.user_code import open_user_module

        return open_user_module(user_module, _read_edits(parsed))
    entry = get_entry(key)  # raises for an unknown key before torch is imported
    options = dict(_parse_option(entry, text) for text in parsed.set)
    from explorer.network import open_network

    return open_network(key, options=options, input_shape=_image_shape(parsed.input), edits=_read_edits(parsed))


def _read_edits(parsed: argparse.Namespace) -> Sequence[Edit]:
    from explorer.project.files import read_edits

    return read_edits(parsed.edits) if parsed.edits else ()


def _parse_option(entry: CatalogueEntry, text: str) -> tuple[str, Any]:
    """Return the name and the value of a build option given as "name=value". Raises ValueError."""
    name, _, text = text.partition("=")
    option = next((o for o in entry.options if o.name == name), None)
    if option is None:
        names = ", ".join(o.name for o in entry.options) or "none"
        raise ValueError(f"{entry.key} has no option {name!r}; it has {names}")
    for choice in option.choices:
        if text.casefold() in (str(choice).casefold(), f"{choice:g}"):
            return name, choice
    raise ValueError(f"{name} of {entry.key} can be {', '.join(map(str, option.choices))}, not {text!r}")


def _print_figures(parsed: argparse.Namespace) -> None:
    from explorer.base import number_format

    network = _open_network(parsed, parsed.network)
    figures = network.figures.as_json() | {"edits": [edit.title for edit in network.history.applied_edits]}
    if parsed.json:
        print(json.dumps(figures, indent=2))
        return
    from explorer.analysis.figures.receptive_field import describe_field

    print(network.title)
    if network.verification is not None and network.verification.text:
        print(f"  note: {network.verification.text}")
    for edit in figures["edits"]:
        print(f"  edited: {edit}")
    rows = [
        ("Parameters", number_format.format_exact(figures["params"])),
        ("MACs", number_format.format_exact(figures["macs"])),
        ("FLOPs (2 × MACs)", number_format.format_exact(figures["flops"])),
        ("All ops", number_format.format_exact(figures["all_ops"])),
        ("Activations", number_format.format_exact(figures["activation_elements"])),
        ("Activation memory", number_format.format_bytes(figures["activation_bytes"])),
        ("Peak memory", number_format.format_bytes(figures["peak_activation_bytes"])),
        ("Receptive field", describe_field(network.figures.receptive_field_size)),
        ("Output", " × ".join(map(str, figures["output_shape"]))),
    ]
    for name, value in rows:
        print(f"  {name:<18} {value}")


def _error_line(failure: BaseException) -> str:
    text = str(failure.args[0]) if isinstance(failure, LookupError) and failure.args else str(failure)
    return " ".join(text.split()) or type(failure).__name__


if __name__ == "__main__":
    sys.exit(main())
