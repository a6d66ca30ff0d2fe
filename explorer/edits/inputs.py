"""Edits of what goes in, and of everything together: EfficientNet's compound scaling."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from explorer.base.languages import join_list, tr, tr_n, tr_noop
from explorer.edits.depth import MultiplyDepth
from explorer.edits.edit import EVERYWHERE, EditError
from explorer.edits.node_changes import change_node
from explorer.edits.propagation import propagate
from explorer.edits.registry import register_edit
from explorer.edits.repairs import find_working_repairs
from explorer.edits.validation import check_integer, check_number
from explorer.edits.widths import MultiplyWidth
from explorer.graph.architecture import Architecture
from explorer.graph.ops import Input

_LIMITS = {
    "resolution": (8192, tr_noop("the side of the image (0 keeps it)")),
    "channels": (1024, tr_noop("the number of channels of the image (0 keeps it)")),
    "batch": (4096, tr_noop("the number of images at once (0 keeps it)")),
}


@register_edit("set_input_size", formerly=("input",), former_classes=("InputSize",))
@dataclass(frozen=True, slots=True)
class SetInputSize:
    """Set the side of the (square) image, its channels, the batch; 0 leaves one as it is."""

    name: ClassVar[str]
    resolution: int = 0
    channels: int = 0
    batch: int = 0

    @property
    def at(self) -> str:
        """The place the options of the whole network show it at."""
        return "input"

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Image: resolution 160"."""
        changes = [tr("resolution {side}", side=self.resolution)] if self.resolution else []
        changes += [tr_n("{n} channel", "{n} channels", self.channels)] if self.channels else []
        changes += [tr("batch {count}", count=self.batch)] if self.batch else []
        return tr("Image: {changes}", changes=join_list(changes) or tr("unchanged"))

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot for an image of that size. Raises EditError where a layer cannot take what it would be
        given."""
        for field, (largest, words) in _LIMITS.items():
            check_integer(getattr(self, field), 0, largest, tr(words))
        op = architecture.input.op
        assert isinstance(op, Input)
        if len(op.shape) != 4 or op.value is not None:
            raise EditError(tr("the input is not an image whose size can be set"), node=architecture.input.name)
        batch, channels, height, width = op.shape
        side = self.resolution
        shape = (self.batch or batch, self.channels or channels, side or height, side or width)
        if shape == architecture.input_shape:
            return architecture
        try:
            return propagate(architecture.with_replaced([change_node(architecture.input, op=replace(op, shape=shape))]))
        except EditError as failure:
            repairs = find_working_repairs(architecture, self._larger_resolutions(width), limit=1)
            raise EditError(str(failure), node=failure.node, repairs=repairs) from failure

    def _larger_resolutions(self, before: int) -> Iterator[tuple[str, SetInputSize]]:
        """The next larger resolutions, up to the present one."""
        first = -(-self.resolution // 16) * 16
        for side in range(first, before, 16) if 0 < self.resolution < before else ():
            if side != self.resolution:
                yield tr("Resolution {side}", side=side), replace(self, resolution=side)


@register_edit("apply_compound_scaling", formerly=("compound_scaling",), former_classes=("CompoundScaling",))
@dataclass(frozen=True, slots=True)
class ApplyCompoundScaling:
    """Scale depth by 1.2^φ, width by 1.1^φ and resolution by 1.15^φ, together.

    Source: Tan and Le, "EfficientNet", 2019, eq. 3 and §4: α = 1.2, β = 1.1, γ = 1.15, so that FLOPs grow about 2^φ.
    """

    name: ClassVar[str]
    phi: float

    @property
    def at(self) -> str:
        """The whole network."""
        return EVERYWHERE

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Compound scaling φ = 2"."""
        return tr("Compound scaling φ = {phi:g}", phi=self.phi)

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with depth, width and resolution scaled. Raises EditError where one of the three cannot
        be."""
        check_number(self.phi, -4, 8, tr("the compound coefficient φ"))
        side = round(architecture.input_shape[-1] * 1.15**self.phi)
        deeper = MultiplyDepth(EVERYWHERE, 1.2**self.phi).apply(architecture)
        wider = MultiplyWidth(EVERYWHERE, 1.1**self.phi).apply(deeper)
        try:
            return SetInputSize(resolution=side).apply(wider)
        except EditError as failure:
            nearer = [replace(self, phi=round(self.phi * part / 4, 2)) for part in (3, 2, 1)]
            repairs = find_working_repairs(architecture, [(edit.title, edit) for edit in nearer], limit=1)
            raise EditError(str(failure), node=failure.node, repairs=repairs) from failure
