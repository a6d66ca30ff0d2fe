"""What the structures that recognition knows are called, and what they are for, in a sentence or two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pattern:
    name: str  # "Inverted residual"
    what: str  # one or two sentences


BLOCK = Pattern("Block", "A module of this network; its structure has no common name.")
GATE = Pattern(
    "Squeeze-and-excitation",
    "Squeezes the map to one number per channel, passes these through two small layers and scales each channel by "
    "the result: the network weighs its own channels.",
)
ATTENTION = Pattern("Transformer block", "Every place looks at every other (or at those in its window) by attention.")
SHUFFLE = Pattern(
    "Shuffle unit",
    "Group convolutions make the 1×1 layers cheap; the channel shuffle between them lets the groups hear each other.",
)
SHUFFLE_V2 = Pattern(
    "Shuffle unit (v2)",
    "Half of the channels pass untouched, the other half is worked on; concatenation and channel shuffle mix them.",
)
INVERTED = Pattern(
    "Inverted residual",
    "Expands to many channels, filters each on its own (depthwise), and projects back to few. The narrow ends are "
    "joined by the shortcut, and the projection is linear: an activation there would lose information.",
)
FUSED = Pattern(
    "Fused inverted residual",
    "An inverted residual whose expansion and depthwise convolution are one full 3×3: more work, fewer memory trips.",
)
SEPARABLE = Pattern(
    "Depthwise separable",
    "A 3×3 on each channel alone, then a 1×1 across channels: 8 to 9 times cheaper than a full 3×3.",
)
DENSE = Pattern(
    "Dense layer",
    "Reads the feature maps of all layers before it in the block, and adds a few of its own (the growth rate).",
)
TRANSITION = Pattern(
    "Transition", "Between dense blocks: a 1×1 convolution thins the channels, pooling halves the map."
)
INCEPTION = Pattern(
    "Inception module",
    "Looks at several scales side by side and concatenates what they find; 1×1 convolutions keep it cheap.",
)
FIRE = Pattern("Fire module", "Squeezes to few channels with 1×1, then expands with 1×1 and 3×3 side by side.")
PLAIN_BLOCK = Pattern("Plain block", "Convolutions in a row, with no way around them.")
BASIC = "Two 3×3 convolutions and a shortcut around them: the layers only learn what to add to their input."
BOTTLENECK = "1×1 narrows, 3×3 works on few channels, 1×1 widens again; the shortcut joins the wide ends."
RESNEXT = "A bottleneck whose 3×3 is split into groups: many narrow paths in parallel (cardinality) at the same cost."

PLAIN: Mapping[str, Pattern] = {
    "network": Pattern("Network", "The whole network."),
    "stem": Pattern("Stem", "The first layers: they turn the image into a smaller map before the blocks begin."),
    "stage": Pattern("Stage", "Blocks that work on one resolution."),
    "branch": Pattern("Branch", "One of the ways side by side."),
    "head": Pattern("Head", "Turns the last feature map into the classes."),
}
