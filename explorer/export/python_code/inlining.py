"""Which values of `forward` are written inside the line that reads them, and which have a line of their own."""

from __future__ import annotations

from torch import nn

from explorer.export.python_code.constructors import is_list
from explorer.export.python_code.expressions import Expressions
from explorer.export.python_code.formatting import WIDTH, flat
from explorer.export.python_code.forward_values import ForwardValues
from explorer.export.python_code.terms import Hole, Step, Term, Var, variables

#: Functions that are written around the call of a layer.
_WRAPPING = ("F.relu", "F.relu6", "F.silu", "F.gelu", "F.dropout", "torch.relu")
#: Methods that move numbers and change none: written inside of what takes their result.
_REARRANGING = frozenset({"contiguous", "flatten", "permute", "reshape", "transpose", "unsqueeze", "view"})


class Inliner:
    """One line for each convolution with its norm and activation. Adds to `expressions.inlined`."""

    def __init__(self, values: ForwardValues, expressions: Expressions) -> None:
        self.expressions = expressions
        self.body, self.uses, self.sizes, self.unpacked = values.body, values.uses, values.sizes, values.unpacked
        self.inlined, self.children = expressions.inlined, expressions.children

    def steps(self) -> list[Step]:
        """Return the steps that have lines of their own: what is read once stands inside of its reader, where it reads
        well."""
        producers = {step.target: step for step in self.body.steps}
        for step in self.body.steps:
            if step.value.sort == "gather":  # a loop, which is no line that another could stand in
                continue
            for var in variables(step.value):
                inner = producers.get(var)
                if inner is None or inner.flag is not None or inner.value.sort == "gather" or self.uses[var] != 1:
                    continue
                if inner.value.sort == "item" and inner.value.parts[0] in self.unpacked:
                    continue
                number = var in self.sizes and step.value.sort in ("method", "function", "infix")
                if (number or self._belongs(var, inner.value, step)) and self._fits(inner.value, step.value):
                    self.inlined[var] = inner.value
        items = {target for targets in self.unpacked.values() for target in targets}
        return [step for step in self.body.steps if step.target not in self.inlined and step.target not in items]

    def _belongs(self, target: Var, inner: Term, outer: Step) -> bool:
        if inner.sort in ("attribute", "tensor"):
            return True
        if self._is_in_list(inner):  # a step of a loop
            return False
        if inner.sort == "item":
            return not isinstance(inner.parts[1], Term)
        if outer.value.sort == "method" and inner.sort in ("method", "infix"):  # x.reshape(…).permute(…), (x - y).abs()
            return outer.value.parts[0] == target
        if inner.sort == "method" and outer.value.sort in ("call", "infix") and outer.flag is None:
            return inner.tag[1] in _REARRANGING
        if outer.value.sort == "call":
            return inner.sort == "call" and self._is_norm_or_activation(outer.value) and outer.flag is None
        if outer.value.sort == "function":
            name = str(outer.value.tag[1])
            if name in ("F.softmax", "torch.softmax", "torch.sigmoid") and inner.sort == "infix":
                return True
            return inner.sort == "call" and name in (*_WRAPPING, "torch.chunk")
        if outer.value.sort != "infix" or inner.sort != "call" or outer.flag is not None:
            return False
        return self._is_dropout(inner) or (outer.value.tag[1] == "*" and self._is_gate(inner))

    def _fits(self, inner: Term, outer: Term) -> bool:
        return len(flat(self.expressions.doc(inner))) + len(flat(self.expressions.doc(outer))) < WIDTH - 14

    def _is_norm_or_activation(self, value: Term) -> bool:
        child = self.children.get(value.tag[1][0])
        if child is None or len(value.tag[1]) != 1 or child.flag is not None:
            return False
        if isinstance(child.make, Hole):
            return True
        if not isinstance(child.make, Term) or child.make.sort != "layer":
            return False
        name = str(child.make.tag[1]).removeprefix("nn.")
        return "Norm" in name or hasattr(nn.modules.activation, name) or self._is_dropout(value)

    def _is_in_list(self, value: Term) -> bool:
        """Whether a value is a call of a module of an `nn.ModuleList`."""
        child = self.children.get(value.tag[1][0]) if value.sort == "call" and len(value.tag[1]) == 2 else None
        return child is not None and isinstance(child.make, Term) and is_list(child.make)

    def _is_gate(self, value: Term) -> bool:
        child = self.children.get(value.tag[1][0])
        return child is not None and isinstance(child.make, Term) and "igmoid" in str(child.make.tag[1])

    def _is_dropout(self, value: Term) -> bool:
        child = self.children.get(value.tag[1][0])
        if child is None or len(value.tag[1]) != 1 or child.flag is not None or not isinstance(child.make, Term):
            return False
        name = str(child.make.tag[1]) if child.make.sort == "layer" else ""
        return name == "StochasticDepth" or "Dropout" in name
