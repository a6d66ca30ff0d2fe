"""Names and descriptions of the block patterns that recognition knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Pattern:
    """A recognised structure: its name and what it does."""

    name: str  # "Inverted residual"
    description: str  # one or two sentences
    remarks: tuple[str, ...] = ()  # what edits made of it: "shortcut off"

    def with_sentence(self, sentence: str, remark: str = "") -> Pattern:
        """Return the pattern with one more sentence, and perhaps a remark."""
        remarks = (*self.remarks, remark) if remark else self.remarks
        return replace(self, description=f"{self.description} {sentence}", remarks=remarks)


BLOCK = Pattern("Block", "A module of this network; its structure has no common name.")
BRANCH = Pattern("Branch", "One of several parallel branches.")
PROJECTION = Pattern("Projection", "Projects the input of the block to the shape of its output, for the shortcut.")
CLASSIFIER = Pattern(
    "Classifier", "Averages each channel over the map; a linear layer computes the classes from the averages."
)
MLP = Pattern("MLP", "Two linear layers applied to each position: to more channels, an activation, and back.")
GATE = Pattern(
    "Squeeze-and-excitation",
    "Squeezes the map to one number per channel, passes these through two small layers and scales each channel by "
    "the result: the network weights its own channels.",
)
ATTENTION = Pattern(
    "Attention", "Each position combines the values of other positions, weighted by how well they match."
)
TRANSFORMER = Pattern(
    "Transformer block",
    "Each position attends to all others (or to those in its window); then two linear layers are applied to each "
    "position. Each half has a shortcut.",
)
SHUFFLE = Pattern(
    "Shuffle unit",
    "Group convolutions make the 1×1 layers cheap; the channel shuffle between them passes information between groups.",
)
SHUFFLE_V2 = Pattern(
    "Shuffle unit (v2)",
    "Two branches, cheap as each has half of the channels; concatenation and channel shuffle mix their outputs. Where "
    "the map keeps its size, one of them passes its half of the channels on unchanged.",
)
GHOST_MODULE = Pattern(
    "Ghost module", "Computes half of its maps by convolution, and from each a second one by a cheap depthwise filter."
)
GHOST = Pattern(
    "Ghost bottleneck",
    "Two ghost modules with a shortcut around them: half of their maps are computed cheaply from the other half.",
)
INVERTED = Pattern(
    "Inverted residual",
    "Expands to many channels, filters each on its own (depthwise), and projects back to few.",
)
INVERTED_ALONE = Pattern(
    "Inverted residual",
    "Filters each channel on its own (depthwise) and projects to few, without expanding first (×1).",
)
LINEAR = "The bottleneck is linear: an activation on few channels would lose information."
ACTIVATED = "The bottleneck is activated: the information that the activation cuts off on these few channels is lost."
FUSED = Pattern(
    "Fused inverted residual",
    "An inverted residual whose expansion and depthwise convolution are one full 3×3: more work, less memory traffic.",
)
SEPARABLE = Pattern(
    "Depthwise separable",
    "Filters each channel alone, then mixes the channels by a 1×1: with 3×3 filters 8 to 9 times cheaper than a full "
    "convolution.",
)
RESIDUAL_SEPARABLE = Pattern("Residual depthwise separable", SEPARABLE.description)
CONVNEXT = Pattern(
    "ConvNeXt block",
    "A large depthwise filter first, then two linear layers at each position, to four times the channels and back, as "
    "in a transformer's MLP.",
)
DENSE = Pattern(
    "Dense layer",
    "Reads the feature maps of all layers before it in the block, and adds a few of its own (the growth rate).",
)
DENSE_BLOCK = Pattern("Dense block", "Dense layers in a row: each reads the maps of all before it.")
TRANSITION = Pattern(
    "Transition", "Between dense blocks: a 1×1 convolution reduces the channels, pooling halves the map."
)
INCEPTION = Pattern(
    "Inception module",
    "Kernels of several sizes in parallel, their outputs concatenated; 1×1 convolutions keep it cheap.",
)
FIRE = Pattern("Fire module", "Squeezes to few channels with 1×1, then expands with 1×1 and 3×3 in parallel.")
REPVGG = Pattern(
    "RepVGG block",
    "3×3, 1×1 and (where the shape is kept) the input itself, each with a norm, added up. After training the three "
    "can be merged into one 3×3.",
)
PLAIN_BLOCK = Pattern("Plain block", "Convolutions in a row, without a shortcut.")

RESIDUAL = "The input is added to the output of the layers, so that they only learn the difference."
BASIC = "Two {k}×{k} convolutions and a shortcut around them: the layers only learn what to add to their input."
NARROW = "1×1 narrows, {k}×{k} works on few channels, 1×1 widens again."
WIDE = "1×1 widens, {k}×{k} works on many channels, 1×1 narrows again: an inverted bottleneck, with a full convolution."
EVEN = "1×1, {k}×{k} and 1×1 in a row, as in a bottleneck, but the {k}×{k} works on as many channels as the output has."
CARDINALITY = "The {k}×{k} is split into {groups} groups: many narrow paths in parallel (cardinality) at the same cost."
DEPTHWISE = "The {k}×{k} filters each channel on its own."
AROUND = "A shortcut connects input and output."
NO_AROUND = "It has no shortcut."
OFF = "The shortcut is switched off."
SQUEEZED = "A squeeze-and-excitation gate weights its channels."
SHUFFLE_OFF = "The shuffle is switched off: no information passes between groups."

ROLES: Mapping[str, Pattern] = {
    "network": Pattern("Network", "The whole network."),
    "stem": Pattern("Stem", "The first layers, which reduce the image to a smaller map before the blocks."),
    "stage": Pattern("Stage", "Layers or blocks that work on one resolution."),
    "branch": BRANCH,
    "head": Pattern("Head", "Computes the classes from the last feature map."),
}
