"""Changes as plain data: each edit turns one snapshot into the next."""

from typing import Any

from explorer.edits.attributes import SetLayer
from explorer.edits.cardinality import Cardinality
from explorer.edits.depth import DepthMultiplier, Invert, RemoveBlock, Repeat
from explorer.edits.edit import Edit, EditError, Repair
from explorer.edits.forms import ConvForm
from explorer.edits.gates import Gate, SqueezeExcitation, SqueezeRatio
from explorer.edits.heads import AuxiliaryHead, Classes, Head
from explorer.edits.history import History
from explorer.edits.inputs import CompoundScaling, InputSize
from explorer.edits.joins import AddShortcut, Join, RemoveBranch
from explorer.edits.last_stage import LastStage
from explorer.edits.norms import Norm
from explorer.edits.reductions import Reduction
from explorer.edits.switches import ChannelShuffle, LinearBottleneck, Shortcut, SwapActivation
from explorer.edits.widths import BottleneckRatio, Expansion, GrowthRate, Width, WidthMultiplier

#: Every kind of edit, by the name files and the history give it.
KINDS: dict[str, type[Any]] = {
    kind.name: kind
    for kind in (
        SwapActivation,
        Norm,
        SetLayer,
        Width,
        Expansion,
        BottleneckRatio,
        GrowthRate,
        WidthMultiplier,
        Cardinality,
        ConvForm,
        Reduction,
        ChannelShuffle,
        Shortcut,
        AddShortcut,
        Join,
        RemoveBranch,
        LinearBottleneck,
        Invert,
        SqueezeExcitation,
        SqueezeRatio,
        Gate,
        Repeat,
        RemoveBlock,
        DepthMultiplier,
        Head,
        LastStage,
        Classes,
        AuxiliaryHead,
        InputSize,
        CompoundScaling,
    )
}

__all__ = [
    "KINDS",
    "AddShortcut",
    "AuxiliaryHead",
    "BottleneckRatio",
    "Cardinality",
    "ChannelShuffle",
    "Classes",
    "CompoundScaling",
    "ConvForm",
    "DepthMultiplier",
    "Edit",
    "EditError",
    "Expansion",
    "Gate",
    "GrowthRate",
    "Head",
    "History",
    "InputSize",
    "Invert",
    "Join",
    "LastStage",
    "LinearBottleneck",
    "Norm",
    "Reduction",
    "RemoveBlock",
    "RemoveBranch",
    "Repair",
    "Repeat",
    "SetLayer",
    "Shortcut",
    "SqueezeExcitation",
    "SqueezeRatio",
    "SwapActivation",
    "Width",
    "WidthMultiplier",
]
