"""Arguments of the command line that say which network is meant, and how it is opened from them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explorer.base.atomic_write import MODEL_SUFFIXES

if TYPE_CHECKING:
    from explorer.edits import Edit
    from explorer.network import Network
    from explorer.networks.catalogue import CatalogueEntry
    from explorer.networks.input_spec import InputSpec


def add_network_argument(parser: argparse.ArgumentParser) -> None:
    """Add the argument that names one network, and those of how it is built and edited."""
    what = (
        "key of a network, as `list` prints them, a file of a model, timm:name, or net.py:Net or package.module:make, "
        "which runs that code"
    )
    parser.add_argument("network", metavar="KEY", help=what)
    add_edit_arguments(parser)


def add_networks_argument(parser: argparse.ArgumentParser) -> None:
    """Add the argument that names several networks, and those of how they are built and edited."""
    what = (
        "keys of networks, patterns such as 'resnet*', files of models, timm:name, or net.py:Net or "
        "package.module:make, which runs that code"
    )
    parser.add_argument("network", metavar="KEY", nargs="+", help=what)
    add_edit_arguments(parser)


def add_edit_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of how a network is built, of its inputs and of its edits."""
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


def open_named_network(parsed: argparse.Namespace, key: str) -> Network:
    """Open the network of that name with the options, inputs and edits of the command line.

    Raises ValueError for options and inputs that it does not take, UnknownNetwork for a key that no network has, and
    what `open_any` and `open_user_module` raise for files and code.
    """
    from explorer.networks.arguments import parse_arguments
    from explorer.networks.by_name import is_library_name
    from explorer.networks.catalogue import get_entry
    from explorer.networks.input_spec import parse_inputs
    from explorer.networks.user_module import UserModule, UserModuleError, is_user_module, list_candidates

    path = Path(key)
    is_model = path.suffix.lower() in MODEL_SUFFIXES or (path.suffix and path.suffix != ".py" and path.is_file())
    if is_library_name(key) or is_model:
        from explorer.opening.open_any import open_any

        arguments = parse_arguments(", ".join(parsed.set))
        shape, edits = _image_shape(parsed.input), _read_edits(parsed)
        return open_any(key, input_shape=shape, options=arguments, edits=edits, trusted=parsed.trust)
    if is_user_module(key):
        user_module = UserModule(key, parse_arguments(", ".join(parsed.set)), parse_inputs(parsed.input))
        from explorer.project.user_code import open_user_module

        return open_user_module(user_module, _read_edits(parsed))
    if key.endswith(".py") and Path(key).exists():
        names = " or ".join(f"{key}:{candidate.name}" for candidate in list_candidates(key)[:5])
        raise UserModuleError(f"{key} is code: name what builds the network in it, {names or f'{key}:Net'}")
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
