"""Work sheets on any network: exercises of three levels from its live numbers, each with its answer and worked sum.

Level 1 reads one layer off: shapes and parameters of plain layers. Level 2 has work, groups, padding and receptive
fields. Level 3 asks what changes when the network does, and sums up whole blocks. The same network, level and seed give
the same sheet; another seed gives another one for the next table.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from torch import nn

from explorer.analysis.analysis import Analysis
from explorer.base.languages import add_note, join_clauses, join_sentences, tr
from explorer.base.number_format import format_exact
from explorer.edits import Edit, EditError, MultiplyWidth, SetInputSize, SetLayer, SwapActivation
from explorer.exercises.layer_sums import LayerFigure, conv_numbers, find_sum
from explorer.exercises.predictions import FIGURE_NAMES, MovesQuestion, TimesQuestion, pose
from explorer.graph.node import Node
from explorer.network import Network

ExerciseLevel = Literal[1, 2, 3]
EXERCISE_LEVELS: tuple[ExerciseLevel, ...] = (1, 2, 3)

_SMALL_FIELD = 200  # pixels: what can still be followed on paper
_MIN_BLOCK, _MAX_BLOCK = 2, 8  # layers with weights of a block that is summed up by hand


@dataclass(frozen=True)
class Exercise:
    """A question with its answer. `value` is the number asked for; for a choice, its place among `choices`."""

    question: str
    answer: str
    sum: str  # how it is found; may be empty
    value: float
    place: str  # the node, or the group, that it is about; empty for the whole network
    figure: str
    choices: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()  # that it is about, where it asks what changes


@dataclass(frozen=True)
class Worksheet:
    """Exercises on one network, of one level."""

    title: str
    introduction: str
    level: ExerciseLevel
    exercises: tuple[Exercise, ...]


def build_worksheet(network: Network, level: ExerciseLevel, count: int = 8, seed: int = 0) -> Worksheet:
    """Return up to `count` exercises on a network as it is now; fewer where it has not so much to ask about.

    Raises:
        ValueError: there is no such level, or nothing in the network that can be asked about.
    """
    if level not in EXERCISE_LEVELS:
        raise ValueError(tr("there are levels 1, 2 and 3, not {level}", level=level))
    chosen = random.Random(f"{network.title} {level} {seed}")
    pools = [list(pool) for pool in _pools(network, level)]
    for pool in pools:
        chosen.shuffle(pool)
    found: list[Exercise] = []
    while len(found) < count and any(pools):  # of each kind in turn
        for pool in pools:
            exercise = _take(pool, found)
            if exercise is not None and len(found) < count:
                found.append(exercise)
    if not found:
        raise ValueError(tr("{network} has no layers to ask about", network=network.title))
    shape = network.figures.shape(network.architecture.input.name)
    introduction = tr("The network takes an image of {shape}. Batch 1; a multiply-add counts once.", shape=shape)
    title = tr("{network}: work sheet, level {level}", network=network.shown_title, level=level)
    return Worksheet(title, introduction, level, tuple(found))


def _take(pool: list[Callable[[], Exercise | None]], found: Sequence[Exercise]) -> Exercise | None:
    """The next exercise of a pool that can be asked, and whose sum has not been asked for already."""
    known = {(one.figure, one.answer, one.sum) for one in found}
    while pool:
        exercise = pool.pop()()
        if exercise is not None and (exercise.figure, exercise.answer, exercise.sum) not in known:
            return exercise
    return None


_Pool = Iterator[Callable[[], Exercise | None]]


def _pools(network: Network, level: ExerciseLevel) -> list[_Pool]:
    analysis = network.analysis
    if level == 1:
        plain = _layers(analysis, lambda node: isinstance(node.layer, nn.Conv2d) and node.layer.groups == 1)
        linear = _layers(analysis, lambda node: isinstance(node.layer, nn.Linear))
        pools = _layers(analysis, lambda node: isinstance(node.layer, nn.MaxPool2d | nn.AvgPool2d))
        return [
            _ask(analysis, plain, "params"),
            _ask_shapes(analysis, plain),
            _ask(analysis, pools or plain, "side"),
            _ask(analysis, linear, "params"),
        ]
    if level == 2:
        windows = _layers(analysis, lambda node: isinstance(node.layer, nn.Conv2d))
        grouped = [node for node in windows if isinstance(node.layer, nn.Conv2d) and node.layer.groups > 1]
        moving = [node for node in windows if isinstance(node.layer, nn.Conv2d) and node.layer.stride != (1, 1)]
        pools = _layers(analysis, lambda node: isinstance(node.layer, nn.MaxPool2d | nn.AvgPool2d))
        return [
            _ask(analysis, windows, "macs"),
            _ask(analysis, grouped or windows, "params"),
            _ask(analysis, [*moving, *pools], "side"),
            _ask(analysis, [*windows, *pools], "field"),
        ]
    return [_ask_changes(network), _ask_blocks(analysis), _ask_factors(network)]


def _layers(analysis: Analysis, matches: Callable[[Node], bool]) -> list[Node]:
    return [node for node in analysis.architecture.live.values() if matches(node)]


# one layer


def _ask(analysis: Analysis, nodes: Sequence[Node], figure: LayerFigure) -> _Pool:
    for node in dict.fromkeys(nodes):
        yield lambda node=node: _ask_layer(analysis, node, figure)  # type: ignore[misc]


def _ask_layer(analysis: Analysis, node: Node, figure: LayerFigure) -> Exercise | None:
    found = find_sum(analysis, node, figure)
    if found is None or (figure == "field" and found.value > _SMALL_FIELD):
        return None
    reads = _reading(analysis, node)
    if figure == "field":
        before = analysis.figures.receptive_field_sizes[node.inputs[0]][0]
        told = tr(
            "Each value it reads sees {before} pixels of the image in a row; neighbours lie {jump} pixels apart.",
            before=f"{before:.0f}",
            jump=found.sum.rpartition("× ")[2],
        )
        reads = join_sentences((reads, told))
    asked = {
        "params": tr("How many parameters has it?"),
        "macs": tr("How many multiply-adds does it need?"),
        "side": tr("How long is a side of its output map?"),
        "field": tr("How many pixels in a row does one of its values see?"),
    }[figure]
    question = join_sentences((reads, asked))
    return Exercise(question, format_exact(found.value), found.text, found.value, node.name, figure)


def _ask_shapes(analysis: Analysis, nodes: Sequence[Node]) -> _Pool:
    for node in nodes:
        yield lambda node=node: _ask_shape(analysis, node)  # type: ignore[misc]


def _ask_shape(analysis: Analysis, node: Node) -> Exercise | None:
    shape, side = analysis.figures.shape(node.name), find_sum(analysis, node, "side")
    if shape is None or side is None:
        return None
    asked = tr("Which shape has its output (channels × height × width)?")
    question = join_sentences((_reading(analysis, node), asked))
    return Exercise(question, str(shape), side.text, shape.elements, node.name, "shape")


def _reading(analysis: Analysis, node: Node) -> str:
    """What a layer is, and what it reads."""
    given = analysis.figures.shape(node.inputs[0])
    return tr("`{name}` reads {shape}: {layer}.", name=node.name, shape=given, layer=describe_layer(node))


def describe_layer(node: Node) -> str:
    """Return what has to be known of a layer to compute its figures: "3×3 convolution, 64 → 128 channels, stride 1"."""
    layer = node.layer
    if isinstance(layer, nn.Conv2d):
        window = "×".join(map(str, layer.kernel_size))
        kind = tr("{window} convolution", window=window)
        parts = [kind, tr("{inputs} → {outputs} channels", inputs=layer.in_channels, outputs=layer.out_channels)]
        parts.append(tr("stride {value}", value=_first(layer.stride)))
        parts.append(tr("padding {value}", value=_first(layer.padding)))
        if layer.dilation != (1, 1):
            parts.append(tr("dilation {value}", value=layer.dilation[0]))
        if layer.groups > 1:
            parts.append(tr("{groups} groups", groups=layer.groups))
        parts.append(tr("with a bias") if layer.bias is not None else tr("without a bias"))
        return tr(", ").join(parts)
    if isinstance(layer, nn.Linear):
        bias = tr("with a bias") if layer.bias is not None else tr("without a bias")
        sizes = f"{layer.in_features} → {layer.out_features}"
        return tr("linear layer, {sizes}, {bias}", sizes=sizes, bias=bias)
    if isinstance(layer, nn.MaxPool2d | nn.AvgPool2d):
        kind = tr("max pooling") if isinstance(layer, nn.MaxPool2d) else tr("average pooling")
        side = _first(layer.kernel_size)
        parts = [f"{side}×{side} {kind}", tr("stride {value}", value=_first(layer.stride))]
        parts.append(tr("padding {value}", value=_first(layer.padding)))
        return tr(", ").join([*parts, tr("rounded up")] if layer.ceil_mode else parts)
    return type(layer).__name__


def _first(value: object) -> object:
    return value[0] if isinstance(value, tuple) else value


# blocks


def _ask_blocks(analysis: Analysis) -> _Pool:
    """Whole blocks: the sum over their layers with parameters."""
    for group in analysis.hierarchy.blocks:
        yield lambda group=group: _ask_block(analysis, group.id)  # type: ignore[misc]


def _ask_block(analysis: Analysis, id: str) -> Exercise | None:
    names = [name for name in analysis.hierarchy.nodes_of(id) if analysis.figures.sum((name,)).params]
    nodes = [analysis.architecture.nodes[name] for name in names]
    sums = [find_sum(analysis, node, "params") for node in nodes]
    convs = [node for node in nodes if conv_numbers(analysis, node) is not None]
    if not _MIN_BLOCK <= len(convs) <= _MAX_BLOCK or any(one is None for one in sums):
        return None
    total = analysis.figures.sum(names).params
    parts = [one.value for one in sums if one is not None]
    if sum(parts) != total:
        return None
    layers = "\n".join(f"- `{node.name}`: {describe_layer(node)}" for node in convs)
    norms = len(nodes) - len(convs)
    words = tr("Block `{name}` consists of these layers:", name=id)
    tail = tr("Behind them stand {n} batch norms, with two parameters a channel.", n=norms) if norms else ""
    asked = tr("How many parameters has the block?")
    text = f"{words}\n\n{layers}\n\n{join_sentences((tail, asked))}"
    worked = f"{' + '.join(map(format_exact, parts))} = {format_exact(total)}"
    return Exercise(text, format_exact(total), worked, total, id, "params")


# changes


def _possible_edits(network: Network) -> Iterator[tuple[str, Edit]]:
    """Edits that most networks allow, and how a question says them."""
    side = network.architecture.input_shape[-1]
    yield tr("The side of the image is doubled."), SetInputSize(resolution=2 * side)
    yield tr("Every layer gets half its channels (width × 0.5)."), MultiplyWidth("*", 0.5)
    yield tr("Every layer gets twice its channels (width × 2)."), MultiplyWidth("*", 2.0)
    yield tr("Every activation becomes GELU."), SwapActivation("*", "gelu")
    for node in network.architecture.live.values():
        if isinstance(node.layer, nn.Conv2d) and node.layer.kernel_size == (3, 3) and node.layer.groups == 1:
            words = tr("The window of `{name}` becomes 5×5; the map keeps its size.", name=node.name)
            yield words, SetLayer(node.name, "kernel", 5)
            break
    grouped = [
        node
        for node in network.architecture.live.values()
        if isinstance(node.layer, nn.Conv2d) and node.layer.groups > 1
    ]
    if grouped:
        words = tr("`{name}` becomes a convolution without groups.", name=grouped[0].name)
        yield words, SetLayer(grouped[0].name, "groups", 1)


def _ask_changes(network: Network) -> _Pool:
    for words, edit in _possible_edits(network):
        for figure in ("params", "macs", "field"):
            yield lambda words=words, edit=edit, figure=figure: _ask_change(network, words, edit, figure)  # type: ignore[misc]


def _ask_change(
    network: Network, words: str, edit: Edit, figure: Literal["params", "macs", "field"]
) -> Exercise | None:
    edited = _edited(network, edit)
    if edited is None:
        return None
    found = pose(MovesQuestion(figure=figure), network.analysis, edited.analysis, (edit,))
    texts = tuple(text for _, text in found.choices)
    place = [value for value, _ in found.choices].index(str(found.truth))
    name = tr(FIGURE_NAMES[figure])
    asked = tr("What happens to the {figure} of the network?", figure=name)
    answer = add_note(texts[place], found.truth_text)
    question = join_sentences((words, asked))
    return Exercise(question, answer, join_clauses(found.lines), place, "", figure, texts, (edit,))


def _ask_factors(network: Network) -> _Pool:
    for words, edit in _possible_edits(network):
        for figure in ("params", "macs"):
            yield lambda words=words, edit=edit, figure=figure: _ask_factor(network, words, edit, figure)  # type: ignore[misc]


def _ask_factor(network: Network, words: str, edit: Edit, figure: Literal["params", "macs"]) -> Exercise | None:
    edited = _edited(network, edit)
    if edited is None or edited.figures.total == network.figures.total:
        return None
    found = pose(TimesQuestion(figure=figure), network.analysis, edited.analysis, (edit,))
    assert isinstance(found.truth, float)
    if 0.95 < found.truth < 1.05:
        return None
    asked = tr("By about what factor does this change the {figure} of the network?", figure=tr(FIGURE_NAMES[figure]))
    question = join_sentences((words, asked))
    return Exercise(question, found.truth_text, join_clauses(found.lines), found.truth, "", figure, (), (edit,))


def _edited(network: Network, edit: Edit) -> Network | None:
    try:
        edited = network.edit(edit)
    except EditError:
        return None
    return None if edited.architecture is network.architecture else edited
