"""The command line's `experiment`: what they are, and the outcome of one as text or JSON."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from explorer.base.terminal import progress_line

if TYPE_CHECKING:
    from explorer.experiments.experiment import Experiment


def add_experiment_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `experiment`, and what it runs."""
    parser.add_argument("id", metavar="NAME", nargs="?", help="of an experiment; without it, all are listed")
    parser.add_argument(
        "--set",
        metavar="CONTROL=VALUE",
        action="append",
        default=[],
        help="set a control; may be given several times",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as JSON, with the series of all charts")
    form.add_argument("--code", action="store_true", help="print Python that repeats it, and run nothing")
    parser.set_defaults(run=_run)


def _run(parsed: argparse.Namespace) -> None:
    from explorer.experiments import get_experiment
    from explorer.experiments.printed_outcome import outcome_as_json, outcome_as_text

    if parsed.id is None:
        _print_list(as_json=parsed.json)
        return
    experiment = get_experiment(parsed.id)
    values = experiment.validate(_read_controls(experiment, parsed.set))
    if parsed.code:
        print(experiment.code(values))
        return
    outcome = experiment.run(values, progress_line(experiment.id))
    if parsed.json:
        print(json.dumps(outcome_as_json(experiment, values, outcome), indent=2))
    else:
        print(outcome_as_text(experiment, values, outcome))


def _print_list(*, as_json: bool) -> None:
    from explorer.experiments import all_experiments
    from explorer.experiments.printed_outcome import experiment_as_json

    found = [experiment_as_json(experiment) for experiment in all_experiments()]
    if as_json:
        print(json.dumps(found, indent=2))
        return
    for experiment in found:
        print(f"{experiment['id']:<24} {experiment['title']}")
        for control in experiment["controls"]:
            print(f"{'':<24}   {control['name']}={control['default']} ({control['can_be']})")


def _read_controls(experiment: Experiment, settings: list[str]) -> dict[str, Any]:
    """Read "kernel=7" and the like: numbers, true and false as JSON has them, all else as text."""
    found: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise ValueError(f"--set takes CONTROL=VALUE, not {setting!r}")
        default = experiment.defaults.get(name)
        found[name] = text if isinstance(default, str) else _read_value(text)
    return found


def _read_value(text: str) -> Any:
    try:
        return json.loads(text.lower() if text in ("True", "False") else text)
    except ValueError:
        return text
