"""Names for the values of `forward`: `x` as long as it can be, `identity` for a shortcut, `out` for what is beside."""

from __future__ import annotations

from explorer.export.python_code.constructors import is_name
from explorer.export.python_code.expressions import Expressions
from explorer.export.python_code.forward_values import ForwardValues
from explorer.export.python_code.sources import Sources
from explorer.export.python_code.terms import Literal, Step, Term, Value, Var, variables

#: Functions of Python that written code may call: no value has their name.
_FUNCTIONS_ON_SIZES = ("min", "max", "len", "int", "slice", "getattr")


class ValueNames:
    """Chooses a name for each value that has a line, such that no value is overwritten that is still read."""

    def __init__(self, values: ForwardValues, expressions: Expressions, sources: Sources, has_lists: bool) -> None:
        self.names, self.inlined, self.children = expressions.names, expressions.inlined, expressions.children
        self.body, self.sizes = values.body, values.sizes
        self.sources, self.has_lists = sources, has_lists

    def alive(self, rest: list[Step]) -> set[Var]:
        """Return the values that later lines read."""
        found: set[Var] = set()
        for step in rest:
            found.update(self._reads(step.value))
            if isinstance(step.otherwise, Var):
                found.add(step.otherwise)
        for result in self.body.results:
            found.update(self._reads(result))
        return found

    def _reads(self, value: Value) -> set[Var]:
        found: set[Var] = set()
        for var in variables(value):
            found.update(self._reads(self.inlined[var]) if var in self.inlined else {var})
        return found

    def choose(self, step: Step, alive: set[Var]) -> str:
        """Return the name of a step's value; `alive` are those that later lines read."""
        taken = {self.names[var] for var in alive if var in self.names}
        if step.target in self.sizes:
            return self._size_name(step.value, taken)
        if self.has_lists and "x" not in taken and all(self.names.get(v) != "x" for v in variables(step.value)):
            return "x"
        read = [var for var in self._ordered_reads(step.value) if var in self.names]
        plain = [self.names[var] for var in read if self.names[var] not in taken]
        preferred = self._preferred_name(step.value)
        branches = step.value.sort == "call" and preferred not in ("", "out") and bool(taken)
        if plain and not (branches and plain[0] == "x"):
            joins = len(read) > 1
            return "x" if joins and "x" not in taken and "x" in self.names.values() else plain[0]
        for name in (preferred, "out"):
            if name and name not in taken and name not in self.sources.names:
                return name
        count, base = 2, preferred or "out"
        while f"{base}_{count}" in taken:
            count += 1
        return f"{base}_{count}"

    def _size_name(self, value: Term, taken: set[str]) -> str:
        number = value.parts[1].value if value.sort == "item" and isinstance(value.parts[1], Literal) else None
        return self.side_name(number if isinstance(number, int) else -1, taken)

    def side_name(self, place: int, taken: set[str]) -> str:
        """Return the name of a side of a tensor, by its place in the shape: n, c, h, w."""
        base = "nchw"[place] if 0 <= place < 4 else "size"
        name, count = base, 1
        while name in taken:
            count += 1
            name = f"{base}_{count}"
        return name

    def _ordered_reads(self, value: Value) -> list[Var]:
        found: list[Var] = []
        for var in variables(value):
            found += self._ordered_reads(self.inlined[var]) if var in self.inlined else [var]
        return found

    def _preferred_name(self, value: Term) -> str:
        if value.sort == "call":
            path = value.tag[1]
            child = self.children.get(path[0])
            container = child is not None and isinstance(child.make, Term) and child.make.sort in ("new", "sequential")
            if container and path[0].isidentifier() and path[0] not in ("conv", "block", "features", "layers", "f"):
                return "identity" if path[0] in ("downsample", "proj", "shortcut") else str(path[0])
            return "out"
        if value.sort in ("attribute", "item"):
            return str(value.tag[1]) if value.sort == "attribute" else "part"
        if value.sort in ("function", "method") and len(value.tag) > 1:
            name = str(value.tag[1]).rpartition(".")[2].strip("_")
            return name if is_name(name) and name not in ("cat", "relu", *_FUNCTIONS_ON_SIZES) else "out"
        return "out"
