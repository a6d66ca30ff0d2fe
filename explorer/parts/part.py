"""What a part is: a builder of a module, what it is called, and the settings that it takes."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from torch import nn

from explorer.base.languages import join_list, tr, with_label
from explorer.networks.arguments import ArgumentError, PlainValue, parse_plain_arguments
from explorer.parts.setting import CHANNELS, Setting
from explorer.parts.signals import find_signal_form

Join = Literal["", "add", "concat", "multiply"]
#: What a part reads: maps (batch, channels, height, width) or signals (batch, channels, length), rows of features
#: (batch, features), or both.
Takes = Literal["maps", "features", "any"]


#: Builds the module of a part: takes the number of channels that come in, and its settings by name.
Builder = Callable[..., nn.Module]


class PartError(ValueError):
    """A part that does not exist, or cannot be built so. The message says which values are allowed."""


@dataclass(frozen=True)
class Part:
    """Something that can be put into a network.

    `build` takes the number of channels that come in and every setting by its name. Of a `join` the module is what
    stands on its way: it is put beside something, and the two are joined so.
    """

    key: str
    title: str
    sentence: str
    family: str
    kind: Literal["layer", "block"]
    build: Builder = field(repr=False)
    settings: tuple[Setting, ...] = ()
    join: Join = ""
    takes: Takes = "maps"

    @property
    def source(self) -> str:
        """The paper or reference that it follows: the docstring of its builder."""
        return inspect.getdoc(self.build) or ""

    @property
    def class_name(self) -> str:
        """The class of what it makes, where that is a plain sequence of its own: ECA, SqueezeExcitation."""
        if self.title.lower() == self.key:
            return self.title
        return "".join(word.capitalize() for word in self.key.split("_"))

    def find_setting(self, name: str) -> Setting | None:
        """Return the setting of a name; None where it has none such."""
        return next((setting for setting in self.settings if setting.name == name), None)

    def read_settings(self, text: str) -> dict[str, PlainValue]:
        """Return the settings that a text such as "channels=64, stride=2" gives; those it does not name are left out.

        Raises PartError for a name or a value that the part does not take.
        """
        try:
            given = parse_plain_arguments(text)
        except ArgumentError as failure:
            raise PartError(str(failure)) from failure
        for name, value in given.items():
            setting = self.find_setting(name)
            if setting is None:
                known = join_list(setting.name for setting in self.settings)
                raise PartError(
                    tr("{part} has no setting {name!r}; it takes {known}", part=tr(self.title), name=name, known=known)
                )
            reason = setting.find_fault(value)
            if reason:
                raise PartError(with_label(tr(self.title), reason))
        return given

    def build_module(
        self, in_channels: int, settings: Mapping[str, PlainValue], *, for_signals: bool = False
    ) -> nn.Module:
        """Build it for so many channels; settings that are not given are those that it begins with.

        A part of maps is built along one axis where it is `for_signals`: (batch, channels, length).

        Raises PartError where no module can be built so.
        """
        values = {setting.name: setting.default for setting in self.settings} | dict(settings)
        if CHANNELS in self.settings:
            values["channels"] = values["channels"] or in_channels
        try:
            made = self.build(in_channels, **values)
        except (ValueError, RuntimeError, ZeroDivisionError) as failure:
            raise PartError(
                tr(
                    "{part} cannot be built of {count} channels: {reason}",
                    part=tr(self.title),
                    count=in_channels,
                    reason=failure,
                )
            ) from failure
        found = find_signal_form(made, in_channels) if for_signals and self.takes == "maps" else made
        if found is None:
            raise PartError(tr("{part} has no form for signals", part=tr(self.title)))
        return found


_PARTS: dict[str, Part] = {}


def register_part(
    key: str,
    *,
    title: str,
    sentence: str,
    family: str,
    kind: Literal["layer", "block"] = "block",
    settings: Sequence[Setting] = (),
    join: Join = "",
    takes: Takes = "maps",
) -> Callable[[Builder], Builder]:
    """Register a builder as a part. Raises ValueError where there is another of that key."""

    def register(build: Builder) -> Builder:
        known = _PARTS.get(key)
        if known is not None and known.build.__module__ != build.__module__:
            raise ValueError(f"there is a part {key!r} already")
        _PARTS[key] = Part(key, title, sentence, family, kind, build, tuple(settings), join, takes)
        return build

    return register


def all_parts() -> tuple[Part, ...]:
    """Return the parts there are: layers first, then blocks by family, each in the order of their modules."""
    return tuple(sorted(_PARTS.values(), key=lambda part: part.kind == "block"))


def find_part(key: str) -> Part:
    """Return a part by its key. Raises PartError, with the nearest keys, where there is none."""
    found = _PARTS.get(key) if isinstance(key, str) else None
    if found is None:
        near = difflib.get_close_matches(str(key), _PARTS, n=3, cutoff=0.5)
        message = tr("there is no part {key!r}", key=str(key)[:80])
        raise PartError(tr("{message}; nearest: {names}", message=message, names=join_list(near)) if near else message)
    return found
