"""Parameters, multiply-adds and elementwise operations of one op.

**MACs** are the multiply-adds of convolutions, linear layers and matrix products (attention), as torch's FLOP counter
and torchvision's `_ops` count them; no bias, norm, pooling or activation. FLOPs are 2 × MACs.

**All ops** is a second, named count: 2 × MACs, plus one for each bias addition, one for each element of an activation,
an addition or a multiplication, two for each element of a norm (scale and shift; statistics are constants in eval mode,
and norms that measure their input at inference count 5), and one for each element a pooling window reads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import nn

from explorer.analysis.figures.shape import Shape
from explorer.graph import op_kinds
from explorer.graph.node import Node
from explorer.graph.ops import Bypass, Constant, Function, Input, Layer, Output


@dataclass(frozen=True, slots=True)
class Cost:
    """Counts of one op for one pass of the batch it was measured with."""

    params: int = 0
    macs: int = 0
    other_ops: int = 0  # ops that are not multiply-adds

    @property
    def flops(self) -> int:
        """Floating-point operations of the multiply-adds: 2 × MACs."""
        return 2 * self.macs

    @property
    def all_ops(self) -> int:
        """FLOPs plus biases, norms, activations, additions and pooling (see the module)."""
        return 2 * self.macs + self.other_ops


def compute_cost(node: Node, input_shape: Any, output_shape: Any, matmul_macs: int = 0) -> Cost:
    """Return the counts of one op.

    A convolution costs k·k·C_in/g·C_out·H·W multiply-adds (H, W of the output; of the input when transposed), a linear
    layer its outputs × in_features.

        Args:
            input_shape: shape of its first argument, where that is a tensor.
            output_shape: shape of its result, where that is one tensor.
            matmul_macs: multiply-adds of the matrix products inside, if any were counted.
    """
    params = count_parameters(node)
    if isinstance(node.op, (Input, Output, Constant, Bypass)):
        return Cost(params)
    layer = node.layer
    if isinstance(layer, nn.modules.conv._ConvNd):
        # A transposed convolution works once per input position.
        grid, width = (input_shape, layer.in_channels) if layer.transposed else (output_shape, layer.out_channels)
        fan = (layer.out_channels if layer.transposed else layer.in_channels) // layer.groups
        places = prod(grid.dims[1:]) if takes_no_batch(node, grid) else grid.dims[0] * prod(grid.dims[2:])
        macs = prod(layer.kernel_size) * fan * width * places
        return Cost(params, macs, output_shape.elements if layer.bias is not None else 0)
    if isinstance(layer, nn.Linear):
        return Cost(
            params, output_shape.elements * layer.in_features, output_shape.elements if layer.bias is not None else 0
        )
    return Cost(params, matmul_macs, _count_other_ops(node, input_shape, output_shape))


def takes_no_batch(node: Node, maps: Any) -> bool:
    """Whether a convolution takes or returns these maps of one image, without a batch, which torch allows."""
    if isinstance(node.layer, nn.modules.conv._ConvNd):
        axes = len(node.layer.kernel_size)
    else:
        axes = _CONVOLVED_AXES.get(node.op.name, 0) if isinstance(node.op, Function) else 0
    return axes > 0 and isinstance(maps, Shape) and len(maps.dims) == axes + 1


#: Axes that a convolution written as a function works along.
_CONVOLVED_AXES = {f"conv{transposed}{n}d": n for transposed in ("", "_transpose") for n in (1, 2, 3)}


def count_parameters(node: Node) -> int:
    """Count the trainable numbers that a node holds itself; buffers are none."""
    if isinstance(node.op, Layer):
        module = node.op.module
        if module._modules:
            return sum(p.numel() for p in module.parameters())
        return sum(p.numel() for p in set(module._parameters.values()) if p is not None)
    if isinstance(node.op, Constant):
        return node.op.tensor.numel() if node.op.is_parameter else 0
    return 0


_PLAIN_KINDS = frozenset(
    {"norm", "activation", "pool", "add", "concat", "multiply", "split", "shuffle", "reshape", "dropout"}
)


def may_multiply_matrices(node: Node) -> bool:
    """Return whether an op may hold a matrix product that no formula covers; only then those seen inside count."""
    if isinstance(node.op, (Input, Output, Constant, Bypass)) or isinstance(
        node.layer, (nn.modules.conv._ConvNd, nn.Linear)
    ):
        return False
    return op_kinds.kind(node) not in _PLAIN_KINDS


def count_aten_macs(packet: Any, args: tuple[Any, ...], result: Any) -> int:
    """Count the multiply-adds of one call of an aten op (its overload packet); 0 for one that multiplies none."""
    if str(packet) == "torchvision.deform_conv2d":  # there once torchvision has been imported
        return _deformable_convolution(args[1], result)
    formula = _FORMULAS.get(packet)
    return formula(args, result) if formula is not None else 0


def _mm(a: torch.Tensor, b: torch.Tensor, *_: Any) -> int:
    return int(a.shape[-2] * a.shape[-1] * b.shape[-1] * prod(a.shape[:-2]))


def _convolution(x: torch.Tensor, weight: torch.Tensor, result: torch.Tensor, transposed: bool) -> int:
    grid = x if transposed else result
    return int(prod(grid.shape[2:]) * grid.shape[0] * weight.numel())


_aten = torch.ops.aten
_FORMULAS: dict[Any, Callable[[tuple[Any, ...], Any], int]] = {
    _aten.mm: lambda args, _: _mm(*args),
    _aten.bmm: lambda args, _: _mm(*args),
    _aten.addmm: lambda args, _: _mm(*args[1:]),
    _aten.baddbmm: lambda args, _: _mm(*args[1:]),
    _aten.convolution: lambda args, result: _convolution(args[0], args[1], result, args[6]),
    _aten._convolution: lambda args, result: _convolution(args[0], args[1], result, args[6]),
    _aten._scaled_dot_product_flash_attention_for_cpu: lambda args, _: _attention(*args[:3]),
    _aten._scaled_dot_product_fused_attention_overrideable: lambda args, _: _attention(*args[:3]),
    _aten._scaled_dot_product_flash_attention: lambda args, _: _attention(*args[:3]),
    _aten._scaled_dot_product_efficient_attention: lambda args, _: _attention(*args[:3]),
}


def _deformable_convolution(weight: torch.Tensor, result: torch.Tensor) -> int:
    """As a convolution of this window: where it looks is read off, and costs no multiply-adds of its own."""
    return int(result.numel() * weight[0].numel())


def _attention(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> int:
    batch, length, width = prod(query.shape[:-2]), query.shape[-2], query.shape[-1]
    return int(batch * length * key.shape[-2] * (width + value.shape[-1]))


def _count_other_ops(node: Node, input_shape: Any, output_shape: Any) -> int:
    kind = op_kinds.kind(node)
    elements = output_shape.elements if isinstance(output_shape, Shape) else 0
    if kind in ("activation", "add", "multiply"):
        return elements
    if kind == "norm":
        constant = isinstance(node.layer, nn.modules.batchnorm._BatchNorm) or op_kinds.title(node) == "BN"
        return elements * (2 if constant else 5)
    if kind == "pool" and isinstance(input_shape, Shape):
        size = getattr(node.layer, "kernel_size", None)
        if size is None:
            return input_shape.elements  # adaptive and global pooling read every element once
        return elements * (size * size if isinstance(size, int) else prod(size))
    return 0
