"""Experiments: a question, controls, the computation that answers it, and Python that repeats it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from string import Template
from typing import Any

from explorer.base.cancellation import Cancelled, KeepGoing, always
from explorer.experiments.outcome import Outcome

ControlValue = bool | int | float | str
Values = Mapping[str, Any]  # what the controls are set to, checked


class InvalidControl(ValueError):
    """Raised for a control that does not exist or a value it cannot have. The message names it and the alternatives."""


@dataclass(frozen=True, slots=True)
class ChoiceControl:
    """A control with a few values."""

    name: str
    values: tuple[ControlValue, ...]
    default: ControlValue

    def validate(self, value: Any) -> ControlValue:
        """Return the value, as it is listed. Raises InvalidControl."""
        for known in self.values:
            if known == value and isinstance(value, bool) == isinstance(known, bool):
                return known
        raise InvalidControl(f"{self.name}={value!r} is not one of {', '.join(map(str, self.values))}")


@dataclass(frozen=True, slots=True)
class RangeControl:
    """A control with numbers between two limits, in steps; integers when the steps are."""

    name: str
    low: float
    high: float
    default: float
    step: float = 1

    def validate(self, value: Any) -> ControlValue:
        """Return the number, rounded to its step. Raises InvalidControl."""
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
    """A control that is on or off."""

    name: str
    default: bool

    def validate(self, value: Any) -> ControlValue:
        """Return the value. Raises InvalidControl unless it is True or False."""
        if not isinstance(value, bool):
            raise InvalidControl(f"{self.name}={value!r} is neither True nor False")
        return value


Control = ChoiceControl | RangeControl | SwitchControl


@dataclass(frozen=True)
class Experiment:
    """A question with controls; its words are in the texts, under its id."""

    id: str
    idea: str  # what it is listed under
    networks: tuple[str, ...]  # keys of the catalogue it speaks of
    controls: tuple[Control, ...]
    compute: Callable[[Values, KeepGoing], Outcome] = field(repr=False)
    code_template: str = field(repr=False)  # Python, with $name for the value of a control

    @property
    def defaults(self) -> dict[str, ControlValue]:
        """Default value of each control, by name."""
        return {control.name: control.default for control in self.controls}

    def run(self, controls: Values | None = None, keep_going: KeepGoing = always) -> Outcome:
        """Compute the outcome with these controls and the defaults of the others.

        Raises InvalidControl; Cancelled when `keep_going`, asked now and then with the part that is done, says no.
        """
        return self.compute(self.validate(controls or {}), keep_going)

    def code(self, controls: Values | None = None) -> str:
        """Return Python that repeats the core with these controls and prints its numbers. Raises InvalidControl."""
        values = self.validate(controls or {})
        return Template(self.code_template.strip("\n")).substitute(
            {name: repr(value) for name, value in values.items()}
        )

    def validate(self, controls: Values) -> dict[str, ControlValue]:
        """Return the values of all controls, defaults filled in. Raises InvalidControl."""
        known = {control.name: control for control in self.controls}
        for name in controls:
            if name not in known:
                raise InvalidControl(f"{self.id} has no control {name!r}; it has {', '.join(known) or 'none'}")
        return {name: control.validate(controls.get(name, control.default)) for name, control in known.items()}


def report_progress(keep_going: KeepGoing, progress: float) -> None:
    """Say which part is done, 0 to 1. Raises Cancelled when `keep_going` answers no."""
    if not keep_going(progress):
        raise Cancelled
