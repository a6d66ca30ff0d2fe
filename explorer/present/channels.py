"""The arithmetic of joins and splits: what channels come together, and into what they are dealt."""

from __future__ import annotations

from itertools import groupby

from explorer.analysis.study import Study
from explorer.graph.architecture import Node
from explorer.graph.groups import picks

_MOST = 5  # terms that are written out


def joined(study: Study, node: Node) -> str:
    """What a concatenation puts together: "64 + 128 + 32 + 32 = 256". Empty where it joins along another axis."""
    parts = [_channels(study, name) for name in node.inputs]
    whole = _channels(study, node.name)
    return f"{_sum(parts)} = {whole}" if whole and len(parts) > 1 and sum(parts) == whole else ""


def dealt(study: Study, node: Node) -> str:
    """Into what a split deals its channels: "232 = 116 + 116"."""
    whole = _channels(study, node.inputs[0]) if node.inputs else 0
    users = dict.fromkeys(study.architecture.users[node.name])
    parts = [_channels(study, user) for user in users if picks(study.architecture.nodes[user])]
    return f"{whole} = {_sum(parts)}" if whole and len(parts) > 1 and sum(parts) == whole else ""


def _channels(study: Study, name: str) -> int:
    shape = study.figures.shape(name)
    return shape.dims[1] if shape is not None and len(shape.dims) > 1 else 0


def _sum(parts: list[int]) -> str:
    """Equal neighbours as a product: "64 + 6×32"."""
    runs = [(part, len(list(run))) for part, run in groupby(parts)]
    terms = [f"{count}×{part}" if count > 2 else " + ".join([str(part)] * count) for part, count in runs]
    if len(terms) > _MOST:
        return f"{terms[0]} + … + {terms[-1]} ({len(parts)} maps)"
    return " + ".join(terms)
