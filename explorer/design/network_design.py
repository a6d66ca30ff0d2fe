"""A network as a design: frozen data, to and from the plain options that projects and command lines hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from explorer.base.full_width import to_half_width
from explorer.base.languages import join_list, tr, tr_noop
from explorer.networks.arguments import PlainValue

#: What a network ends with, and how it is said.
HEADS: dict[str, str] = {
    "pool": tr_noop("Global average pooling, linear layers"),
    "flatten": tr_noop("Flattened map, linear layers"),
    "conv": tr_noop("1×1 convolution, global average pooling"),
    "segment": tr_noop("1×1 convolution: a class for every place"),
    "reconstruct": tr_noop("3×3 convolution and sigmoid: the image again"),
}

MAX_DESIGN_ROWS = 90
MAX_REPEATS_OF_ROW = 200


class DesignError(ValueError):
    """A design that cannot be read or built. The message says which row or value, and what it may be."""


@dataclass(frozen=True, slots=True)
class DesignRow:
    """Blocks of one kind: a part (of `explorer.parts` or `explorer.design.row_parts`), how often, and its settings.

    The stride is that of the first; the others have 1.
    """

    part: str
    settings: str = ""  # "channels=64, stride=2"
    repeats: int = 1

    @property
    def text(self) -> str:
        """As options hold it: "2 basic_residual channels=64, stride=2"."""
        return f"{self.repeats} {self.part} {self.settings}".strip()

    @classmethod
    def parse(cls, text: str) -> DesignRow:
        """Read what `text` writes. Raises DesignError."""
        found = re.fullmatch(r"\s*(?:(\d{1,4})\s+)?([a-z_][a-z_0-9]*)\s*(.*)", text)
        if found is None:
            raise DesignError(
                tr('{text!r} is no row, such as "2 basic_residual channels=64, stride=2"', text=text[:80])
            )
        repeats = int(found[1] or 1)
        if not 1 <= repeats <= MAX_REPEATS_OF_ROW:
            raise DesignError(
                tr("a row is repeated 1 to {most} times, not {count}", most=MAX_REPEATS_OF_ROW, count=repeats)
            )
        return cls(found[2], found[3].strip(), repeats)


@dataclass(frozen=True, slots=True)
class NetworkDesign:
    """What a network is made of. `input_size` is (channels, height, width), or (channels, length) of a signal."""

    title: str
    input_size: tuple[int, ...]
    classes: int
    stem: tuple[DesignRow, ...]
    rows: tuple[DesignRow, ...]
    head: str = "pool"
    hidden: tuple[int, ...] = ()  # widths of linear layers before the last
    dropout: float = 0.0  # before the last layer

    def __post_init__(self) -> None:
        """Check what does not depend on parts. Raises DesignError."""
        if not re.fullmatch(r"[^\x00-\x1f]{1,80}", self.title):
            raise DesignError(tr("a network needs a title of up to 80 characters"))
        if len(self.input_size) not in (2, 3) or not all(1 <= side <= 65_536 for side in self.input_size):
            raise DesignError(tr("the input is channels×height×width, or channels×length of a signal"))
        if not 1 <= self.classes <= 100_000:
            raise DesignError(tr("the number of classes lies between 1 and 100,000"))
        if self.head not in HEADS:
            raise DesignError(tr("{head!r} is no head; there are {names}", head=self.head, names=join_list(HEADS)))
        if len(self.hidden) > 4 or not all(1 <= width <= 65_536 for width in self.hidden):
            raise DesignError(tr("a head has up to 4 hidden layers of 1 to 65,536 channels"))
        if not 0 <= self.dropout < 1:
            raise DesignError(tr("a dropout rate lies between 0 and 1"))
        if not 1 <= len(self.stem) + len(self.rows) <= MAX_DESIGN_ROWS:
            raise DesignError(tr("a design has 1 to {most} rows", most=MAX_DESIGN_ROWS))

    def to_options(self) -> dict[str, PlainValue]:
        """Return the design as plain values by name, each readable by itself."""
        values: dict[str, PlainValue] = {
            "title": self.title,
            "input": "x".join(map(str, self.input_size)),
            "classes": self.classes,
            "head": self.head,
            "hidden": ",".join(map(str, self.hidden)),
            "dropout": self.dropout,
        }
        values |= {f"stem{number}": row.text for number, row in enumerate(self.stem, 1)}
        return values | {f"row{number}": row.text for number, row in enumerate(self.rows, 1)}

    def with_options(self, options: Mapping[str, PlainValue]) -> NetworkDesign:
        """Return the design with some values changed; rows that are given are all. Raises DesignError."""
        known = {"title", "input", "classes", "head", "hidden", "dropout"}
        unknown = [name for name in options if name not in known and not re.fullmatch(r"(stem|row)\d{1,3}", name)]
        if unknown:
            raise DesignError(
                tr("a design has no {name!r}; it has {names}", name=unknown[0][:40], names=join_list(known))
            )
        values: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        values |= {name: options[name] for name in ("title", "classes", "head", "dropout") if name in options}
        if "input" in options:
            values["input_size"] = _integers(options["input"], "x")
        if "hidden" in options:
            values["hidden"] = _integers(options["hidden"], ",")
        for kind, name in (("stem", "stem"), ("row", "rows")):
            given = {int(key[len(kind) :]): value for key, value in options.items() if key.startswith(kind)}
            if given or "row1" in options:
                values[name] = tuple(DesignRow.parse(str(given[number])) for number in sorted(given))
        try:
            return NetworkDesign(**values)
        except TypeError as failure:
            raise DesignError(str(failure)) from failure

    @classmethod
    def from_options(cls, options: Mapping[str, PlainValue]) -> NetworkDesign:
        """Return the design that `to_options` wrote. Raises DesignError."""
        first = cls("Network", (3, 224, 224), 1000, (), (DesignRow("conv_norm_act", "channels=16"),))
        return first.with_options(options)


def _integers(value: PlainValue, mark: str) -> tuple[int, ...]:
    words = [word.strip() for word in to_half_width(str(value)).replace("×", "x").split(mark) if word.strip()]
    if not all(word.isdecimal() and len(word) < 8 for word in words):
        raise DesignError(
            tr("{value!r} must be whole numbers with {mark!r} between them", value=str(value)[:60], mark=mark)
        )
    return tuple(map(int, words))
