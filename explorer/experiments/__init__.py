"""Experiments: each answers one question about the networks with numbers computed on the spot.

    from explorer.experiments import get_experiment

    outcome = get_experiment("stacked_3x3").run({"kernel": 7})
    outcome.number("weights").computed                    # 1.8148…
    print(get_experiment("stacked_3x3").code({"kernel": 7}))        # Python that repeats it

Nothing here imports torch before the experiments are asked for.
"""

from __future__ import annotations

import difflib
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from explorer.experiments.experiment import Experiment

#: The rooms they live in, one experiment each, in the order in which they are listed.
_MODULES = (
    "stacked",
    "reduction",
    "factorised",
    "separable",
    "shuffle",
    "cardinality",
    "heads",
    "last_stage",
    "response",
    "dropout",
    "augmentation",
    "depth",
    "identity",
    "activations",
    "spiral",
    "inverted",
    "excitation",
    "growth",
    "scaling",
    "learning.activation",
    "learning.dropout",
    "learning.augmentation",
    "learning.norm",
    "learning.degradation",
    "learning.initialisation",
    "learning.bottleneck",
    "learning.shuffle",
    "learning.excitation",
    "learning.scaling",
    "learning.separable",
)


class UnknownExperiment(LookupError):
    """Raised for an id that no experiment has; the message names the nearest."""


@cache
def all_experiments() -> tuple[Experiment, ...]:
    """Return all experiments, in the order in which they are listed."""
    return tuple(import_module(f"explorer.experiments.{room}").EXPERIMENT for room in _MODULES)


def get_experiment(id: str) -> Experiment:
    """Return the experiment with this id. Raises UnknownExperiment."""
    by_id = {experiment.id: experiment for experiment in all_experiments()}
    if id in by_id:
        return by_id[id]
    near = difflib.get_close_matches(id, by_id, n=3, cutoff=0.4)
    hint = f"; did you mean {', '.join(near)}?" if near else f"; there are {', '.join(by_id)}"
    raise UnknownExperiment(f"there is no experiment {id!r}{hint}")


__all__ = ["UnknownExperiment", "all_experiments", "get_experiment"]
