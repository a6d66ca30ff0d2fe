"""Parts as the panel shows them: plain, frozen, free of torch and Qt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from explorer.viewmodels.diagram import Kind

PlainSetting = bool | int | str


@dataclass(frozen=True, slots=True)
class SettingRow:
    """A setting of a part: a whole number in a range, one of `choices` (value and title), or on and off."""

    name: str
    title: str
    default: PlainSetting
    minimum: int = 0
    maximum: int = 0
    step: int = 1
    zero: str = ""  # what 0 stands for
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PartRow:
    """A part in the list."""

    key: str
    title: str
    sentence: str
    family: str
    kind: Kind  # of its card
    join: str = ""  # how what stands on its way is joined; empty for a part that is put in by itself
    settings: tuple[SettingRow, ...] = field(default=(), repr=False)
    source: str = ""  # the paper
    description: str = field(default="", repr=False)  # of one that no builder makes: what it is made of
    origin: tuple[str, str] = ("", "")  # of a block of a network: its place there, and the network's title

    @property
    def is_own(self) -> bool:
        """Whether it is one of the user's own."""
        return bool(self.description) and not self.origin[1]

    def matches(self, query: str) -> bool:
        """Whether every word that is looked for stands in its texts."""
        texts = f"{self.title} {self.sentence} {self.family} {self.key.replace('_', ' ')}".casefold()
        return all(word in texts for word in query.casefold().split())


def group_by_family(rows: tuple[PartRow, ...], query: str = "") -> Mapping[str, tuple[PartRow, ...]]:
    """Return the parts that match, by family, in their order."""
    found: dict[str, list[PartRow]] = {}
    for row in _matching(rows, query):
        found.setdefault(row.family, []).append(row)
    return {family: tuple(members) for family, members in found.items()}


def _matching(rows: tuple[PartRow, ...], query: str) -> Iterator[PartRow]:
    return (row for row in rows if row.matches(query))
