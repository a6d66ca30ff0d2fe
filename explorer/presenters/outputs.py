"""The output for the sample image, now and in the baseline, whatever its shape."""

from __future__ import annotations

import colorsys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import torch

from explorer.analysis.forward.engine import ForwardResult
from explorer.analysis.output_divergence import entropy, js_divergence, probabilities, top_classes
from explorer.analysis.sample import class_labels
from explorer.base.languages import join_list, tr, tr_n, tr_noop
from explorer.base.memo import bounded
from explorer.graph.architecture import Architecture
from explorer.viewmodels.panels import ClassPrediction, OutputComparison, RgbImage
from explorer.weights.provenance import Provenance
from explorer.weights.weight_source import WeightSource

#: How many of the likeliest classes are at hand; the panel shows as many of them as are wanted and fit.
MAX_PREDICTIONS = 10


def compare_outputs(
    now: ForwardResult,
    baseline: ForwardResult,
    note: str,
    weights: str = "",
    *,
    is_picture: bool = False,
    has_batch: bool = True,
) -> OutputComparison:
    """Return both outputs and their divergence: as classes, as a map of classes, as a picture, or as plain numbers.
    Without a batch all dims of the output are those of the one image."""
    ran = (
        tr("{run} of {total} ops were computed", run=now.ops_run, total=now.ops_total)
        if now.ops_run
        else tr("nothing was computed: all outputs were cached")
    )
    blank = OutputComparison((), 0.0, False, note, now.milliseconds, ran, weights_text=weights)
    if now.first_fault:
        name, _, what = now.first_fault.rpartition(": ")
        return replace(
            blank,
            non_finite_text=tr(
                "{what} begins at {name}: the output is meaningless.", what=what[:1].upper() + what[1:], name=name
            ),
        )
    a, b = (_first_answer(result.main_output, has_batch=has_batch) for result in (now, baseline))
    if a.dim() == 1 and a.numel() > 1:
        shown = _compare_classes(blank, a, b)
    elif is_picture and a.dim() == 3 and a.shape[0] == 3:
        shown = replace(_compare_numbers(blank, a, b), maps=_as_pictures(a, b))
    elif a.dim() == 3 and a.shape[0] > 1:
        shown = _compare_class_maps(blank, a, b)
    else:
        shown = _compare_numbers(blank, a, b)
    others = _other_outputs_text(now.value)
    return replace(shown, facts_text=" · ".join(filter(None, (shown.facts_text, others))))


def weights_note(architecture: Architecture, source: WeightSource) -> str:
    """Return how many layers have not the weights of the source, because of edits or a file that lacks them; empty when
    none."""
    origins = {node.path: source.provenance(node) for node in architecture.live.values()}
    found = Counter(origin for origin in origins.values() if origin is not None)
    total = sum(found.values())
    if found["kept"] == total:
        return ""
    counts: list[str] = []
    for origin, (one, several) in _PROVENANCE_TEXTS.items():
        if count := found[origin]:
            layers = f"{count}" if counts else tr("{count} of {total} layers", count=count, total=total)
            counts.append(tr(several if count > 1 else one, layers=layers))
    return tr("{layers}, so the predicted class means little.", layers=join_list(counts))


#: How a layer's weights are told apart from those of the source, for one layer and for several.
_PROVENANCE_TEXTS: dict[Provenance, tuple[str, str]] = {
    "new": (tr_noop("{layers} has new weights"), tr_noop("{layers} have new weights")),
    "extended": (
        tr_noop("{layers} has new weights beside its own"),
        tr_noop("{layers} have new weights beside their own"),
    ),
    "sliced": (
        tr_noop("{layers} has only part of its weights"),
        tr_noop("{layers} have only part of their weights"),
    ),
}


def _first_answer(main: torch.Tensor, *, has_batch: bool) -> torch.Tensor:
    """The answer for the first image: (classes,), (classes, height, width), or whatever it is."""
    first = main[0] if has_batch and main.dim() > 1 else main
    if first.dim() == 3 and first.shape[1:] == (1, 1):
        first = first[:, 0, 0]
    return first.abs().double() if first.is_complex() else first.double()


