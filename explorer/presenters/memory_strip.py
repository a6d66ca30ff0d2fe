"""Memory of one pass as a film-strip: which maps are alive while each op runs, now and at the baseline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from explorer.analysis.analysis import Analysis
from explorer.analysis.figures.memory import MemoryStep, trace_memory
from explorer.base.languages import with_label
from explorer.base.number_format import format_bytes
from explorer.graph import op_kinds
from explorer.viewmodels.diagram import Kind


@dataclass(frozen=True, eq=False)
class MemoryStrip:
    """Steps in execution order, with what is needed to draw them."""

    steps: tuple[MemoryStep, ...]
    peak: int  # the step with most alive: the figure "Peak memory"
    titles: Mapping[str, str] = field(repr=False)  # of the ops: "Conv 3×3 · layer1.0.conv1"
    kinds: Mapping[str, Kind] = field(repr=False)
    baseline: tuple[tuple[float, int], ...] = field(repr=False, default=())  # (step, bytes); where it was edited

    @property
    def largest(self) -> int:
        """Most bytes of any step, those of the baseline too."""
        return max(max(step.bytes for step in self.steps), max((size for _, size in self.baseline), default=0))

    def describe(self, step: int) -> str:
        """Return a step in a line: "layer1.0.conv1: 3.06 MiB alive"."""
        found = self.steps[step]
        return with_label(self.titles[found.node], format_bytes(found.bytes))


def build_memory_strip(now: Analysis, baseline: Analysis | None) -> MemoryStrip:
    """Return the strip of a network, with the line of its baseline where that is another."""
    steps = trace_memory(now.architecture, now.figures.measures)
    nodes = now.architecture.live
    peak = next(at for at, step in enumerate(steps) if step.bytes == now.figures.activations.peak_bytes)
    return MemoryStrip(
        steps,
        peak,
        {name: f"{op_kinds.label(node)} · {node.path or name}" for name, node in nodes.items()},
        {name: op_kinds.kind(node) for name, node in nodes.items()},
        () if baseline is None else _line_beside(steps, baseline),
    )


def _line_beside(steps: tuple[MemoryStep, ...], baseline: Analysis) -> tuple[tuple[float, int], ...]:
    """The baseline's bytes at the steps of the network: what both have stands at one place, what is gone between."""
    positions = {step.node: at for at, step in enumerate(steps)}
    found: list[tuple[float, int]] = []
    at = -1.0
    for step in trace_memory(baseline.architecture, baseline.figures.measures):
        at = float(max(positions[step.node], at)) if step.node in positions else at + 0.01
        found.append((at, step.bytes))
    return tuple(found)
