"""The multiply-adds that torch's own counter sees while a module runs, and the ops that it knows nothing of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from explorer.base.languages import join_list, tr
from explorer.base.number_format import format_exact

#: Namespaces whose ops torch's counter has formulas for, or which multiply no matrices.
_KNOWN_SPACES = frozenset({"aten", "prim", "prims", "profiler", "torchvision"})

#: Parts of names of ops in these that do, and that have no formula: fused kernels of the processor, and of torchvision.
_UNCOUNTED = frozenset(
    {"mkldnn", "attention_for_cpu", "attention_overrideable", "native_multi_head", "encoder_layer_fwd", "deform"}
)


@dataclass
class TorchCount:
    """What torch counted in a run; filled when the run has ended."""

    macs: int = 0
    uncounted: list[str] = field(default_factory=list)  # names of ops without a formula, in order, each once

    def compare(self, macs: int) -> str:
        """Say in a sentence where another count of multiply-adds differs, or what neither may know; else nothing."""
        ops, ours, torchs = join_list(self.uncounted), format_exact(macs), format_exact(self.macs)
        if macs == self.macs:
            return tr("No formula says what {ops} costs: it counts as none.", ops=ops) if ops else ""
        if ops:
            return tr(
                "Counted are {ours} multiply-adds; torch's counter, which has no formula for {ops}, counts {torchs}.",
                ours=ours,
                ops=ops,
                torchs=torchs,
            )
        return tr("Counted are {ours} multiply-adds where torch's counter counts {torchs}.", ours=ours, torchs=torchs)


@contextmanager
def count_with_torch() -> Iterator[TorchCount]:
    """Count what runs inside by the formulas of `torch.utils.flop_counter`: two operations for each multiply-add."""
    counter = _Counter()
    with counter:
        yield counter.found
    counter.found.macs = counter.flops // 2


class _Counter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """As `FlopCounterMode`, which also keeps a count for each module: for 50,000 layers that takes a minute."""

    supports_higher_order_operators = True

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.found, self.flops = TorchCount(), 0
        self._seen: dict[Any, Any] = {}  # by op: its formula; None where it needs none

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if func not in self._seen:
            self._seen[func] = self._formula(func)
        formula = self._seen[func]
        if formula is not None:
            self.flops += formula(*args, **(kwargs or {}), out_val=result)
        return result

    def _formula(self, func: Any) -> Any:
        packet = getattr(func, "overloadpacket", None)
        if packet is None:  # an operator that takes functions, such as `flex_attention`
            self.found.uncounted.append(func.__name__)
            return None
        name = packet.__name__
        foreign = func.namespace not in _KNOWN_SPACES or any(part in name for part in _UNCOUNTED)
        if foreign and packet not in flop_registry:
            self.found.uncounted.append(name)
        return flop_registry.get(packet)