def _compare_classes(blank: OutputComparison, a: torch.Tensor, b: torch.Tensor) -> OutputComparison:
    p, names = probabilities(a[None]), class_labels(a.numel())
    if a.shape != b.shape:
        guesses = tuple(
            ClassPrediction(names[i], float(p[i]), 0.0, float(a[i])) for i in top_classes(p, MAX_PREDICTIONS)
        )
        before = f"{b.numel():,}" if b.dim() == 1 else tr("maps")
        apart = tr("not comparable: {now:,} classes now, {before} before", now=a.numel(), before=before)
        return replace(blank, predictions=guesses, distance_text=apart, facts_text=_entropy_text(entropy(p)))
    q = probabilities(b[None])
    shown = dict.fromkeys([*top_classes(p, MAX_PREDICTIONS), *top_classes(q, MAX_PREDICTIONS)])
    guesses = tuple(
        ClassPrediction(names[i], float(p[i]), float(q[i]), float(a[i]), float(b[i]))
        for i in sorted(shown, key=lambda i: -p[i])
    )
    facts = _entropy_text(entropy(p), entropy(q))
    return replace(
        blank,
        predictions=guesses,
        divergence=js_divergence(p, q),
        top1_changed=top_classes(p, 1) != top_classes(q, 1),
        facts_text=facts,
    )


def _entropy_text(now: float, baseline: float | None = None) -> str:
    if baseline is None or abs(baseline - now) < 0.005:
        return tr("Entropy {now:.2f} bits", now=now)
    return tr("Entropy {now:.2f} bits (before {before:.2f})", now=now, before=baseline)


def _compare_class_maps(blank: OutputComparison, a: torch.Tensor, b: torch.Tensor) -> OutputComparison:
    """A class for every place: shares of the image, and the places where the class changed."""
    same, names = a.shape == b.shape, class_labels(a.shape[0])
    now, before = a.argmax(0), b.argmax(0) if same else None
    share = torch.bincount(now.flatten(), minlength=a.shape[0]).double() / now.numel()
    if before is None:
        guesses = tuple(
            ClassPrediction(names[i], float(share[i]), 0.0) for i in top_classes(share, MAX_PREDICTIONS) if share[i]
        )
        return replace(
            blank,
            predictions=guesses,
            maps=(_class_map_image(now),),
            distance_text=tr("not comparable: shape {shape} before", shape=tuple(b.shape)),
        )
    was = torch.bincount(before.flatten(), minlength=a.shape[0]).double() / now.numel()
    shown = dict.fromkeys(
        i for i in [*top_classes(share, MAX_PREDICTIONS), *top_classes(was, MAX_PREDICTIONS)] if share[i] or was[i]
    )
    guesses = tuple(
        ClassPrediction(names[i], float(share[i]), float(was[i])) for i in sorted(shown, key=lambda i: -share[i])
    )
    moved = float((now != before).double().mean())
    return replace(
        blank,
        predictions=guesses,
        divergence=_mean_js_divergence(a, b),
        top1_changed=top_classes(share, 1) != top_classes(was, 1),
        maps=(_class_map_image(now), _class_map_image(before)),
        facts_text=tr(
            "The class changed at {share} % of the {width} × {height} positions",
            share=f"{100 * moved:.1f}",
            width=now.shape[1],
            height=now.shape[0],
        ),
    )


def _mean_js_divergence(a: torch.Tensor, b: torch.Tensor) -> float:
    """Mean over all places of the Jensen–Shannon divergence, bits."""
    p, q = torch.softmax(a, 0), torch.softmax(b, 0)
    middle = (p + q) / 2
    mean = entropy(middle) - (entropy(p) + entropy(q)) / 2
    return min(max(mean / a[0].numel(), 0.0), 1.0)


def _compare_numbers(blank: OutputComparison, a: torch.Tensor, b: torch.Tensor) -> OutputComparison:
    """Neither classes nor a map of them: a score, a vector of features, a picture."""
    facts = f"{float(a):.4g}" if a.numel() == 1 else _describe_values(a)
    if a.shape != b.shape:
        return replace(
            blank, facts_text=facts, distance_text=tr("not comparable: shape {shape} before", shape=tuple(b.shape))
        )
    if a.numel() == 1:
        facts = tr("{now} (before {before:.4g})", now=facts, before=float(b))
    far = float((a - b).norm() / b.norm().clamp(min=1e-12))
    apart = tr("identical") if far == 0 else tr("differs by {share} % of its size", share=f"{100 * far:.2g}")
    return replace(blank, facts_text=facts, distance_text=apart, maps=_as_images(a, b))


