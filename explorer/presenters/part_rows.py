"""The parts there are, in the language of the interface."""

from __future__ import annotations

from functools import cache

import torch

from explorer.base.languages import tr
from explorer.edits.transplants import read_description
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.trace import trace
from explorer.parts import Part, all_parts, find_part
from explorer.parts.setting import ChoiceSetting, IntegerSetting, OddSetting, Setting
from explorer.project.own_parts import OwnPart, read_own_parts
from explorer.viewmodels.diagram import Kind
from explorer.viewmodels.parts import PartRow, SettingRow


def build_part_rows() -> tuple[PartRow, ...]:
    """Return a row for each part, the user's own first."""
    return (*map(_own_row, read_own_parts()), *(_build_row(part) for part in all_parts()))


def _own_row(part: OwnPart) -> PartRow:
    block = read_description(part.description).block
    shapes = ["×".join(map(str, block.shape(name)[1:])) for name in (block.entry, block.exit)]
    sentence = tr("{origin}: {before} → {after}", origin=part.origin, before=shapes[0], after=shapes[1])
    return PartRow(f"own:{part.name}", part.name, sentence, tr("My parts"), "block", description=part.description)


def _build_row(part: Part) -> PartRow:
    settings = tuple(_setting_row(setting) for setting in part.settings)
    texts = tr(part.title), tr(part.sentence), tr(part.family)
    return PartRow(part.key, *texts, _card_kind(part.key), part.join, settings, part.source)


def _setting_row(setting: Setting) -> SettingRow:
    title = tr(setting.title)
    if isinstance(setting, ChoiceSetting):
        choices = tuple((key, tr(text)) for key, text in setting.choices.items())
        return SettingRow(setting.name, title, str(setting.default), choices=choices)
    if isinstance(setting, IntegerSetting):
        step = 2 if isinstance(setting, OddSetting) else 1
        zero = tr(setting.zero) if setting.zero else ""
        return SettingRow(setting.name, title, int(setting.default), setting.minimum, setting.maximum, step, zero)
    return SettingRow(setting.name, title, bool(setting.default))


@cache
def _card_kind(key: str) -> Kind:
    """The kind of the card that a part makes: that of its only op, else a block's."""
    part = find_part(key)
    joins: dict[str, Kind] = {"add": "add", "concat": "concat", "multiply": "multiply"}
    if part.join:
        return joins[part.join]
    if part.kind == "block":
        return "block"
    with torch.device("meta"):
        module = part.build_module(8, {})
    shape = (1, 8) if part.takes == "features" else (1, 8, 16, 16)
    kinds = [op_kinds.kind(node) for node in trace(torch.nn.Sequential(module), shape).live.values()]
    return next((kind for kind in reversed(kinds) if kind not in ("output", "other")), "other")


def trace_part(key: str) -> Architecture | None:
    """Return a part with its first settings on 64 channels as a network of its own; None where it has no op."""
    part = find_part(key)
    if part.join:
        return None
    with torch.device("meta"):
        module = part.build_module(64, {})
    return trace(torch.nn.Sequential(module), (1, 64) if part.takes == "features" else (1, 64, 28, 28))
