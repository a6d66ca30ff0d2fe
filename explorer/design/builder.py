"""From a design to a module in torchvision's style: `stem`, `stages.0.1`, `head`."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from explorer.base.languages import tr, with_label
from explorer.design.network_design import DesignError, DesignRow, NetworkDesign
from explorer.design.row_parts import ROW_PARTS, UpBlock
from explorer.networks.arguments import PlainValue
from explorer.parts import Part, PartError, find_part

#: More parameters than any network of today's phones and laptops has; a design with more is not built.
MAX_PARAMETERS = 500_000_000


class DesignedNetwork(nn.Module):
    """Stem, stages and head, one behind the other; stages of a U-Net's way up read those of the way down."""

    def __init__(
        self, stem: nn.Module | None, stages: Sequence[nn.Module], head: nn.Module, roles: Sequence[str]
    ) -> None:
        super().__init__()
        self.stem = stem if stem is not None else nn.Identity()
        self.stages = nn.ModuleList(stages)
        self.head = head
        self.roles = tuple(roles)  # of each stage: "keep" its map, "join" with the one that was kept last, or ""

    def forward(self, x: Tensor) -> Tensor:
        """Compute scores, a map of scores or an image, by the head."""
        x = self.stem(x)
        kept: list[Tensor] = []
        for stage, role in zip(self.stages, self.roles, strict=True):
            x = stage(x, kept.pop()) if role == "join" else stage(x)
            if role == "keep":
                kept.append(x)
        result: Tensor = self.head(x)
        return result


