"""Trainings as files: a page with figures, recipe, seeds and versions; curves as CSV; event files of TensorBoard."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from html import escape
from importlib import import_module
from pathlib import Path

import torch

from explorer.base.atomic_write import write_atomic
from explorer.base.languages import tr
from explorer.base.resources import resource_path
from explorer.training.groups import RunGroup
from explorer.training.locked_folder import RunError
from explorer.training.progress import QUANTITIES, GroupProgress, ProgressReader, RunCurve
from explorer.training.run_folder import RunSpec

_COLOURS = ("#7a8594", "#2f6fdb", "#d9822b", "#1a7a42", "#8e44ad", "#c0392b", "#11808a", "#8a6d3b")
_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 560, 240, 46, 26  # pixels of a figure, and of its axes


def save_training(group: RunGroup, path: str | Path) -> None:
    """Write a training as its suffix says: `.html`, one page; `.csv`, all points of all curves; a folder (no suffix),
    event files of TensorBoard.

    Raises:
        RunError: a run cannot be read, the suffix is another one, or TensorBoard's writer is not installed.
        OSError: the file cannot be written.
    """
    target = Path(path)
    progress = ProgressReader(group).read()
    if target.suffix.lower() in (".html", ".htm"):
        _write_text(target, report_page(progress))
    elif target.suffix.lower() == ".csv":
        _write_text(target, curves_csv(progress))
    elif not target.suffix:
        _write_events(progress, target)
    else:
        raise RunError(
            tr(
                "{suffix} is no format of trainings: .html, .csv, or a folder for TensorBoard",
                suffix=target.suffix,
            )
        )


def _write_text(path: Path, text: str) -> None:
    write_atomic(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def curves_csv(progress: GroupProgress) -> str:
    """Return one row for each point of each curve; what a point does not hold is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["network", "seed", "step", "epoch", *QUANTITIES.values()])
    for curve in progress.curves:
        for point in curve.points:
            values = (getattr(point, name) for name in QUANTITIES.values())
            writer.writerow([curve.title, curve.seed, point.step, point.epoch, *values])
    return text.getvalue()


def _write_events(progress: GroupProgress, folder: Path) -> None:
    try:
        writers = import_module("torch.utils.tensorboard")
    except ImportError as failure:
        raise RunError(tr("TensorBoard's writer is not installed: pip install tensorboard")) from failure
    for curve in progress.curves:
        name = "".join(mark if mark.isalnum() else "-" for mark in curve.title)[:60]
        with writers.SummaryWriter(str(folder / f"{curve.place}-{name}-seed-{curve.seed}")) as writer:
            for quantity, attribute in QUANTITIES.items():
                for point in curve.points:
                    value = getattr(point, attribute)
                    if value is not None:
                        writer.add_scalar(quantity, value, point.step)


def report_page(progress: GroupProgress) -> str:
    """Return one HTML file without anything from elsewhere: table, verdicts, figures, recipe, seeds and versions."""
    specs = [folders[0].read_spec() for folders in progress.group.contestants]
    parts = [
        f"<h1>{escape(progress.title)}</h1>",
        _table(progress),
        *(f"<p>{escape(line)}</p>" for line in _sentences(progress)),
        _figure(progress, "accuracy", tr("Accuracy on the test images"), lambda value: f"{100 * value:.0f} %"),
        _figure(progress, "test_loss", tr("Test loss"), lambda value: f"{value:.2g}"),
        _figure(progress, "train_loss", tr("Training loss"), lambda value: f"{value:.2g}"),
        f"<h2>{escape(tr('How it was trained'))}</h2>",
        f"<pre>{escape(_settings(progress, specs))}</pre>",
    ]
    head = f'<meta charset="utf-8"><title>{escape(progress.title)}</title><style>{_style()}</style>'
    return f"<!doctype html><html><head>{head}</head><body>{''.join(parts)}</body></html>\n"


def _style() -> str:
    return resource_path("web_page/training.css").read_text(encoding="utf-8")


def _table(progress: GroupProgress) -> str:
    if progress.comparison is not None:
        heads, *rows = progress.comparison.rows()
    else:
        heads = (tr("Network"), tr("Accuracy"))
        rows = [(r.title, "…" if r.accuracy is None else f"{100 * r.accuracy:.1f} %") for r in progress.rows]
    cells = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return "<table><tr>" + "".join(f"<th>{escape(head)}</th>" for head in heads) + f"</tr>{cells}</table>"


def _sentences(progress: GroupProgress) -> list[str]:
    found = progress.comparison
    return [*progress.messages, *((*found.verdicts, found.budget) if found is not None else ())]


def _settings(progress: GroupProgress, specs: Sequence[RunSpec]) -> str:
    seeds = sorted({curve.seed for curve in progress.curves})
    recipes = {spec.title: spec.recipe.as_json() for spec in specs}
    values = {
        "data": specs[0].data.as_json(),
        "recipes": recipes,
        "seeds": seeds,
        "device": specs[0].device,
        "torch": torch.__version__,
        "folder": str(progress.group.path),
    }
    return json.dumps(values, indent=2, ensure_ascii=False)


def _figure(progress: GroupProgress, quantity: str, title: str, say: Callable[[float], str]) -> str:
    curves = [(curve, *curve.values(quantity)) for curve in progress.curves]
    values = [value for _, _, found in curves for value in found]
    if not values:
        return ""
    top, epochs = (1.0 if quantity == "accuracy" else max(values)) or 1.0, max(progress.epochs, 1)
    lines = "".join(_line(curve, epochs_of, found, epochs, top) for curve, epochs_of, found in curves)
    legend = " &nbsp; ".join(
        f'<span style="color: {_COLOURS[curve.place % len(_COLOURS)]}">▬</span> {escape(curve.title)}'
        for curve in {curve.place: curve for curve in progress.curves}.values()
    )
    axes = (
        f'<path d="M{_LEFT} 8V{_HEIGHT - _BOTTOM}H{_WIDTH - 8}" fill="none" stroke="#9aa5b5"/>'
        f'<g font-size="12" fill="#5c6773"><text x="{_LEFT - 6}" y="16" text-anchor="end">{say(top)}</text>'
        f'<text x="{_LEFT - 6}" y="{_HEIGHT - _BOTTOM}" text-anchor="end">{say(0.0)}</text>'
        f'<text x="{_WIDTH - 8}" y="{_HEIGHT - 6}" text-anchor="end">{escape(tr("epochs"))}: {epochs}</text></g>'
    )
    picture = f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" role="img">{axes}{lines}</svg>'
    return f'<figure><b>{escape(title)}</b><br>{picture}<figcaption class="muted">{legend}</figcaption></figure>'


def _line(curve: RunCurve, x: Sequence[float], y: Sequence[float], epochs: int, top: float) -> str:
    wide, high = _WIDTH - _LEFT - 8, _HEIGHT - _BOTTOM - 8
    points = " ".join(
        f"{_LEFT + wide * epoch / epochs:.1f},{8 + high * (1 - min(value / top, 1)):.1f}"
        for epoch, value in zip(x, y, strict=True)
    )
    colour = _COLOURS[curve.place % len(_COLOURS)]
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
