"""What finished runs found: one run, and a comparison of networks over seeds."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

from explorer.base.languages import tr
from explorer.base.number_format import format_points, format_short
from explorer.network import Network
from explorer.training.locked_folder import RunError, RunState
from explorer.training.run_folder import CurvePoint, RunFolder, RunSpec
from explorer.training.statistics import Interval, mean_interval, paired_difference, pareto_front, verdict


@dataclass(frozen=True)
class TrainingResult:
    """A run that was trained: its curve, its last test, and the network with the weights it found."""

    folder: RunFolder
    state: RunState
    curve: tuple[CurvePoint, ...] = field(repr=False)
    network: Network = field(repr=False)

    @property
    def tests(self) -> tuple[CurvePoint, ...]:
        """The points of the curve at which the test images were looked at."""
        return tuple(point for point in self.curve if point.test_loss is not None)

    @property
    def test_accuracy(self) -> float:
        """Accuracy (0 to 1) on the test images at the end; 0 where they were never looked at."""
        return self.tests[-1].test_accuracy or 0.0 if self.tests else 0.0


def read_result(folder: RunFolder, network: Network) -> TrainingResult:
    """Return what a run has found up to now, with its weights in the network. Raises RunError where it failed."""
    state = folder.read_state()
    if state.state == "failed":
        raise RunError(state.message or tr("{path} failed", path=folder.path))
    points, _ = folder.read_curve()
    trained = network.load_weights(folder.weights_path) if folder.weights_path.exists() else network
    return TrainingResult(folder, state, tuple(points), trained)


@dataclass(frozen=True)
class Contestant:
    """One network of a comparison: its figures, and what each of its seeds reached."""

    title: str
    params: int
    macs: int
    accuracies: tuple[float, ...]  # on the test images, 0 to 1, in the order of the seeds
    train_losses: tuple[float, ...]  # means of the last epoch
    seconds: float  # of one seed, in the mean
    steps: int

    @property
    def accuracy(self) -> Interval:
        """Mean accuracy with its interval."""
        return mean_interval(self.accuracies)


@dataclass(frozen=True)
class Comparison:
    """Networks trained on the same data, in the same order, with the same seeds and budget; the first is the
    baseline."""

    contestants: tuple[Contestant, ...]
    seeds: tuple[int, ...]
    budget: str

    @property
    def baseline(self) -> Contestant:
        """What the others are compared with."""
        return self.contestants[0]

    def difference(self, contestant: Contestant) -> Interval:
        """Return the accuracy of a contestant minus the baseline's, seed by seed."""
        return paired_difference(self.baseline.accuracies, contestant.accuracies)

    @property
    def verdicts(self) -> tuple[str, ...]:
        """One sentence for each contestant but the baseline."""
        return tuple(verdict(self.difference(one), one.title, self.baseline.title) for one in self.contestants[1:])

    @property
    def pareto(self) -> frozenset[str]:
        """Titles of the contestants that none beats in accuracy with as few MACs."""
        front = pareto_front([(one.macs, one.accuracy.mean) for one in self.contestants])
        return frozenset(self.contestants[place].title for place in front)

    def rows(self) -> list[tuple[str, ...]]:
        """Return the table, the heads first."""
        heads = (
            tr("Network"),
            tr("Accuracy"),
            tr("95 % interval"),
            tr("Difference"),
            tr("Parameters"),
            tr("MACs"),
            tr("Seconds"),
        )
        return [heads, *(self._row(one) for one in self.contestants)]

    def _row(self, one: Contestant) -> tuple[str, ...]:
        found, apart = one.accuracy, self.difference(one)
        limits = f"{100 * found.low:.1f} – {100 * found.high:.1f}" if found.is_known else "–"
        points = "–" if one is self.baseline else format_points(apart.mean)
        mark = " ◆" if one.title in self.pareto else ""
        return (
            one.title + mark,
            f"{100 * found.mean:.1f} %",
            limits,
            points,
            format_short(one.params),
            format_short(one.macs),
            f"{one.seconds:.1f}",
        )

    def as_markdown(self) -> str:
        """Return the table and the verdicts as Markdown."""
        rows = self.rows()
        lines = ["| " + " | ".join(row) + " |" for row in rows]
        lines.insert(1, "|---|" + "---:|" * (len(rows[0]) - 1))
        return "\n".join([*lines, "", *self.verdicts, self.budget]) + "\n"

    def as_csv(self) -> str:
        """Return one row for each network and seed."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["network", "seed", "test_accuracy", "train_loss", "params", "macs", "steps"])
        for one in self.contestants:
            for seed, accuracy, loss in zip(self.seeds, one.accuracies, one.train_losses, strict=True):
                writer.writerow([one.title, seed, accuracy, loss, one.params, one.macs, one.steps])
        return text.getvalue()

    def as_json(self) -> dict[str, object]:
        """Return everything as plain values."""
        return {
            "seeds": list(self.seeds),
            "budget": self.budget,
            "networks": [
                {
                    "title": one.title,
                    "params": one.params,
                    "macs": one.macs,
                    "test_accuracies": list(one.accuracies),
                    "train_losses": list(one.train_losses),
                    "seconds": one.seconds,
                    "steps": one.steps,
                    "pareto": one.title in self.pareto,
                }
                for one in self.contestants
            ],
            "verdicts": list(self.verdicts),
        }


def summarise(contestants: Sequence[Sequence[RunFolder]], budget: str) -> Comparison:
    """Return the comparison of runs that are finished: for each contestant its folders, in the order of the seeds.

    Raises RunError where one is not finished.
    """
    specs = [[folder.read_spec() for folder in folders] for folders in contestants]
    seeds = tuple(spec.seed for spec in specs[0])
    rows = [_summarise_one(spec[0], folders) for spec, folders in zip(specs, contestants, strict=True)]
    return Comparison(tuple(rows), seeds, budget)


def _summarise_one(spec: RunSpec, folders: Sequence[RunFolder]) -> Contestant:
    results = [_finished(folder) for folder in folders]
    return Contestant(
        spec.title,
        spec.params,
        spec.macs,
        tuple(accuracy for accuracy, _, _ in results),
        tuple(loss for _, loss, _ in results),
        sum(state.seconds for _, _, state in results) / len(results),
        results[0][2].steps,
    )


def _finished(folder: RunFolder) -> tuple[float, float, RunState]:
    """Test accuracy, mean loss of the last epoch's steps, and the state of a finished run."""
    state = folder.read_state()
    if state.state != "finished":
        reason = state.message or state.state
        raise RunError(tr("{path} is not finished: {reason}", path=folder.path, reason=reason))
    points, _ = folder.read_curve()
    tests = [point.test_accuracy for point in points if point.test_accuracy is not None]
    steps = [point.loss for point in points if point.loss is not None]
    last = steps[-max(1, len(steps) // max(1, len(tests))) :]
    return tests[-1], sum(last) / len(last), state
