"""What explains the change that an edit makes: the layers that changed most, and sums that mistake it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import mode

from explorer.analysis.analysis import Analysis
from explorer.base.languages import tr, tr_n, with_label
from explorer.base.number_format import format_exact, format_signed
from explorer.edits import Edit, MultiplyWidth, SetConvForm, SetInputSize, SetLayer
from explorer.exercises.layer_sums import ConvNumbers, LayerFigure, conv_numbers, find_sum
from explorer.exercises.mistakes import Mistake

_SHOWN = 3  # layers that are written out


def changed_layers(before: Analysis, after: Analysis, figure: str) -> tuple[str, ...]:
    """Return lines on the layers whose figure changed most, each with its sum before and after; few as they are."""
    if figure not in ("params", "macs", "field"):
        return ()
    if figure == "field":
        return _changed_windows(before, after)
    changes = {name: _count(after, name, figure) - _count(before, name, figure) for name in _all_names(before, after)}
    asked: LayerFigure = "params" if figure == "params" else "macs"
    alike: dict[str, list[str]] = {}  # layers by what is said of them
    for name in sorted((name for name, change in changes.items() if change), key=lambda name: -abs(changes[name])):
        alike.setdefault(f"{_describe(before, name, asked)} → {_describe(after, name, asked)}", []).append(name)
    most = sorted(alike, key=lambda text: -abs(sum(changes[name] for name in alike[text])))
    lines = [with_label(_names_text(alike[text]), text) for text in most[:_SHOWN]]
    rest = [name for text in most[_SHOWN:] for name in alike[text]]
    if rest:
        change = format_signed(sum(changes[name] for name in rest))
        lines.append(tr_n("and {n} more layer: {change}", "and {n} more layers: {change}", len(rest), change=change))
    return tuple(lines)


def _names_text(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else tr("{n} layers such as {name}", n=len(names), name=names[0])


def _changed_windows(before: Analysis, after: Analysis) -> tuple[str, ...]:
    lines = []
    for name in after.architecture.live:
        now = find_sum(after, after.architecture.nodes[name], "field")
        known = before.architecture.live.get(name)
        was = find_sum(before, known, "field") if known is not None else None
        if now is not None and (was is None or was.text != now.text):
            lines.append(with_label(name, f"{was.text if was is not None else '–'} → {now.text}"))
    return tuple(lines[:_SHOWN])


def _all_names(before: Analysis, after: Analysis) -> dict[str, None]:
    return dict.fromkeys((*before.architecture.live, *after.architecture.live))


def _count(analysis: Analysis, name: str, figure: str) -> int:
    total = analysis.figures.sum((name,))
    return total.params if figure == "params" else total.macs


def _describe(analysis: Analysis, name: str, figure: LayerFigure) -> str:
    node = analysis.architecture.live.get(name)
    if node is None:
        return "0"
    found = find_sum(analysis, node, figure)
    return found.text if found is not None else format_exact(_count(analysis, name, figure))


def edit_mistakes(before: Analysis, after: Analysis, figure: str, edits: Sequence[Edit]) -> tuple[Mistake, ...]:
    """Return likely mistakes about how many times an edit multiplies a figure, other than by the true number."""
    truth = _total(after, figure) / _total(before, figure)
    found = [mistake for edit in edits for mistake in _mistakes_of(edit, before, after, figure)]
    reason = tr("The other way round: it is {was} before and {now} after.", **_was_now(before, after, figure))
    found.append(Mistake(1 / truth, reason))
    other = {"params": "macs", "macs": "params"}.get(figure)
    if other is not None and _total(before, other) and _total(after, other):
        reason = (
            tr("So many times the multiply-adds grow; the parameters do not grow with the map.")
            if other == "macs"
            else tr("So many times the parameters grow; multiply-adds also depend on the size of the maps.")
        )
        found.append(Mistake(_total(after, other) / _total(before, other), reason))
    return tuple(one for one in found if abs(one.value / truth - 1) > 0.15)


def _was_now(before: Analysis, after: Analysis, figure: str) -> dict[str, str]:
    return {"was": format_exact(_total(before, figure)), "now": format_exact(_total(after, figure))}


def _total(analysis: Analysis, figure: str) -> float:
    figures = analysis.figures
    if figure == "peak":
        return float(figures.activations.peak_bytes)
    if figure == "activations":
        return float(figures.activations.elements)
    return float(figures.total.params if figure == "params" else figures.total.macs)


def _mistakes_of(edit: Edit, before: Analysis, after: Analysis, figure: str) -> Iterator[Mistake]:
    if isinstance(edit, MultiplyWidth) and figure in ("params", "macs"):
        reason = tr(
            "Linear instead of quadratic: a layer reads the wider map and writes a wider one, so it pays twice."
        )
        yield Mistake(edit.by, reason)
        yield Mistake(edit.by**2, tr("Quadratic for all layers: the first, the last and depthwise ones grow linearly."))
    if isinstance(edit, SetInputSize) and edit.resolution:
        was = before.architecture.input_shape[-1]
        reason = tr("Linear instead of quadratic: the image grows in height and in width.")
        yield Mistake(edit.resolution / was, reason)
    if isinstance(edit, SetLayer) and edit.setting == "kernel" and isinstance(edit.value, int):
        old = [layer.kernel[0] for layer in _changed_convs(before, after)]
        if old:
            yield Mistake(edit.value / old[0], tr("Linear instead of quadratic: a kernel is an area."))
            yield Mistake(
                (edit.value / old[0]) ** 2, tr("Only the layers with this window change, not the whole network.")
            )
    if isinstance(edit, SetConvForm) and edit.to == "separable":
        windows = [layer.window for layer in _changed_convs(before, after)]
        if windows:
            reason = tr("Nearly, for one layer: but the other layers keep their cost, and depthwise costs a little.")
            yield Mistake(1 / mode(windows), reason)


def _changed_convs(before: Analysis, after: Analysis) -> Iterator[ConvNumbers]:
    for name, node in before.architecture.live.items():
        numbers = conv_numbers(before, node)
        if numbers is None or numbers.window == 1:
            continue
        known = after.architecture.live.get(name)
        if known is None or known.signature != node.signature:
            yield numbers
