"""The classes worth asking about: what the network says of the image, now and before the edits."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from explorer.analysis.comparison import probabilities, top
from explorer.analysis.sample import labels
from explorer.analysis.showing import NothingThere, Showing
from explorer.wanted import Wanted, always


@dataclass(frozen=True, slots=True)
class Candidate:
    index: int
    label: str
    probability: float  # now


def classes(now: Showing, before: Showing, wanted: Wanted = always, count: int = 5) -> tuple[Candidate, ...]:
    """The likeliest now, then those that were likeliest before. Raises NothingThere when the output has no classes."""
    p = _probabilities(now, wanted)
    q = _probabilities(before, wanted) if before is not now else p
    names = labels(len(p))
    shown = dict.fromkeys([*top(p, count), *(top(q, count) if len(q) == len(p) else ())])
    return tuple(Candidate(index, names[index], float(p[index])) for index in shown)


def _probabilities(showing: Showing, wanted: Wanted) -> torch.Tensor:
    output = showing.value(showing.architecture.output.name, wanted)
    if output.dim() != 2:
        shape = " × ".join(map(str, output.shape[1:]))
        raise NothingThere(f"The output ({shape}) is no list of classes, so there is none to choose.")
    return probabilities(output)
