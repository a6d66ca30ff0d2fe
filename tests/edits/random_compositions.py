"""Whatever someone may put in, take out, replace, move, link or group, at random: every kind of edit that composes."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from explorer.edits import (
    EDIT_KINDS,
    AddBlurPooling,
    Connect,
    CopyBlock,
    CopyRun,
    Disconnect,
    Edit,
    EditError,
    InsertPart,
    MoveBlock,
    MoveGate,
    MoveRun,
    ReplaceByPart,
    SetLayer,
    SetPostActivation,
    SetPreActivation,
    SetStageWidth,
    SwapJoin,
    SwapSubsampling,
    TakeOut,
    WrapAsBlock,
)
from explorer.edits.drops import disconnection
from explorer.edits.edit import EVERYWHERE, place_of
from explorer.edits.gate_position import GATE_POSITIONS
from explorer.edits.subsampling import SUBSAMPLINGS
from explorer.edits.transplants import describe_block
from explorer.network import Network
from explorer.parts import all_parts
from explorer.parts.setting import ChoiceSetting, IntegerSetting, OddSetting, Setting
from tests.conftest import _opened
from tests.edits.test_random_outputs import drawn

#: Networks that blocks are borrowed from: of different families, quick to open.
LENDERS = ("resnet18", "mobilenet_v3_small", "squeezenet1_1", "shufflenet_v2_x0_5")

#: The kinds that the inspector offers as a control of a card: one of those is drawn as what it offers.
OFFERED = frozenset(
    EDIT_KINDS[kind]
    for kind in (
        "keep_channels", "unshare_layer", "set_classes", "swap_head", "toggle_auxiliary_head", "set_width",
        "multiply_width", "add_shortcut", "remove_branch", "set_expansion", "set_bottleneck_ratio",
        "multiply_expansion", "set_growth_rate", "repeat_block", "remove_block", "multiply_depth", "set_depths",
        "set_input_size", "apply_compound_scaling", "set_cardinality", "set_conv_form", "toggle_squeeze_excitation",
        "set_squeeze_ratio", "swap_gate", "invert_bottleneck", "reorder_last_stage", "swap_norm", "set_reduction",
        "recalibrate", "fit_small_images", "swap_activation", "toggle_channel_shuffle", "toggle_shortcut",
        "set_bottleneck_activation",
    )
)  # fmt: skip


@dataclass(frozen=True)
class Places:
    """Random places of a network."""

    network: Network
    chance: random.Random

    def card(self) -> str:
        """Any layer, block or stage."""
        groups = [id for id in self.network.analysis.hierarchy.groups if id]
        return place_of(self.chance.choice([*groups, *self.network.architecture.live]))

    def block(self) -> str:
        """Any block; now and then all of them, or any card."""
        blocks = [block.id for block in self.network.analysis.hierarchy.blocks]
        drawn = self.chance.random()
        if drawn < 0.15 or not blocks:
            return EVERYWHERE
        return place_of(self.chance.choice(blocks)) if drawn < 0.9 else self.card()

    def node(self) -> str:
        """Any layer or operation."""
        return place_of(self.chance.choice([*self.network.architecture.live]))

    def run(self) -> str:
        """Some cards that follow one another as they are executed: blocks, or layers."""
        blocks = [block.id for block in self.network.analysis.hierarchy.blocks]
        cards = blocks if blocks and self.chance.random() < 0.6 else [*self.network.architecture.live]
        start = self.chance.randrange(len(cards))
        return place_of(*cards[start : start + self.chance.randint(1, 4)])

    def link(self) -> tuple[str, str]:
        """A node, and one that it reads."""
        linked = [(node.name, source) for node in self.network.architecture.live.values() for source in node.inputs]
        return self.chance.choice(linked)


def _settings(settings: tuple[Setting, ...], chance: random.Random) -> str:
    """Settings of a part, of which half the time some are not as they begin."""
    if chance.random() < 0.5:
        return ""
    return ", ".join(f"{one.name}={_value(one, chance)!r}" for one in settings if chance.random() < 0.4)


def _value(setting: Setting, chance: random.Random) -> Any:
    if isinstance(setting, ChoiceSetting):
        return chance.choice([*setting.choices])
    if isinstance(setting, OddSetting):
        return chance.choice((1, 3, 5, 7))
    if isinstance(setting, IntegerSetting):
        near = {setting.default, 1, 2, 4, 8, 24, 64}
        return chance.choice([n for n in sorted(near) if setting.minimum <= n <= setting.maximum])
    return chance.random() < 0.5


def _insert_part(places: Places) -> Edit:
    part, chance = places.chance.choice(all_parts()), places.chance
    settings = _settings(part.settings, chance)
    if chance.random() < 0.2:
        target, source = places.link()
        return InsertPart(place_of(source), part.key, settings, reader=place_of(target))
    where, join = chance.choice(("behind", "before", "beside")), chance.choice(("add", "concat", "multiply"))
    return InsertPart(places.card(), part.key, settings, where=where, join=join if where == "beside" else "")


def _replace_by_part(places: Places) -> Edit:
    part = places.chance.choice(all_parts())
    return ReplaceByPart(places.card(), part.key, _settings(part.settings, places.chance))


def _copy_block(places: Places) -> Edit:
    """A block of this network, of another one of the catalogue, or of one described."""
    chance = places.chance
    where = chance.choice(("behind", "before", "beside", "replace"))
    join = chance.choice(("add", "concat", "multiply"))
    key = chance.choice(("", *LENDERS))
    origin = Places(_opened(key), chance) if key else places
    block = origin.block() if chance.random() < 0.7 else origin.card()
    if chance.random() < 0.3:
        description = describe_block(origin.network.architecture, block)
        return CopyBlock(places.card(), block, "Something", where, join, description=description)
    reader = ""
    if where == "behind" and chance.random() < 0.2:
        target, source = places.link()
        return CopyBlock(place_of(source), block, key, reader=place_of(target))
    return CopyBlock(places.card(), block, key, where, join, reader)


def _move_block(places: Places) -> Edit:
    where = places.chance.choice(("behind", "before"))
    block = places.block() if places.chance.random() < 0.5 else places.card()
    return MoveBlock(block, places.card(), where)


def _disconnect(places: Places) -> Edit:
    target, source = places.link()
    return disconnection(source, target) if places.chance.random() < 0.3 else Disconnect(target, source)


def _set_layer(places: Places) -> Edit:
    setting, value = places.chance.choice(
        (
            ("ceil_mode", True),
            ("eps", 1e-3),
            ("multiplier", 2),
            ("kernel", 5),
            ("stride", 2),
            ("groups", 4),
            ("slope", 0.2),
        )
    )
    at = places.node() if places.chance.random() < 0.5 else places.block()
    return SetLayer(at, setting, value)


#: How an edit of each kind that composes is made at a random place.
ACTIONS: Mapping[type[Any], Callable[[Places], Edit]] = {
    InsertPart: _insert_part,
    ReplaceByPart: _replace_by_part,
    TakeOut: lambda places: TakeOut(places.card() if places.chance.random() < 0.7 else places.run()),
    Connect: lambda places: Connect(places.card(), places.card(), places.chance.choice(("add", "concat", "multiply"))),
    Disconnect: _disconnect,
    CopyBlock: _copy_block,
    MoveBlock: _move_block,
    CopyRun: lambda places: CopyRun(places.run(), places.chance.choice(("", places.block()))),
    MoveRun: lambda places: MoveRun(places.run(), places.block()),
    SwapJoin: lambda places: SwapJoin(places.card(), places.chance.choice(("add", "concat")), every=True),
    SetPreActivation: lambda places: SetPreActivation(places.block()),
    SetPostActivation: lambda places: SetPostActivation(places.block()),
    MoveGate: lambda places: MoveGate(places.block(), places.chance.choice([*GATE_POSITIONS])),
    SwapSubsampling: lambda places: SwapSubsampling(places.block(), places.chance.choice([*SUBSAMPLINGS])),
    AddBlurPooling: lambda places: AddBlurPooling(places.block()),
    SetStageWidth: lambda places: SetStageWidth(places.block(), 8 * places.chance.randint(1, 64)),
    WrapAsBlock: lambda places: WrapAsBlock(places.run(), places.chance.choice(("Mine", "Block", "My block", "2nd"))),
    SetLayer: _set_layer,
}


def random_composition(network: Network, chance: random.Random) -> Edit | None:
    """Any edit of any kind; None where what was drawn cannot be described or offered."""
    places = Places(network, chance)
    if chance.random() < 0.1:
        return drawn(network, chance)
    try:
        return chance.choice([*ACTIONS.values()])(places)
    except EditError:
        return None  # a block with several ways in has no description
