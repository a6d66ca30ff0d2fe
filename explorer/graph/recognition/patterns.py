"""Names and descriptions of the block patterns that recognition knows.

Their English names are what code and guide pages call them; a user reads them, and the sentences, in the language of
the interface.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from explorer.base.languages import Text, join_sentences, tr, tr_noop


@dataclass(frozen=True, slots=True)
class Pattern:
    """A recognised structure: its name and what it does."""

    base_name: str  # "Residual bottleneck"
    sentences: tuple[Text, ...]  # one or two
    remarks: tuple[str, ...] = ()  # what edits made of it: "shortcut off"
    additions: tuple[Text, ...] = ()  # to the name: "{block}, cardinality {count}"

    @property
    def name(self) -> str:
        """Its English name, by which it is known: "Residual bottleneck, cardinality 32"."""
        name = self.base_name
        for template, values in self.additions:
            name = template.format(block=name, **values)
        return name

    @property
    def title(self) -> str:
        """Its name in the language of the interface."""
        title = tr(self.base_name)
        for template, values in self.additions:
            title = tr(template, block=title, **values)
        return title

    @property
    def description(self) -> str:
        """What it does, in the language of the interface."""
        return join_sentences(map(str, self.sentences))

    def with_sentence(self, template: str, remark: str = "", **values: Any) -> Pattern:
        """Return the pattern with one more sentence, and perhaps a remark."""
        remarks = (*self.remarks, remark) if remark else self.remarks
        return replace(self, sentences=(*self.sentences, Text(template, values)), remarks=remarks)

    def with_addition(self, template: str, **values: Any) -> Pattern:
        """Return the pattern with an addition to its name."""
        return replace(self, additions=(*self.additions, Text(template, values)))

    def without_addition(self, template: str) -> Pattern:
        """Return the pattern without an addition to its name."""
        return replace(self, additions=tuple(text for text in self.additions if text.template != template))


def _define(name: str, sentence: str) -> Pattern:
    return Pattern(name, (Text(sentence),))


BLOCK = _define(tr_noop("Block"), tr_noop("A module of this network; its structure has no common name."))
BRANCH = _define(tr_noop("Branch"), tr_noop("One of several parallel branches."))
PROJECTION = _define(
    tr_noop("Projection"),
    tr_noop("Projects the input of the block to the shape of its output, for the shortcut."),
)
CLASSIFIER = _define(
    tr_noop("Classifier"),
    tr_noop("Averages each channel over the map; a linear layer computes the classes from the averages."),
)
MLP = _define(
    tr_noop("MLP"),
    tr_noop("Two linear layers applied to each position: to more channels, an activation, and back."),
)
GATE = _define(
    tr_noop("Squeeze-and-excitation"),
    tr_noop(
        "Squeezes the map to one number per channel, passes these through two small layers and scales each channel "
        "by the result: the network weights its own channels."
    ),
)
ATTENTION = _define(
    tr_noop("Attention"),
    tr_noop("Each position combines the values of other positions, weighted by how well they match."),
)
TRANSFORMER = _define(
    tr_noop("Transformer block"),
    tr_noop(
        "Each position attends to all others (or to those in its window); then two linear layers are applied to each "
        "position. Each half has a shortcut."
    ),
)
SHUFFLE = _define(
    tr_noop("Shuffle unit"),
    tr_noop(
        "Group convolutions make the 1×1 layers cheap; the channel shuffle between them passes information between "
        "groups."
    ),
)
SHUFFLE_V2 = _define(
    tr_noop("Shuffle unit (v2)"),
    tr_noop(
        "Two branches, cheap as each has half of the channels; concatenation and channel shuffle mix their outputs. "
        "Where the map keeps its size, one of them passes its half of the channels on unchanged."
    ),
)
GHOST_MODULE = _define(
    tr_noop("Ghost module"),
    tr_noop("Computes half of its maps by convolution, and from each a second one by a cheap depthwise filter."),
)
GHOST = _define(
    tr_noop("Ghost bottleneck"),
    tr_noop(
        "Two ghost modules with a shortcut around them: half of their maps are computed cheaply from the other half."
    ),
)
INVERTED = _define(
    tr_noop("Inverted residual"),
    tr_noop("Expands to many channels, filters each on its own (depthwise), and projects back to few."),
)
INVERTED_ALONE = _define(
    tr_noop("Inverted residual"),
    tr_noop("Filters each channel on its own (depthwise) and projects to few, without expanding first (×1)."),
)
LINEAR = tr_noop("The bottleneck is linear: an activation on few channels would lose information.")
ACTIVATED = tr_noop(
    "The bottleneck is activated: the information that the activation cuts off on these few channels is lost."
)
FUSED = _define(
    tr_noop("Fused inverted residual"),
    tr_noop(
        "An inverted residual whose expansion and depthwise convolution are one full 3×3: more work, less memory "
        "traffic."
    ),
)
SEPARABLE = _define(
    tr_noop("Depthwise separable"),
    tr_noop(
        "Filters each channel alone, then mixes the channels by a 1×1: with 3×3 filters 8 to 9 times cheaper than a "
        "full convolution."
    ),
)
RESIDUAL_SEPARABLE = Pattern(tr_noop("Residual depthwise separable"), SEPARABLE.sentences)
CONVNEXT = _define(
    tr_noop("ConvNeXt block"),
    tr_noop(
        "A large depthwise filter first, then two linear layers at each position, to four times the channels and "
        "back, as in a transformer's MLP."
    ),
)
DENSE = _define(
    tr_noop("Dense layer"),
    tr_noop(
        "Reads the feature maps of all layers before it in the block, and adds a few of its own (the growth rate)."
    ),
)
DENSE_BLOCK = _define(tr_noop("Dense block"), tr_noop("Dense layers in a row: each reads the maps of all before it."))
TRANSITION = _define(
    tr_noop("Transition"),
    tr_noop("Between dense blocks: a 1×1 convolution reduces the channels, pooling halves the map."),
)
INCEPTION = _define(
    tr_noop("Inception module"),
    tr_noop("Kernels of several sizes in parallel, their outputs concatenated; 1×1 convolutions keep it cheap."),
)
FIRE = _define(
    tr_noop("Fire module"),
    tr_noop("Squeezes to few channels with 1×1, then expands with 1×1 and 3×3 in parallel."),
)
REPVGG = _define(
    tr_noop("RepVGG block"),
    tr_noop(
        "3×3, 1×1 and (where the shape is kept) the input itself, each with a norm, added up. After training the "
        "three can be merged into one 3×3."
    ),
)
PLAIN_BLOCK = _define(tr_noop("Plain block"), tr_noop("Convolutions in a row, without a shortcut."))
RESIDUAL = tr_noop("The input is added to the output of the layers, so that they only learn the difference.")
BASIC = tr_noop(
    "Two {k}×{k} convolutions and a shortcut around them: the layers only learn what to add to their input."
)
NARROW = tr_noop("1×1 narrows, {k}×{k} works on few channels, 1×1 widens again.")
WIDE = tr_noop(
    "1×1 widens, {k}×{k} works on many channels, 1×1 narrows again: an inverted bottleneck, with a full convolution."
)
EVEN = tr_noop(
    "1×1, {k}×{k} and 1×1 in a row, as in a bottleneck, but the {k}×{k} works on as many channels as the output has."
)
CARDINALITY = tr_noop(
    "The {k}×{k} is split into {groups} groups: many narrow paths in parallel (cardinality) at the same cost."
)
DEPTHWISE = tr_noop("The {k}×{k} filters each channel on its own.")
AROUND = tr_noop("A shortcut connects input and output.")
NO_AROUND = tr_noop("It has no shortcut.")
OFF = tr_noop("The shortcut is switched off.")
#: Added to the name of a block with a squeeze-and-excitation gate.
GATED = tr_noop("{block} + SE")
SQUEEZED = tr_noop("A squeeze-and-excitation gate weights its channels.")
SHUFFLE_OFF = tr_noop("The shuffle is switched off: no information passes between groups.")
UNIT = tr_noop("A layer with the norm and activation that go with it, on one card.")

ROLES: Mapping[str, Pattern] = {
    "network": _define(tr_noop("Network"), tr_noop("The whole network.")),
    "stem": _define(
        tr_noop("Stem"),
        tr_noop("The first layers, which reduce the image to a smaller map before the blocks."),
    ),
    "stage": _define(tr_noop("Stage"), tr_noop("Layers or blocks that work on one resolution.")),
    "branch": BRANCH,
    "head": _define(tr_noop("Head"), tr_noop("Computes the classes from the last feature map.")),
}
