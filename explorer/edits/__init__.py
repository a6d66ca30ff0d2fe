"""Changes as plain data: each edit turns one snapshot into the next."""

from typing import Any

from explorer.edits.branches import AddShortcut, RemoveBranch, SwapJoin
from explorer.edits.cardinality import SetCardinality
from explorer.edits.conv_forms import SetConvForm
from explorer.edits.depth import InvertBottleneck, MultiplyDepth, RemoveBlock, RepeatBlock
from explorer.edits.edit import Edit, EditError, Repair
from explorer.edits.gates import SetSqueezeRatio, SwapGate, ToggleSqueezeExcitation
from explorer.edits.heads import SetClasses, SwapHead, ToggleAuxiliaryHead
from explorer.edits.history import History
from explorer.edits.inputs import ApplyCompoundScaling, SetInputSize
from explorer.edits.last_stage import ReorderLastStage
from explorer.edits.layer_settings import SetLayer
from explorer.edits.norms import SwapNorm
from explorer.edits.pointwise_reduction import SetReduction
from explorer.edits.switches import SetBottleneckActivation, SwapActivation, ToggleChannelShuffle, ToggleShortcut
from explorer.edits.widths import MultiplyWidth, SetBottleneckRatio, SetExpansion, SetGrowthRate, SetWidth

#: Every kind of edit, by the name files and the history give it.
EDIT_KINDS: dict[str, type[Any]] = {
    kind.name: kind
    for kind in (
        SwapActivation,
        SwapNorm,
        SetLayer,
        SetWidth,
        SetExpansion,
        SetBottleneckRatio,
        SetGrowthRate,
        MultiplyWidth,
        SetCardinality,
        SetConvForm,
        SetReduction,
        ToggleChannelShuffle,
        ToggleShortcut,
        AddShortcut,
        SwapJoin,
        RemoveBranch,
        SetBottleneckActivation,
        InvertBottleneck,
        ToggleSqueezeExcitation,
        SetSqueezeRatio,
        SwapGate,
        RepeatBlock,
        RemoveBlock,
        MultiplyDepth,
        SwapHead,
        ReorderLastStage,
        SetClasses,
        ToggleAuxiliaryHead,
        SetInputSize,
        ApplyCompoundScaling,
    )
}

__all__ = [
    "EDIT_KINDS",
    "AddShortcut",
    "ApplyCompoundScaling",
    "Edit",
    "EditError",
    "History",
    "InvertBottleneck",
    "MultiplyDepth",
    "MultiplyWidth",
    "RemoveBlock",
    "RemoveBranch",
    "ReorderLastStage",
    "Repair",
    "RepeatBlock",
    "SetBottleneckActivation",
    "SetBottleneckRatio",
    "SetCardinality",
    "SetClasses",
    "SetConvForm",
    "SetExpansion",
    "SetGrowthRate",
    "SetInputSize",
    "SetLayer",
    "SetReduction",
    "SetSqueezeRatio",
    "SetWidth",
    "SwapActivation",
    "SwapGate",
    "SwapHead",
    "SwapJoin",
    "SwapNorm",
    "ToggleAuxiliaryHead",
    "ToggleChannelShuffle",
    "ToggleShortcut",
    "ToggleSqueezeExcitation",
]
