"""Experiments and their outcomes as text for a terminal, and as JSON for other programs; in English."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from explorer.experiments.experiment import ChoiceControl, Control, Experiment, RangeControl, Values
from explorer.experiments.number_rows import number_rows
from explorer.experiments.outcome import (
    Chart,
    ChartBars,
    ChartDots,
    ChartHeatmap,
    ChartLine,
    ChartSeries,
    Label,
    Outcome,
)
from explorer.experiments.texts import load_texts


def experiment_as_json(experiment: Experiment) -> dict[str, Any]:
    """Return an experiment with its controls, without an outcome."""
    text = load_texts("en").experiments[experiment.id]
    controls = [
        {"name": control.name, "title": text.control_label(control.name), "default": control.default}
        | {"can_be": _describe_choices(control)}
        for control in experiment.controls
    ]
    return {
        "id": experiment.id,
        "title": text.title,
        "question": text.question,
        "networks": list(experiment.networks),
        "controls": controls,
    }


def outcome_as_json(experiment: Experiment, values: Values, outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as plain data: numbers that are not finite are None, pictures are left out."""
    say = _Sayer(experiment)
    numbers = [
        {
            "key": number.key,
            "label": say(number.label),
            "computed": _finite(number.computed),
            "unit": number.unit,
            "published": number.published,
            "source": number.source,
            "agrees": number.agrees,
            "note": say(number.note),
        }
        for number in outcome.numbers
    ]
    return {
        "experiment": experiment.id,
        "controls": dict(values),
        "numbers": numbers,
        "observations": [say(label) for label in outcome.observations],
        "quoted": [{"label": say(q.label), "value": q.value, "source": q.source} for q in outcome.quoted],
        "charts": [_chart_as_json(chart, say) for chart in outcome.pictures if isinstance(chart, Chart)],
    }


def outcome_as_text(experiment: Experiment, values: Values, outcome: Outcome) -> str:
    """Return the question, what was set, a table of the numbers beside those published, and what is seen."""
    texts = load_texts("en")
    text, say = texts.experiments[experiment.id], _Sayer(experiment)
    settings = (f"{name}={value}" for name, value in values.items())
    lines = [text.title, text.question, " ".join(settings), ""]
    heads = tuple(texts.common[key] for key in ("ui.quantity", "ui.computed", "ui.published", "ui.source"))
    lines.extend(_markdown_rows(heads, *number_rows(outcome, say)))
    lines.append("")
    lines.extend(f"- {say(label)}" for label in outcome.observations)
    return "\n".join(lines)


class _Sayer:
    """Says labels of one experiment in English."""

    def __init__(self, experiment: Experiment) -> None:
        self._texts, self._id = load_texts("en"), experiment.id

    def __call__(self, label: Label) -> str:
        return self._texts.translate(self._id, label)


def _describe_choices(control: Control) -> str:
    if isinstance(control, ChoiceControl):
        return ", ".join(map(str, control.values))
    if isinstance(control, RangeControl):
        return f"{control.low:g} to {control.high:g} in steps of {control.step:g}"
    return "true, false"


def _markdown_rows(*rows: tuple[str, ...]) -> Iterator[str]:
    """A table, its heads first, with columns as wide as what is in them."""
    cells = [tuple(cell.replace("|", "\\|").replace("\n", " ") for cell in row) for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    for number, row in enumerate(cells):
        yield "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        if not number:
            yield "|" + "|".join("-" * (width + 2) for width in widths) + "|"


def _chart_as_json(chart: Chart, say: _Sayer) -> dict[str, Any]:
    return {
        "title": say(chart.title),
        "x": {"title": say(chart.x.title), "names": [say(name) for name in chart.x.names]},
        "y": {"title": say(chart.y.title), "names": [say(name) for name in chart.y.names]},
        "series": [_series_as_json(series, say) for series in chart.series],
    }


def _series_as_json(series: ChartSeries, say: _Sayer) -> dict[str, Any]:
    if isinstance(series, ChartLine):
        return {"label": say(series.label), "x": [*map(_finite, series.x)], "y": [*map(_finite, series.y)]}
    if isinstance(series, ChartBars):
        return {"label": say(series.label), "heights": [*map(_finite, series.heights)]}
    if isinstance(series, ChartDots):
        return {"x": series.x.tolist(), "y": series.y.tolist()}
    assert isinstance(series, ChartHeatmap)
    return {"values": series.values.tolist()}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
