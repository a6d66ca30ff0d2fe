"""Channel arithmetic of concatenations and splits, as text."""

from __future__ import annotations

from itertools import groupby

from explorer.analysis.analysis import Analysis
from explorer.base.languages import tr
from explorer.graph.groups import is_tuple_item
from explorer.graph.node import Node

_MAX_TERMS = 5  # terms that are written out


def concat_arithmetic(analysis: Analysis, node: Node) -> str:
    """Return the channels of a concatenation, "64 + 128 + 32 + 32 = 256"; empty where it joins along another axis."""
    parts = [_channel_count(analysis, name) for name in node.inputs]
    whole = _channel_count(analysis, node.name)
    return f"{_format_sum(parts)} = {whole}" if whole and len(parts) > 1 and sum(parts) == whole else ""


def split_arithmetic(analysis: Analysis, node: Node) -> str:
    """Return the channels of a split, "232 = 116 + 116"; empty where it splits along another axis."""
    whole = _channel_count(analysis, node.inputs[0]) if node.inputs else 0
    users = dict.fromkeys(analysis.architecture.users[node.name])
    parts = [_channel_count(analysis, user) for user in users if is_tuple_item(analysis.architecture.nodes[user])]
    return f"{whole} = {_format_sum(parts)}" if whole and len(parts) > 1 and sum(parts) == whole else ""


def _channel_count(analysis: Analysis, name: str) -> int:
    shape = analysis.figures.shape(name)
    return shape.dims[1] if shape is not None and len(shape.dims) > 1 else 0


def _format_sum(parts: list[int]) -> str:
    """Equal neighbours as a product: "64 + 6×32"."""
    runs = [(part, len(list(run))) for part, run in groupby(parts)]
    terms = [f"{count}×{part}" if count > 2 else " + ".join([str(part)] * count) for part, count in runs]
    if len(terms) > _MAX_TERMS:
        return tr("{sum} ({count} maps)", sum=f"{terms[0]} + … + {terms[-1]}", count=len(parts))
    return " + ".join(terms)
