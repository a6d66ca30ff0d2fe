"""Figures of a snapshot: per node, per group, in total.

Everything per node comes from memoised shapes and costs (see `shape_inference`), so after an edit only the nodes it
made are measured; the rest is additions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from explorer.analysis.figures.memory import Activations, allocated_elements, measure_activations
from explorer.analysis.figures.receptive_field import FieldSize, compute_receptive_fields, network_receptive_field
from explorer.analysis.figures.shape_inference import Measure, Shape, measure_nodes
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.ops import Input


@dataclass(frozen=True, slots=True)
class Total:
    """Figures of a set of nodes. MACs: multiply-adds of conv, linear and matrix products; FLOPs are 2 × MACs."""

    params: int = 0
    macs: int = 0
    all_ops: int = 0
    activation_elements: int = 0

    @property
    def flops(self) -> int:
        """Floating-point operations of the multiply-adds: 2 × MACs."""
        return 2 * self.macs


@dataclass(frozen=True, eq=False)
class Figures:
    """Figures of one snapshot at its input shape."""

    architecture: Architecture = field(repr=False)
    measures: Mapping[str, Measure] = field(repr=False)

    @classmethod
    def of(cls, architecture: Architecture) -> Figures:
        """Measure a snapshot. Raises ShapeError when an op cannot take its inputs."""
        return cls(architecture, measure_nodes(architecture))

    @cached_property
    def total(self) -> Total:
        """Figures of the whole network. Parameters include those of auxiliary heads that inference never calls
        (`unused_params`), as torchvision's own counts do."""
        live = self.sum(self.measures)
        return Total(live.params + self.unused_params, live.macs, live.all_ops, live.activation_elements)

    @cached_property
    def unused_params(self) -> int:
        """Parameters of modules that inference never calls."""
        return sum(self.architecture.unused_params.values())

    @cached_property
    def activations(self) -> Activations:
        """Activation memory of one pass: all that is made, and the peak (see `memory`)."""
        return measure_activations(self.architecture, self.measures)

    @cached_property
    def receptive_field_sizes(self) -> Mapping[str, FieldSize]:
        """Height and width of each live node's receptive field, in input pixels; infinite for the whole image."""
        return compute_receptive_fields(self.architecture, self.measures)

    @cached_property
    def receptive_fields(self) -> Mapping[str, float]:
        """Larger side of each live node's receptive field, in input pixels; infinite for the whole image."""
        return {name: max(size) for name, size in self.receptive_field_sizes.items()}

    @cached_property
    def receptive_field_size(self) -> FieldSize:
        """Height and width of the receptive field of the last feature map before global pooling, in input pixels."""
        return network_receptive_field(self.architecture, self.measures, self.receptive_field_sizes)

    @property
    def receptive_field(self) -> float:
        """Larger side of `receptive_field_size`; infinite when there is no feature map."""
        return max(self.receptive_field_size)

    @cached_property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of the first output, the batch included; () when it is no tensor."""
        shape = self.measures[self.architecture.output.name].shape
        return shape.dims if shape else ()

    @property
    def has_batch(self) -> bool:
        """Whether the first dim of inputs and outputs is that of the images, as it nearly always is."""
        given = self.shape(self.architecture.input.name)
        return given is None or not given.has_no_batch

    def shape(self, name: str) -> Shape | None:
        """Return the shape of a node's (first) tensor, None for a node that is not live or only reads sizes."""
        return self.measures[name].shape if name in self.measures else None

    def sum(self, names: Iterable[str]) -> Total:
        """Return the figures of some nodes together; weights that two nodes share count once, dead nodes nothing."""
        params = macs = ops = elements = 0
        seen: set[str] = set()
        nodes, repeated = self.architecture.nodes, self.architecture.repeated_params
        for name in names:
            known = self.measures.get(name)
            if known is None:
                continue
            cost = known.cost
            path = nodes[name].path
            if cost.params and path not in seen:
                params += cost.params - repeated.get(name, 0)
                seen.add(path)
            macs += cost.macs
            ops += cost.all_ops
            elements += 0 if isinstance(nodes[name].op, Input) else allocated_elements(known)
        return Total(params, macs, ops, elements)

    def as_json(self) -> dict[str, Any]:
        """Return plain values for files and the command line. Bytes are those of 32-bit floats, batch as given."""
        return {
            "network": self.architecture.key or self.architecture.title,
            "input_shape": list(self.architecture.input_shape),
            "output_shape": list(self.output_shape),
            "params": self.total.params,
            "params_unused": self.unused_params,
            "macs": self.total.macs,
            "flops": self.total.flops,
            "all_ops": self.total.all_ops,
            "activation_elements": self.activations.elements,
            "activation_bytes": self.activations.bytes,
            "peak_activation_bytes": self.activations.peak_bytes,
            **_field_as_json(self.receptive_field_size),
            "layers": [*self._layers(), *self._unused_layers()],
        }

    def _layers(self) -> Iterable[dict[str, Any]]:
        seen: set[str] = set()
        for node in self.architecture.live.values():
            known = self.measures[node.name]
            if known.shape is None:
                continue  # only reads a size
            shared = node.path in seen
            seen.add(node.path or node.name)
            yield {
                "name": node.name,
                "kind": op_kinds.kind(node),
                "op": op_kinds.title(node),
                "attributes": op_kinds.attributes(node),
                "output_shape": list(known.shape.dims),
                "params": 0 if shared else known.cost.params - self.architecture.repeated_params.get(node.name, 0),
                "macs": known.cost.macs,
                "flops": known.cost.flops,
                "all_ops": known.cost.all_ops,
                "activation_elements": 0 if isinstance(node.op, Input) else allocated_elements(known),
                **_field_as_json(self.receptive_field_sizes[node.name]),
                "runs": True,
            }

    def _unused_layers(self) -> Iterable[dict[str, Any]]:
        for path, params in self.architecture.unused_params.items():
            zero = dict.fromkeys(("macs", "flops", "all_ops", "activation_elements"), 0)
            yield {
                "name": path,
                "kind": "head",
                "op": "Not run at inference",
                "attributes": "",
                "output_shape": None,
                "params": params,
                **zero,
                **_field_as_json((math.inf, math.inf)),
                "runs": False,
            }


def _field_as_json(size: FieldSize) -> dict[str, int | None]:
    """The larger side, height and width, in pixels; None where the whole image is seen."""
    larger, height, width = (int(side) if math.isfinite(side) else None for side in (max(size), *size))
    return {"receptive_field": larger, "receptive_field_height": height, "receptive_field_width": width}
