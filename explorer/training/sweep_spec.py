"""A sweep as data: one JSON file that says what is varied, and how the points are chosen."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from explorer.base.languages import tr
from explorer.base.validation_faults import describe_fault
from explorer.training.data_spec import DataSpec, data_from_json, data_from_text
from explorer.training.plain_fields import Ranges, changed_fields, check_ranges, from_fields

Search = Literal["grid", "random", "halving"]

#: A point of a sweep: the value of each varied field, by its name.
SweepPoint = Mapping[str, Any]

MAX_TRIALS = 10_000


class SweepError(ValueError):
    """A sweep that cannot be made. The message names the field and what it takes."""


@dataclass(frozen=True)
class SweepRange:
    """Numbers from `low` to `high`; `log` spaces them by their quotients, `whole` rounds them."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def at(self, share: float) -> float | int:
        """Return the number at a share (0 to 1) of the way."""
        value = self.low * (self.high / self.low) ** share if self.log else self.low + (self.high - self.low) * share
        return round(value) if self.whole else float(f"{value:.6g}")


Variation = tuple[Any, ...] | SweepRange


@dataclass(frozen=True)
class Sweep:
    """What is trained, and what is varied.

        {"network": "mobilenet_v2", "data": "digits", "recipe": {"epochs": 3}, "seeds": 2,
         "edits": [{"edit": "swap_activation", "at": "*", "to": "relu"}],
         "vary": {"edits.0.to": ["relu", "relu6", "linear"],
                  "recipe.learning_rate": {"low": 1e-4, "high": 1e-2, "log": true}},
         "search": "random", "trials": 8}

    A whole edit can be varied too: `"edits": [null], "vary": {"edits.0": [null, {"edit": "remove_dropout", …}]}`, where
    null makes none.

    Attributes:
        network: what is opened, as on the command line; varied under "network".
        data: a text of a data set, or its fields; varied as texts, under "data".
        recipe: fields of the recipe; each can be varied, "recipe.learning_rate".
        edits: as in a file of edits; their fields can be varied, "edits.0.to", and each as a whole, "edits.0".
        vary: the values of each varied field, or a range.
        titles: of varied fields, for tables; their names without.
        labels: of the values of a varied list, in its order, for tables.
        search: "grid" takes every combination, with `steps` values of each range; "random" draws `trials` points;
            "halving" draws as many, trains them briefly, and goes on with the best: one in `keep` each time.
    """

    network: str
    data: str | Mapping[str, Any] = "digits"
    recipe: Mapping[str, Any] = field(default_factory=dict)
    edits: tuple[Mapping[str, Any] | None, ...] = ()
    vary: Mapping[str, Any] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    search: Search = "grid"
    trials: int = 8
    steps: int = 3
    keep: int = 3
    seeds: int = 1
    seed: int = 0  # of the points that are drawn

    def __post_init__(self) -> None:
        check_ranges(self, _RANGES, SweepError)
        if not self.vary:
            raise SweepError(tr("a sweep varies one field at least: {example}", example='"vary": {"network": […]}'))
        for name in self.vary:
            self._check_place(name)
        _ = self.variations

    def _check_place(self, name: str) -> None:
        kind, *rest = name.split(".")
        known = (kind == "network" and not rest) or (kind == "data" and not rest)
        known |= kind == "recipe" and len(rest) == 1
        known |= kind == "edits" and len(rest) in (1, 2) and rest[0].isdecimal() and int(rest[0]) < len(self.edits)
        if not known:
            raise SweepError(
                tr(
                    "{name!r} cannot be varied; there are {known}",
                    name=name,
                    known='"network", "data", "recipe.FIELD", "edits.NUMBER", "edits.NUMBER.FIELD"',
                )
            )

    @property
    def variations(self) -> dict[str, Variation]:
        """What each varied field can be. Raises SweepError naming one that is neither a list nor a range."""
        return {name: _read_variation(name, value) for name, value in self.vary.items()}

    @property
    def data_spec(self) -> DataSpec:
        """The data set where it is not varied. Raises DataError."""
        return data_from_text(self.data) if isinstance(self.data, str) else data_from_json(self.data)

    def as_json(self) -> dict[str, Any]:
        """Return the network and the fields that differ from the defaults, as plain values."""
        return {"network": self.network} | changed_fields(self)

    def title_of(self, name: str) -> str:
        """Return what tables call a varied field."""
        return self.titles.get(name, name)

    def label_of(self, name: str, value: Any) -> Any:
        """Return what tables show of a value of a varied field: its label, or the value itself where it has none."""
        values = self.vary.get(name)
        labels = self.labels.get(name, ())
        if isinstance(values, (list, tuple)) and len(labels) == len(values) and value in values:
            return labels[list(values).index(value)]
        return value

    def points(self) -> tuple[SweepPoint, ...]:
        """Return the points that are trained, each once."""
        found = self._grid() if self.search == "grid" else self._drawn()
        unique = {repr(sorted(point.items())): point for point in found}
        return tuple(unique.values())

    def _grid(self) -> list[SweepPoint]:
        values = [self._values(variation) for variation in self.variations.values()]
        if math.prod(map(len, values)) > MAX_TRIALS:
            raise SweepError(tr("the grid has more than {count:,} points: draw some at random", count=MAX_TRIALS))
        return [dict(zip(self.vary, combination, strict=True)) for combination in itertools.product(*values)]

    def _values(self, variation: Variation) -> tuple[Any, ...]:
        if not isinstance(variation, SweepRange):
            return variation
        return tuple(variation.at(number / max(1, self.steps - 1)) for number in range(self.steps))

    def _drawn(self) -> list[SweepPoint]:
        chance = random.Random(self.seed)
        return [
            {
                name: v.at(chance.random()) if isinstance(v, SweepRange) else chance.choice(v)
                for name, v in self.variations.items()
            }
            for _ in range(self.trials)
        ]

    def epochs_of_rounds(self, epochs: int, count: int) -> list[int]:
        """Return the epochs of each round of a halving of `count` points, of which the last has all `epochs`."""
        if self.search != "halving":
            return [epochs]
        rounds = 1
        while self.keep**rounds < count and epochs // self.keep**rounds >= 1:
            rounds += 1
        return [max(1, epochs // self.keep**left) for left in reversed(range(rounds))]


_RANGES: Ranges = {"trials": (1, MAX_TRIALS), "steps": (1, 1000), "keep": (2, 100), "seeds": (1, 100)}

_RangeFile = TypeAdapter(SweepRange)


def _read_variation(name: str, value: Any) -> Variation:
    if isinstance(value, (list, tuple)) and value:
        return tuple(value)
    if isinstance(value, Mapping):
        try:
            found = _RangeFile.validate_python(dict(value))
        except ValidationError as failure:
            raise SweepError(f"{name}, {describe_fault(failure)}") from failure
        if found.low < found.high and (found.low > 0 or not found.log):
            return found
    raise SweepError(
        tr(
            "{name} varies over a list of values, or over a range such as {example}",
            name=name,
            example='{"low": 0.001, "high": 0.1, "log": true}',
        )
    )


def sweep_from_json(value: Any) -> Sweep:
    """Return the sweep of a JSON object. Raises SweepError naming the field."""
    if not isinstance(value, Mapping):
        raise SweepError(tr("a sweep is an object with a network and what is varied"))
    return from_fields(Sweep, value, SweepError)
