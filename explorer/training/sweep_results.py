"""What a sweep found: a table to sort and copy, and the points that none beats at their cost."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from explorer.base.languages import tr
from explorer.base.number_format import format_short
from explorer.training.locked_folder import State
from explorer.training.statistics import mean_interval, pareto_front

#: What a table is sorted by, and what accuracy is set against.
SortKey = Literal["accuracy", "macs", "params", "milliseconds", "seconds"]
TrialCost = Literal["macs", "params", "milliseconds", "seconds"]


@dataclass(frozen=True)
class TrialResult:
    """One point: its figures, and the accuracy (0 to 1) of each seed that was trained to the end, in the last round
    that has some."""

    title: str
    values: tuple[tuple[str, Any], ...]  # of the varied fields
    params: int
    macs: int
    accuracies: tuple[float, ...]
    seconds: float  # of training one seed, in the mean
    epochs: int
    message: str = ""  # what stopped a seed, or was changed on the way
    milliseconds: float = 0.0  # of a forward pass of one image on the machine that leads the sweep; 0 for unknown
    place: int = 0  # among the points
    state: State = "finished"
    done: float = 1.0  # part (0 to 1) of the steps of the round it is in
    weights: Path | None = None  # folder of its first seed, in the last round that has some

    @property
    def mean_accuracy(self) -> float:
        """Mean of the seeds; 0 where none was trained to the end."""
        return sum(self.accuracies) / len(self.accuracies) if self.accuracies else 0.0


@dataclass(frozen=True)
class SweepResult:
    """All points of a sweep, in the order in which they were chosen."""

    trials: tuple[TrialResult, ...]
    varied: tuple[str, ...]
    folder: Path
    titles: tuple[str, ...] = ()  # of what is varied, for tables

    @property
    def heads(self) -> tuple[str, ...]:
        """What tables call the varied fields."""
        return self.titles or self.varied

    @property
    def best(self) -> TrialResult:
        """The point with the highest mean accuracy; the cheapest of those that share it."""
        return max(self.trials, key=lambda trial: (trial.mean_accuracy, -trial.macs))

    def pareto(self, cost: TrialCost = "macs") -> frozenset[str]:
        """Return the titles of the points that none beats in accuracy at their cost."""
        done = [trial for trial in self.trials if trial.accuracies and getattr(trial, cost)]
        front = pareto_front([(getattr(trial, cost), trial.mean_accuracy) for trial in done])
        return frozenset(done[place].title for place in front)

    def sorted_by(self, key: SortKey = "accuracy") -> tuple[TrialResult, ...]:
        """Return the points, the best accuracy or the lowest cost first."""
        keys: dict[str, Callable[[TrialResult], float]] = {
            "accuracy": lambda trial: -trial.mean_accuracy,
            "macs": lambda trial: trial.macs,
            "params": lambda trial: trial.params,
            "milliseconds": lambda trial: trial.milliseconds,
            "seconds": lambda trial: trial.seconds,
        }
        return tuple(sorted(self.trials, key=keys[key]))

    def rows(self, key: SortKey = "accuracy") -> list[tuple[str, ...]]:
        """Return the table, the heads first; ◆ marks the points that none beats in accuracy with as few MACs."""
        costs = (tr("Parameters"), tr("MACs"), tr("Milliseconds"), tr("Epochs"), tr("Seconds"))
        heads = (*self.heads, tr("Accuracy"), tr("95 % interval"), *costs)
        front = self.pareto()
        return [heads, *(self._row(trial, front) for trial in self.sorted_by(key))]

    def _row(self, trial: TrialResult, front: frozenset[str]) -> tuple[str, ...]:
        named = dict(trial.values)
        values = tuple(f"{named[name]}" for name in self.varied)
        if not trial.accuracies:
            accuracy, limits = "–", trial.message or "–"
        else:
            found = mean_interval(trial.accuracies)
            accuracy = f"{100 * found.mean:.1f} %" + (" ◆" if trial.title in front else "")
            limits = f"{100 * found.low:.1f} – {100 * found.high:.1f}" if found.is_known else "–"
        pass_ms = f"{trial.milliseconds:.2f}" if trial.milliseconds else "–"
        costs = (format_short(trial.params), format_short(trial.macs), pass_ms, str(trial.epochs))
        return (*values, accuracy, limits, *costs, f"{trial.seconds:.1f}")

    def as_markdown(self, key: SortKey = "accuracy") -> str:
        """Return the table as Markdown."""
        rows = self.rows(key)
        lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
        lines.insert(1, "|" + "---|" * len(self.varied) + "---:|" * (len(rows[0]) - len(self.varied)))
        return "\n".join(lines) + "\n"

    def as_csv(self, key: SortKey = "accuracy") -> str:
        """Return one row for each point and seed."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        costs = ("params", "macs", "milliseconds", "seconds", "epochs")
        writer.writerow([*self.varied, "seed", "test_accuracy", *costs, "pareto"])
        front = self.pareto()
        for trial in self.sorted_by(key):
            named = dict(trial.values)
            for seed, accuracy in enumerate(trial.accuracies or ("",)):
                cost = (getattr(trial, name) for name in costs)
                writer.writerow([*(named[name] for name in self.varied), seed, accuracy, *cost, trial.title in front])
        return text.getvalue()

    def as_json(self, key: SortKey = "accuracy") -> dict[str, object]:
        """Return everything as plain values."""
        front = self.pareto()
        return {
            "folder": str(self.folder),
            "varied": list(self.varied),
            "trials": [
                {
                    "values": dict(trial.values),
                    "test_accuracies": list(trial.accuracies),
                    "params": trial.params,
                    "macs": trial.macs,
                    "milliseconds": trial.milliseconds,
                    "seconds": trial.seconds,
                    "epochs": trial.epochs,
                    "pareto": trial.title in front,
                    "message": trial.message,
                }
                for trial in self.sorted_by(key)
            ],
        }
