"""The command line's `list` and `figures`: the networks of the catalogue, and what a network costs."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from explorer.network import Network
    from explorer.networks.catalogue import CatalogueEntry


_Opener = Callable[[argparse.Namespace, str], "Network"]


def add_list_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `list`, and what it runs."""
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.set_defaults(run=_print_list)


def add_figures_arguments(parser: argparse.ArgumentParser, opener: _Opener) -> None:
    """Add the arguments of `figures`, and what it runs; `opener` opens the network they name."""
    parser.add_argument("--json", action="store_true", help="as JSON, with a list of layers")
    parser.set_defaults(run=lambda parsed: _print_figures(parsed, opener(parsed, parsed.network)))


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


def _entry_to_json(entry: CatalogueEntry) -> dict[str, Any]:
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


def _print_figures(parsed: argparse.Namespace, network: Network) -> None:
    from explorer.base import number_format

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
        ("Output", " × ".join(map(str, figures["output_shape"])) or "scalar"),
    ]
    for name, value in rows:
        print(f"  {name:<18} {value}")