def build_design(design: NetworkDesign) -> DesignedNetwork:
    """Build the module of a design in eval mode, with weights drawn from a fixed seed.

    Raises DesignError where a row does not exist, does not fit, or the whole is too large.
    """
    with torch.device("meta"):
        count = sum(parameter.numel() for parameter in _Builder(design).build().parameters())
    if count > MAX_PARAMETERS:
        raise DesignError(tr("{count:,} parameters are more than {most:,}", count=count, most=MAX_PARAMETERS))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = _Builder(design).build()
    name = "".join(word[:1].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", design.title))
    made.__class__ = type(name if name[:1].isalpha() else f"Network{name}", (DesignedNetwork,), {})
    return made.eval()


def row_part(key: str) -> Part:
    """Return the part of a row. Raises DesignError."""
    try:
        return ROW_PARTS[key] if key in ROW_PARTS else find_part(key)
    except PartError as failure:
        raise DesignError(str(failure)) from failure


class _Builder:
    """Builds on the meta device first: each module is run once, so that the next knows what it gets."""

    def __init__(self, design: NetworkDesign) -> None:
        self.design = design
        self.shape: tuple[int, ...] = (1, *design.input_size)
        self.kept: list[int] = []

    def build(self) -> DesignedNetwork:
        design = self.design
        stem = self._sequence(design.stem, tr("stem")) if design.stem else None
        roles = list(self._roles())
        stages: list[nn.Module] = []
        for number, (row, role) in enumerate(zip(design.rows, roles, strict=True), 1):
            place = tr("row {number}", number=number)
            stages.append(self._up(row, place) if role == "join" else self._sequence((row,), place))
            if role == "keep":
                self.kept.append(self.shape[1])
        return DesignedNetwork(stem, stages, self._head(), roles)

    def _roles(self) -> Iterator[str]:
        """Which stages keep their map: as many as there are ways up, the last before the bottom first."""
        rows = self.design.rows
        ups = [n for n, row in enumerate(rows) if row.part == "up"]
        before = [n for n, row in enumerate(rows) if n < (ups[0] if ups else 0) and row.part != "up"][:-1]
        if len(before) < len(ups):
            raise DesignError(tr("{count} ways up need as many stages and one more before them", count=len(ups)))
        keeping = set(before[len(before) - len(ups) :])
        return ("join" if n in ups else "keep" if n in keeping else "" for n in range(len(rows)))

    def _sequence(self, rows: Sequence[DesignRow], place: str) -> nn.Sequential:
        modules = [module for row in rows for module in self._modules(row, place)]
        return nn.Sequential(*modules)

    def _modules(self, row: DesignRow, place: str) -> Iterator[nn.Module]:
        part = row_part(row.part)
        if part.join:
            raise DesignError(tr("{place}: {part} joins two ways, and a row has one", place=place, part=tr(part.title)))
        try:
            settings = part.read_settings(row.settings)
            for number in range(row.repeats):
                again: dict[str, PlainValue] = {"stride": 1} if number and part.find_setting("stride") else {}
                if number and row.part in ("max_pool", "average_pool"):
                    again = {}
                module = _with_class(part.build_module(self.shape[1], settings | again), part)
                self._run(module, place)
                yield module
        except PartError as failure:
            raise DesignError(with_label(place, failure)) from failure

    def _up(self, row: DesignRow, place: str) -> nn.Module:
        channels = row_part("up").read_settings(row.settings).get("channels", self.kept[-1])
        module = UpBlock(self.shape[1], int(channels), beside := self.kept.pop())
        doubled = (1, beside, *(2 * side for side in self.shape[2:]))
        self._run(module, place, torch.empty(doubled, device="meta"))
        return module

    def _head(self) -> nn.Module:
        design, channels = self.design, self.shape[1]
        if design.head in ("pool", "flatten"):
            return nn.Sequential(OrderedDict(self._classifier(channels)))
        if design.head == "conv":
            conv = nn.Conv2d(channels, design.classes, 1)
            head = nn.Sequential(OrderedDict(conv=conv, pool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten()))
        elif design.head == "segment":
            head = nn.Sequential(OrderedDict(conv=nn.Conv2d(channels, design.classes, 1)))
        else:
            conv = nn.Conv2d(channels, design.input_size[0], 3, padding=1)
            head = nn.Sequential(OrderedDict(conv=conv, sigmoid=nn.Sigmoid()))
        self._run(head, tr("head"))
        return head

    def _classifier(self, channels: int) -> Iterator[tuple[str, nn.Module]]:
        design = self.design
        if design.head == "pool":
            yield "pool", nn.AdaptiveAvgPool1d(1) if len(self.shape) == 3 else nn.AdaptiveAvgPool2d(1)
        width = channels if design.head == "pool" else channels * _product(self.shape[2:])
        yield "flatten", nn.Flatten()
        for number, hidden in enumerate(design.hidden, 1):
            yield f"fc{number}", nn.Linear(width, hidden)
            yield f"act{number}", nn.ReLU()
            width = hidden
        if design.dropout:
            yield "dropout", nn.Dropout(design.dropout)
        yield "fc", nn.Linear(width, design.classes)

    def _run(self, module: nn.Module, place: str, *more: Tensor) -> None:
        """Learn the shape that leaves a module. Raises DesignError where it does not take what comes."""
        try:
            copy = module.to("meta") if _is_meta(module) else _meta_copy(module)
            with torch.no_grad():
                self.shape = tuple(copy.eval()(torch.empty(self.shape, device="meta"), *more).shape)
        except (RuntimeError, ValueError, IndexError) as failure:
            shape = "×".join(map(str, self.shape[1:]))
            reason = str(failure).splitlines()[0]
            raise DesignError(
                tr("{place} does not take {shape}: {reason}", place=place, shape=shape, reason=reason)
            ) from failure
        module.train()
        if not all(self.shape[2:]) or _product(self.shape) > 2**31:
            raise DesignError(tr("{place}: nothing is left of the map, or it is too large", place=place))


#: Blocks that are a unit of one convolution, not a block.
_UNITS = ("conv_norm_act", "valid_conv", "signal_conv", "expand")


def _with_class(module: nn.Module, part: Part) -> nn.Module:
    """The module of a block with a class of its own: a plain sequence only holds, and names nothing."""
    if part.kind == "block" and type(module) is nn.Sequential and part.key not in _UNITS:
        name = "".join(word.capitalize() for word in part.key.split("_"))
        module.__class__ = type(name, (nn.Sequential,), {})
    return module


def _is_meta(module: nn.Module) -> bool:
    return all(tensor.is_meta for tensor in (*module.parameters(), *module.buffers()))


def _meta_copy(module: nn.Module) -> nn.Module:
    from copy import deepcopy

    return deepcopy(module).to("meta")


def _product(sides: Sequence[int]) -> int:
    count = 1
    for side in sides:
        count *= side
    return count
