"""What networks there are: where each comes from, what was published about it, and what it counts here.

The entries are in resources/catalogue.json. Nothing here imports torch before `build` is called.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from explorer.base.resources import resource_path

if TYPE_CHECKING:
    from torch import nn

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


@dataclass(frozen=True)
class PublishedValue:
    """A number from a paper. `note` says how it was counted, or why it does not come out here."""

    figure: Literal["params", "macs", "top1"]
    value: float  # a count, or per cent
    source: str
    note: str = ""


@dataclass(frozen=True)
class BuildOption:
    """Something to choose before the network is built. The first choice is what the entry's figures hold for."""

    name: str
    title: str
    choices: tuple[bool | float, ...]

    @property
    def default(self) -> bool | float:
        return self.choices[0]


@dataclass(frozen=True)
class CatalogueEntry:
    """A network of the catalogue."""

    key: str
    title: str
    family: str
    year: int
    paper: str  # title, authors, venue
    input_size: tuple[int, int, int]  # channels, height, width
    builder: str  # "torchvision.models:resnet50"
    params: int  # counted on the live module
    macs: int  # half of what torch.utils.flop_counter counts, at `input_size`
    activations: int  # numbers that all ops together make of one image
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


@cache
def all_entries() -> tuple[CatalogueEntry, ...]:
    """All networks, by year and, within a year, in the order of `FAMILIES`."""
    raw = json.loads(resource_path("catalogue.json").read_text(encoding="utf-8"))
    found = [_parse_entry(item, raw["papers"]) for item in raw["networks"]]
    return tuple(sorted(found, key=lambda entry: (entry.year, FAMILY_ORDER.index(entry.family))))


def get_entry(key: str) -> CatalogueEntry:
    """The entry called `key`. Raises UnknownNetwork with the nearest keys."""
    by_key = {entry.key: entry for entry in all_entries()}
    if key in by_key:
        return by_key[key]
    wanted = key.lower().replace("-", "_").replace(" ", "_")
    near = difflib.get_close_matches(wanted, by_key, n=3, cutoff=0.5)
    hint = f"; did you mean {', '.join(near)}?" if near else ""
    raise UnknownNetwork(f"there is no network {key!r} in the catalogue{hint}")


def instantiate(entry: CatalogueEntry, options: Mapping[str, Any] | None = None, *, device: str = "meta") -> nn.Module:
    """The module of `entry` in eval mode, without pretrained weights; on "meta" it occupies no memory.

    `options` holds values for `entry.options`; without one, the first choice counts. With `aux_heads` the module
    returns its auxiliary outputs too, for which the root (and only the root) is left in training mode.
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
            choices = ", ".join(map(str, known[name].choices))
            raise ValueError(f"{entry.key}: {name}={value!r} is not one of {choices}")
    return dict(options)
