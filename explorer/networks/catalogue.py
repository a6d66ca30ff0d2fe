"""The catalogue of networks: where each comes from, what was published about it, and its counted figures.

The entries are in resources/catalogue.json, whose fields `catalogue_schema` describes. Nothing here imports torch
before `instantiate` is called.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from explorer.base.languages import join_list
from explorer.base.resources import resource_path

if TYPE_CHECKING:
    from torch import nn

#: Families that began in the same year stand in this order; families that are not listed follow.
FAMILY_ORDER = (
    "AlexNet",
    "VGG",
    "GoogLeNet",
    "Inception",
    "ResNet",
    "ResNeXt",
    "Wide ResNet",
    "DenseNet",
    "MobileNet",
    "ShuffleNet",
    "EfficientNet",
    "SqueezeNet",
    "MnasNet",
    "RegNet",
    "ConvNeXt",
    "ViT",
    "Swin",
    "MaxViT",
)


class UnknownNetwork(LookupError):
    """No entry has this key; the message names the nearest ones."""


class CatalogueError(ValueError):
    """resources/catalogue.json is not a catalogue; the message names the entry and the field."""


@dataclass(frozen=True)
class PublishedValue:
    """A number from a paper. `note` says how it was counted, or why it is not reproduced here."""

    figure: Literal["params", "macs", "top1"]
    value: float  # a count, or per cent
    source: str
    note: str = ""


@dataclass(frozen=True)
class BuildOption:
    """An argument of the builder that can be chosen before a network is opened, with its values, default first.

    The entry's figures hold for the default.
    """

    name: str
    title: str
    choices: tuple[bool | float, ...]

    @property
    def default(self) -> bool | float:
        """The first choice, which the entry's figures hold for."""
        return self.choices[0]


@dataclass(frozen=True)
class CatalogueEntry:
    """A network of the catalogue: its builder, its counted figures, and published ones."""

    key: str
    title: str
    family: str
    year: int
    paper: str  # title, authors, venue
    input_size: tuple[int, int, int]  # channels, height, width
    builder: str  # "torchvision.models:resnet50"
    params: int  # counted on the live module
    macs: int  # half of what torch.utils.flop_counter counts, at `input_size`
    activations: int  # elements of all ops' outputs for one image
    top1: float | None = None  # per cent on ImageNet
    top1_source: str = ""
    published: tuple[PublishedValue, ...] = ()
    note: str = ""  # what cannot be reproduced, and why
    options: tuple[BuildOption, ...] = ()
    weights: str | None = None  # torchvision's name: "ResNet50_Weights.IMAGENET1K_V2"
    arguments: Mapping[str, Any] = field(default_factory=dict, hash=False)


def _parse_entry(raw: Mapping[str, Any], papers: Mapping[str, str]) -> CatalogueEntry:
    fields = dict(raw)
    fields["paper"] = papers[raw["paper"]]
    fields["input_size"] = tuple(raw["input_size"])
    fields["arguments"] = MappingProxyType(dict(raw.get("arguments", {})))
    fields["published"] = tuple(PublishedValue(**item) for item in raw.get("published", ()))
    fields["options"] = tuple(
        BuildOption(item["name"], item["title"], tuple(item["choices"])) for item in raw.get("options", ())
    )
    return CatalogueEntry(**fields)


def _sort_key(entry: CatalogueEntry) -> tuple[int, int]:
    known = entry.family in FAMILY_ORDER
    return entry.year, FAMILY_ORDER.index(entry.family) if known else len(FAMILY_ORDER)


@cache
def all_entries() -> tuple[CatalogueEntry, ...]:
    """Return all networks by year and, within a year, in the order of `FAMILY_ORDER`, then of the file.

    The window lists them before it imports anything large, so they are not checked against the schema here; it is
    applied once something does not fit.

    Raises:
        CatalogueError: the file is not a catalogue; the message names the entry and the field.
    """
    raw: Any = None
    try:
        raw = json.loads(resource_path("catalogue.json").read_text(encoding="utf-8"))
        return tuple(sorted((_parse_entry(item, raw["papers"]) for item in raw["networks"]), key=_sort_key))
    except (AttributeError, LookupError, TypeError, ValueError) as failure:
        from explorer.networks.catalogue_schema import find_catalogue_error

        reason = find_catalogue_error(raw) if raw is not None else None
        raise CatalogueError(f"resources/catalogue.json: {reason or failure}") from failure


def all_families() -> tuple[str, ...]:
    """Return the families that have an entry: those of `FAMILY_ORDER`, then others by the year of their first."""
    present = dict.fromkeys(entry.family for entry in all_entries())
    listed = [family for family in FAMILY_ORDER if family in present]
    return (*listed, *(family for family in present if family not in FAMILY_ORDER))


def get_entry(key: str) -> CatalogueEntry:
    """Return the entry with this key. Raises UnknownNetwork, which names the nearest keys."""
    by_key = {entry.key: entry for entry in all_entries()}
    if key in by_key:
        return by_key[key]
    normalised = key.lower().replace("-", "_").replace(" ", "_")
    nearest = difflib.get_close_matches(normalised, by_key, n=3, cutoff=0.5)
    hint = f"; did you mean {', '.join(nearest)}?" if nearest else ""
    raise UnknownNetwork(f"there is no network {key!r} in the catalogue{hint}")


def instantiate(entry: CatalogueEntry, options: Mapping[str, Any] | None = None, *, device: str = "meta") -> nn.Module:
    """Build the module of `entry` in eval mode, without pretrained weights; on "meta" it occupies no memory.

    `options` holds values for `entry.options`; an option without one has its default. With `aux_heads` the module
    returns its auxiliary outputs too, for which the root (and only the root) is left in training mode. Raises
    ValueError for an option or a value the entry does not have.
    """
    from explorer.networks.builder import call_builder

    chosen = _check_options(entry, options or {})
    arguments = dict(entry.arguments)
    aux_heads = bool(chosen.pop("aux_heads", False))
    if aux_heads:
        arguments["aux_logits"] = True
    return call_builder(entry.builder, arguments | chosen, device=device, aux_heads=aux_heads)


def _check_options(entry: CatalogueEntry, options: Mapping[str, Any]) -> dict[str, Any]:
    known = {opt.name: opt for opt in entry.options}
    for name, value in options.items():
        if name not in known:
            has = f"it has {', '.join(known)}" if known else "it has none"
            raise ValueError(f"{entry.key} has no option {name!r}; {has}")
        if value not in known[name].choices:
            choices = join_list(map(str, known[name].choices))
            raise ValueError(f"{entry.key}: {name}={value!r} is not one of {choices}")
    return dict(options)
