"""Edit of a layer's own settings: kernel, stride, padding, dilation, groups, bias, pooling, dropout and others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from explorer.base.languages import tr, tr_noop, with_label
from explorer.edits.edit import EditError, Repair, location_in_error, location_in_title, nodes_at, place_of
from explorer.edits.layer_settings import LAYER_KINDS, SETTINGS, SettingValue, get_layer_settings, layers_with_setting
from explorer.edits.propagation import propagate
from explorer.edits.registry import register_edit
from explorer.edits.repairs import offering_repairs
from explorer.edits.setting_changes import SETTERS, InvalidSetting, setting_title
from explorer.edits.subgraph import blocks_at
from explorer.edits.validation import check_one_of
from explorer.edits.widths import SetWidth
from explorer.graph.architecture import Architecture
from explorer.graph.node import Node


@register_edit("set_layer", formerly=("layer",))
@dataclass(frozen=True, slots=True)
class SetLayer:
    """Give layers another setting (a key of `SETTINGS`). A new kernel or dilation is padded so that the map keeps its
    size. `kind` (a key of `KINDS_OF_LAYERS`) narrows it to such layers of a larger place; a kernel then leaves windows
    alone that are 1×1, not square, or of even side. What was depthwise or grouped when the network was opened still
    counts as that: groups can go, and come back.
    With the mend "from NODE" that layer gets the setting this one had: a stride moves (ResNet v1.5 to v1)."""

    name: ClassVar[str]
    at: str
    setting: str
    value: SettingValue
    kind: str = ""
    mend: str = ""

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Stride 2 in conv1", "Stride 2 in conv1, from conv2"."""
        setting, place = setting_title(self.setting, self.value), location_in_title(self.at)
        if self.kind in LAYER_KINDS:
            setting = tr("{setting} of {layers}", setting=setting, layers=tr(LAYER_KINDS[self.kind]))
        title = tr("{setting} {place}", setting=setting, place=place)
        giver = self.mend.removeprefix("from ")
        return title if giver == self.mend else tr("{edit}, from {name}", edit=title, name=giver)

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with the setting of every such layer of the place. Raises EditError where no layer has
        it, or one cannot take the value; its repairs are values that fit."""
        check_one_of(self.kind, ("", *LAYER_KINDS), tr("kind of layer"))
        check_one_of(self.setting, SETTINGS, tr("setting"))
        if self.setting == "out_channels":
            return SetWidth(self.at, self.value).apply(architecture)  # type: ignore[arg-type]  # Width looks at it
        found = layers_with_setting(nodes_at(architecture, self.at), self.setting, self.kind)
        if not found:
            raise EditError(
                tr(
                    "no layer {place} has {setting} to set",
                    place=location_in_error(self.at),
                    setting=tr(_SETTING_NOUNS[self.setting]),
                )
            )
        wanted = [(node, self.value) for node in found] + self._donor_change(architecture, found[0])
        try:
            changed = [SETTERS[self.setting](node, value) for node, value in wanted]
        except InvalidSetting as misfit:
            repairs = [Repair(title, replace(self, value=value)) for title, value in misfit.alternatives]
            raise EditError(with_label(misfit.node, misfit), node=misfit.node, repairs=repairs) from misfit
        present = get_layer_settings(found[0]).get(self.setting)
        moves = self._swap_repairs(architecture, found[0]) if len(found) == 1 else ()
        with offering_repairs(self, architecture, [*moves, *self._nearby_values(present)]):
            return propagate(architecture.with_replaced(changed), repair=self.mend)

    def _donor_change(self, architecture: Architecture, node: Node) -> list[tuple[Node, SettingValue]]:
        """The change of the layer that the setting is taken from: it gets the value this one had."""
        giver = self.mend.removeprefix("from ")
        if giver == self.mend or giver not in architecture.live:
            return []
        present = get_layer_settings(node).get(self.setting)
        return [] if present is None else [(architecture.live[giver], present)]

    def _swap_repairs(self, architecture: Architecture, node: Node) -> Iterator[tuple[str, SetLayer]]:
        """The other layers of the block that have this very stride, and could give it away."""
        if self.setting != "stride" or self.mend:
            return
        for block in blocks_at(architecture, place_of(node.name)):
            for other in block.layers:
                if other is not node and get_layer_settings(other).get("stride") == self.value:
                    yield (
                        tr("Move the stride here from {name}", name=other.name),
                        replace(self, mend=f"from {other.name}"),
                    )

    def _nearby_values(self, present: SettingValue | None) -> Iterator[tuple[str, SetLayer]]:
        """Nearby values of a setting that is a number: first those on the way back to the present one."""
        if not isinstance(present, int) or not isinstance(self.value, int) or self.setting not in _INTEGER_SETTINGS:
            return
        step = 1 if present > self.value else -1
        least = 0 if self.setting == "padding" else 1
        further = (value for away in range(1, 5) for value in (self.value - step * away, present + step * away))
        for value in dict.fromkeys([*range(self.value + step, present, step), *further]):
            if least <= value and value != present:
                yield setting_title(self.setting, value), replace(self, value=value)


_INTEGER_SETTINGS = ("kernel", "stride", "padding", "dilation", "groups", "multiplier")


_SETTING_NOUNS = {
    "kernel": tr_noop("a kernel"),
    "stride": tr_noop("a stride"),
    "padding": tr_noop("padding"),
    "dilation": tr_noop("a dilation"),
    "groups": tr_noop("groups"),
    "bias": tr_noop("a bias"),
    "pooling": tr_noop("a kind of pooling"),
    "dropout": tr_noop("a dropout rate"),
    "ceil_mode": tr_noop("a rounding of its output size"),
    "eps": tr_noop("an epsilon"),
    "slope": tr_noop("a slope below zero"),
    "multiplier": tr_noop("a depthwise multiplier"),
}
