"""What an experiment is: a question, controls, the work that answers it, and the lines of Python that repeat it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from string import Template
from typing import Any

from explorer.base.cancellation import Cancelled, KeepGoing, always
from explorer.experiments.outcome import Outcome

Value = bool | int | float | str
Values = Mapping[str, Any]  # what the controls are set to, checked


class InvalidControl(ValueError):
    """A control that there is not, or set to what it cannot be. The message names it and what it can be."""


@dataclass(frozen=True, slots=True)
class ChoiceControl:
    """One of a few values."""

    name: str
    values: tuple[Value, ...]
    default: Value

    def validate(self, value: Any) -> Value:
        for known in self.values:
            if known == value and isinstance(value, bool) == isinstance(known, bool):
                return known
        raise InvalidControl(f"{self.name}={value!r} is not one of {', '.join(map(str, self.values))}")


@dataclass(frozen=True, slots=True)
class RangeControl:
    """A number between two others, in steps. Whole when the step is."""

    name: str
    low: float
    high: float
    default: float
    step: float = 1

    def validate(self, value: Any) -> Value:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not self.low <= value <= self.high:
            raise InvalidControl(f"{self.name}={value!r} is no number from {self.low:g} to {self.high:g}")
        places = round((value - self.low) / self.step)
        found = self.low + places * self.step
        if abs(found - value) > 1e-6 * self.step:
            raise InvalidControl(f"{self.name}={value!r} is not {self.low:g} and some steps of {self.step:g}")
        whole = float(self.step).is_integer() and float(self.low).is_integer()
        return round(found) if whole else round(found, 6)


@dataclass(frozen=True, slots=True)
class SwitchControl:
    """On or off."""

    name: str
    default: bool

    def validate(self, value: Any) -> Value:
        if not isinstance(value, bool):
            raise InvalidControl(f"{self.name}={value!r} is neither True nor False")
        return value


Control = ChoiceControl | RangeControl | SwitchControl


@dataclass(frozen=True)
class Experiment:
    """Its words are in the texts, under its id."""

    id: str
    idea: str  # what it is listed under
    networks: tuple[str, ...]  # keys of the catalogue it speaks of
    controls: tuple[Control, ...]
    compute: Callable[[Values, KeepGoing], Outcome] = field(repr=False)
    code_template: str = field(repr=False)  # Python, with $name for the value of a control

    @property
    def defaults(self) -> dict[str, Value]:
        return {control.name: control.default for control in self.controls}

    def run(self, controls: Values | None = None, keep_going: KeepGoing = always) -> Outcome:
        """Do it, with these controls and the defaults of the others.

        Raises BadControl; Cancelled when `wanted`, asked now and then with the part that is done, says no.
        """
        return self.compute(self.validate(controls or {}), keep_going)

    def code(self, controls: Values | None = None) -> str:
        """Python that repeats the heart of it with these controls, and prints its numbers. Raises BadControl."""
        values = self.validate(controls or {})
        return Template(self.code_template.strip("\n")).substitute(
            {name: repr(value) for name, value in values.items()}
        )

    def validate(self, controls: Values) -> dict[str, Value]:
        """All controls with their values. Raises BadControl."""
        known = {control.name: control for control in self.controls}
        for name in controls:
            if name not in known:
                raise InvalidControl(f"{self.id} has no control {name!r}; it has {', '.join(known) or 'none'}")
        return {name: control.validate(controls.get(name, control.default)) for name, control in known.items()}


def check_cancelled(keep_going: KeepGoing, progress: float) -> None:
    """Raises Cancelled when the work is no longer wanted; `done` is the part that is done, 0 to 1."""
    if not keep_going(progress):
        raise Cancelled
