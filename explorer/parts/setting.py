"""Settings of parts: whole numbers in a range, one of some names, on or off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import nn
from torchvision.models.convnext import LayerNorm2d

from explorer.base.languages import join_list, tr, tr_noop
from explorer.graph.op_kinds import ACTIVATION_TITLES
from explorer.networks.arguments import PlainValue


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of a part: its name in code, its title, what it begins with, and which values it takes."""

    name: str
    title: str
    default: PlainValue

    def find_fault(self, value: PlainValue) -> str:
        """Return why a value is not allowed, in words; empty where it is."""
        if type(value) is type(self.default):
            return ""
        return tr("{name} must be like {example!r}, not {value!r}", name=self.name, example=self.default, value=value)


@dataclass(frozen=True, slots=True)
class IntegerSetting(Setting):
    """A whole number. Where `minimum` is 0 and `zero` is given, 0 stands for that: a number which the part chooses."""

    minimum: int = 1
    maximum: int = 8192
    zero: str = ""

    def find_fault(self, value: PlainValue) -> str:
        """Return why a value is not allowed, in words; empty where it is."""
        if isinstance(value, int) and not isinstance(value, bool) and self.minimum <= value <= self.maximum:
            return ""
        return tr(
            "{name} must be a whole number from {minimum} to {maximum}, not {value!r}",
            name=self.name,
            minimum=self.minimum,
            maximum=self.maximum,
            value=value,
        )


@dataclass(frozen=True, slots=True)
class OddSetting(IntegerSetting):
    """The side of a window that has a middle, so that a map keeps its size."""

    def find_fault(self, value: PlainValue) -> str:
        """Return why a value is not allowed, in words; empty where it is."""
        reason = IntegerSetting.find_fault(self, value)
        if reason or (isinstance(value, int) and value % 2):
            return reason
        return tr("{name} must be odd, so that the map keeps its size; {value} is not", name=self.name, value=value)


@dataclass(frozen=True, slots=True)
class ChoiceSetting(Setting):
    """One of some names; `choices` says how each is written for people."""

    choices: Mapping[str, str] = ...  # type: ignore[assignment]  # after a field without default

    def find_fault(self, value: PlainValue) -> str:
        """Return why a value is not allowed, in words; empty where it is."""
        if isinstance(value, str) and value in self.choices:
            return ""
        return tr(
            "{name} must be one of {choices}, not {value!r}",
            name=self.name,
            choices=join_list(self.choices),
            value=value,
        )


@dataclass(frozen=True, slots=True)
class SwitchSetting(Setting):
    """On or off."""


#: Norms that parts can have, and how each is written for people.
PART_NORMS: Mapping[str, str] = {
    "none": tr_noop("none"),
    "batch": "BatchNorm",
    "group": "GroupNorm",
    "instance": "InstanceNorm",
    "layer": "LayerNorm",
}


def build_norm(kind: str, channels: int) -> nn.Module | None:
    """Return a norm (a key of `PART_NORMS`) for so many channels; None for "none"."""
    if kind == "batch":
        return nn.BatchNorm2d(channels)
    if kind == "group":
        return nn.GroupNorm(next(count for count in (32, 16, 8, 4, 2, 1) if channels % count == 0), channels)
    if kind == "instance":
        return nn.InstanceNorm2d(channels, affine=True)
    return LayerNorm2d(channels) if kind == "layer" else None


# The settings that many parts have.

CHANNELS = IntegerSetting("channels", tr_noop("Channels"), 0, 0, 8192, tr_noop("as the place needs"))
STRIDE = IntegerSetting("stride", tr_noop("Stride"), 1, 1, 8)
KERNEL = OddSetting("kernel", tr_noop("Kernel"), 3, 1, 31)
EXPANSION = IntegerSetting("expansion", tr_noop("Expansion"), 6, 1, 16)
BIAS = SwitchSetting("bias", tr_noop("Bias"), True)
NORM = ChoiceSetting("norm", tr_noop("Norm"), "batch", PART_NORMS)
ACTIVATION = ChoiceSetting("activation", tr_noop("Activation"), "relu", ACTIVATION_TITLES)


def activation_setting(default: str) -> ChoiceSetting:
    """Return the setting of the activation, with another one to begin with."""
    return ChoiceSetting("activation", tr_noop("Activation"), default, ACTIVATION_TITLES)


def norm_setting(default: str) -> ChoiceSetting:
    """Return the setting of the norm, with another one to begin with."""
    return ChoiceSetting("norm", tr_noop("Norm"), default, PART_NORMS)


def groups_setting(default: int) -> IntegerSetting:
    """Return the setting of the number of groups."""
    return IntegerSetting("groups", tr_noop("Groups"), default, 1, 1024)


def kernel_setting(default: int) -> OddSetting:
    """Return the setting of the side of a window, with another one to begin with."""
    return OddSetting("kernel", tr_noop("Kernel"), default, 1, 31)


def ratio_setting(default: int, title: str = tr_noop("Squeeze ratio")) -> IntegerSetting:
    """Return the setting by how much something is made narrower."""
    return IntegerSetting("ratio", title, default, 1, 64)