def _as_pictures(a: torch.Tensor, b: torch.Tensor) -> tuple[RgbImage, ...]:
    if b.shape != a.shape:
        return ()
    low = -1.0 if min(float(a.min()), float(b.min())) < 0 else 0.0  # of a tanh, or of a sigmoid
    return _colour_image(a, low), _colour_image(b, low)


def _as_images(a: torch.Tensor, b: torch.Tensor) -> tuple[RgbImage, ...]:
    """Both answers as pictures: the only map, a sequence with its features downwards, or the middle slice of the first
    channel of a volume; none for what is no map at all."""
    planes = [_plane(part) for part in (a, b)]
    if any(plane is None or min(plane.shape) < 2 for plane in planes):
        return ()
    now, before = planes
    assert now is not None
    assert before is not None
    return _grey_image(now), _grey_image(before)


def _plane(a: torch.Tensor) -> torch.Tensor | None:
    if a.dim() == 2:
        return a
    if a.dim() == 3:
        return a[0] if a.shape[0] == 1 else None
    return a[0, a.shape[1] // 2] if a.dim() == 4 else None


def _describe_values(values: torch.Tensor) -> str:
    return tr(
        "{shape} values, mean {mean:.4g}, deviation {deviation:.4g}",
        shape=" × ".join(map(str, values.shape)) or "1",
        mean=float(values.mean()),
        deviation=float(values.std()),
    )


def _other_outputs_text(value: object) -> str:
    """Return a text about the outputs beside the main one, by their place in dicts, tuples and named tuples."""
    named = list(_named_outputs(value, ""))
    said = [f"{name} {'×'.join(map(str, part.shape)) or '1'}" for name, part in named[1 : MAX_PREDICTIONS + 1]]
    more = len(named) - 1 - len(said)
    said += [tr_n("{n} more", "{n} more", more)] if more > 0 else []
    return tr("also returns {outputs}", outputs=join_list(said)) if said else ""


def _named_outputs(value: object, name: str) -> Iterator[tuple[str, torch.Tensor]]:
    if isinstance(value, torch.Tensor):
        yield name or "output", value
        return
    parts: Iterable[tuple[object, object]] = ()
    if isinstance(value, Mapping):
        parts = value.items()
    elif isinstance(value, (tuple, list)):
        parts = zip(getattr(value, "_fields", range(1, len(value) + 1)), value, strict=True)
    for place, part in parts:
        label = tr("output {number}", number=place) if isinstance(place, int) and not name else str(place)
        yield from _named_outputs(part, f"{name}.{label}" if name else label)


@bounded(16)
def _class_palette(count: int) -> torch.Tensor:
    """A colour for each class, neighbours far apart; class 0, usually the background, is dark."""
    colours = [
        colorsys.hls_to_rgb(0.61803 * index % 1.0, 0.55 + 0.12 * (index % 3 - 1), 0.65) for index in range(count)
    ]
    table = (torch.tensor(colours) * 255).to(torch.uint8)
    table[0] = torch.tensor([32, 38, 48], dtype=torch.uint8)
    return table


def _class_map_image(classes: torch.Tensor) -> RgbImage:
    rgb = _class_palette(int(classes.max()) + 1)[_subsample(classes)]
    return RgbImage(rgb.shape[1], rgb.shape[0], rgb.contiguous().numpy().tobytes())


def _colour_image(values: torch.Tensor, low: float) -> RgbImage:
    pixels = torch.stack([_subsample(plane) for plane in values], -1)
    rgb = ((pixels - low) / (1.0 - low) * 255).clamp(0, 255).to(torch.uint8).contiguous()
    return RgbImage(rgb.shape[1], rgb.shape[0], rgb.numpy().tobytes())


def _grey_image(plane: torch.Tensor) -> RgbImage:
    low, high = float(plane.min()), float(plane.max())
    grey = ((_subsample(plane) - low) / ((high - low) or 1.0) * 255).to(torch.uint8)
    rgb = grey[..., None].expand(-1, -1, 3).contiguous()
    return RgbImage(rgb.shape[1], rgb.shape[0], rgb.numpy().tobytes())


def _subsample(plane: torch.Tensor) -> torch.Tensor:
    """Every n-th row and column, so that no side is longer than 256."""
    step = max(-(-max(plane.shape) // 256), 1)
    return plane[::step, ::step]
