"""Runs: the same curve whatever happens on the way, and faults that are said."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import explorer
from explorer.base.cancellation import Cancelled
from explorer.network import Network
from explorer.training import execution, launch, queue
from explorer.training.data_spec import DataSpec
from explorer.training.execution import execute
from explorer.training.launch import create_run, pause_run, start_run
from explorer.training.locked_folder import RunError
from explorer.training.queue import run_all
from explorer.training.recipe import Recipe
from explorer.training.run_folder import CurvePoint, RunFolder, RunSpec, wait_until_done
from explorer.training.tensor_file import write_tensors
from explorer.training.train import fit_network, train
from explorer.training.trainer import Trainer

DATA = DataSpec("digits", train_images=128)
RECIPE = Recipe(epochs=2, batch_size=32)


@pytest.fixture(scope="module")
def network() -> Network:
    """A small network that digits fit."""
    return fit_network(explorer.open("shufflenet_v2_x0_5"), DATA)


def spec(**changes: object) -> RunSpec:
    return RunSpec("digits", DATA, Recipe(**{**vars(RECIPE), **changes}), threads=1)


def curve(folder: RunFolder) -> list[CurvePoint]:
    return folder.read_curve()[0]


def same_weights(first: RunFolder, second: RunFolder) -> bool:
    """Whether two runs found the same numbers, bit for bit."""
    here, there = (load_file(folder.weights_path) for folder in (first, second))
    return here.keys() == there.keys() and all(torch.equal(here[name], there[name]) for name in here)


@pytest.fixture(scope="module")
def whole(network: Network, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run that nothing happened to."""
    folder = create_run(network, spec(), tmp_path_factory.mktemp("whole") / "run")
    assert execute(folder, network).state == "finished"
    return folder


def test_a_run_has_a_point_for_each_step_and_each_test(whole: RunFolder) -> None:
    points = curve(whole)
    assert [p.step for p in points if p.loss is not None] == list(range(1, 9))
    assert [p.step for p in points if p.test_loss is not None] == [4, 8]
    state = whole.read_state()
    assert (state.state, state.step, state.steps, state.epoch, state.epochs) == ("finished", 8, 8, 2, 2)


def test_the_same_run_has_the_same_curve_and_weights(network: Network, whole: RunFolder, tmp_path: Path) -> None:
    again = create_run(network, spec(), tmp_path / "again")
    execute(again, network)
    assert curve(again) == curve(whole)
    assert same_weights(again, whole)


def test_a_paused_run_goes_on_as_if_it_had_not_been(network: Network, whole: RunFolder, tmp_path: Path) -> None:
    folder = create_run(network, spec(), tmp_path / "paused")
    for stop in (2, 3, 7):
        state = execute(folder, network, lambda point, stop=stop: point.step < stop)  # type: ignore[misc]
        assert (state.state, state.step) == ("paused", stop)
    assert execute(folder, network).state == "finished"
    assert curve(folder) == curve(whole)
    assert same_weights(folder, whole)


def test_a_finished_run_is_not_trained_again(network: Network, whole: RunFolder) -> None:
    before = whole.curve_path.read_bytes()
    assert execute(whole, network).state == "finished"
    assert whole.curve_path.read_bytes() == before


def test_a_killed_run_goes_on_with_the_same_curve(
    network: Network, whole: RunFolder, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    kills, changes, most_steps = 1, dict[str, object](), 4
    if request.config.getoption("--long"):  # a small network, whose run outlives fifty kills
        kills, changes, most_steps = 50, {"epochs": 1500}, 120
        network = explorer.open("design:lenet_5")
        whole = create_run(network, spec(**changes), tmp_path / "whole")
        execute(whole, network)
    folder = create_run(network, spec(**changes), tmp_path / "killed")
    chance, killed = random.Random(0), 0
    for _ in range(kills):
        process = start_run(folder)
        steps = len(curve(folder)) + chance.randrange(most_steps)
        while len(curve(folder)) < steps and process.poll() is None:
            time.sleep(0.01)
        process.kill()
        killed += process.wait() != 0
        if folder.read_state().state == "finished":
            break
        assert folder.read_state().state in ("interrupted", "new")
    start_run(folder)
    assert wait_until_done(folder).state == "finished"
    print(f"{killed} kills")
    assert curve(folder) == curve(whole)
    assert same_weights(folder, whole)


def test_a_queue_runs_one_after_the_other_and_retries_what_was_killed(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [create_run(network, spec(epochs=1), tmp_path / name) for name in "ab"]
    starts: list[int] = []

    def start(*runs: RunFolder, trusted: bool) -> subprocess.Popen[bytes]:
        process = start_run(*runs, trusted=trusted)
        if not starts:
            process.kill()
        starts.append(len(runs))
        return process

    monkeypatch.setattr(queue, "start_run", start)
    assert [state.state for state in run_all(folders)] == ["finished"] * 2
    assert starts == [2, 2]
    assert curve(folders[0]) == curve(folders[1])


def test_a_queue_that_is_cancelled_pauses_what_runs(network: Network, tmp_path: Path) -> None:
    folder = create_run(network, spec(epochs=1000), tmp_path / "run")
    with pytest.raises(Cancelled):
        run_all([folder], keep_going=lambda done: not curve(folder))
    assert folder.read_state().state == "paused"


def test_two_processes_do_not_train_one_run(network: Network, tmp_path: Path) -> None:
    folder = create_run(network, spec(epochs=1000), tmp_path / "run")
    start_run(folder)
    with pytest.raises(RunError, match="another process"):
        execute(folder, network)
    with pytest.raises(RunError, match="another process"):
        start_run(folder)
    assert pause_run(folder).state == "paused"


def test_a_run_that_was_not_made_to_the_end_is_none(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "write_project", lambda *_: 1 / 0)  # as if it were killed there
    with pytest.raises(ZeroDivisionError):
        create_run(network, spec(), tmp_path / "run")
    monkeypatch.undo()
    assert create_run(network, spec(), tmp_path / "run").network_path.exists()


def test_a_checkpoint_knows_of_nothing_that_is_not_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever it is written: with the curve and the weights, which a killed process does not write any more."""
    network = explorer.open("design:lenet_5")  # its steps are faster than the curve is written
    folder = create_run(network, spec(), tmp_path / "run")
    checked: list[int] = []

    def check(path: Path, tensors: dict[str, torch.Tensor], metadata: dict[str, str]) -> None:
        if path == folder.checkpoint_path and (step := int(metadata["step"])):
            assert curve(folder)[-1].step == step
            weights = load_file(folder.weights_path)
            assert all(torch.equal(tensor, tensors[f"module.{name}"]) for name, tensor in weights.items())
            checked.append(step)
        write_tensors(path, tensors, metadata)

    monkeypatch.setattr(execution, "write_tensors", check)
    execute(folder, network, lambda point: point.step < 3)
    execute(folder, network)
    assert checked == [3, 4, 8]


def test_a_loss_that_is_no_number_stops_the_run_and_says_where(network: Network, tmp_path: Path) -> None:
    wild = spec(learning_rate=100.0, clip=0.0, optimizer="sgd", warmup=0.0, epochs=20)
    folder = create_run(network, wild, tmp_path / "run")
    state = execute(folder, network)
    assert state.state == "failed"
    assert "not a number from step" in state.message
    assert "Try a learning rate of" in state.message


def test_a_batch_that_does_not_fit_is_computed_in_parts(
    network: Network, whole: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Trainer.train_step

    def full(self: Trainer) -> object:
        if self.parts < 2:
            raise torch.OutOfMemoryError("no room")
        return step(self)

    monkeypatch.setattr(Trainer, "train_step", full)
    folder = create_run(network, spec(), tmp_path / "parts")
    state = execute(folder, network)
    assert state.state == "finished"
    assert "computed in 2 parts" in state.message
    assert len(curve(folder)) == len(curve(whole))


@pytest.mark.skipif(sys.platform == "win32", reason="the limit of a file's size is POSIX's")
def test_a_full_disk_is_said(network: Network, tmp_path: Path) -> None:
    """A disk that takes no more than 100 kB of a file: the checkpoint does not fit, and safetensors says so."""
    folder = create_run(network, spec(), tmp_path / "run")
    code = "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); " \
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); " \
        "from explorer.training.worker import train_runs; train_runs(sys.argv[1:])"  # fmt: skip
    subprocess.run([sys.executable, "-c", code, str(folder.path)], check=True)
    state = folder.read_state()
    assert state.state == "failed"
    assert state.message.startswith(f"cannot write to {folder.path}: ")
    assert "too large" in state.message


def test_minutes_and_multiplications_limit_the_steps(network: Network, tmp_path: Path) -> None:
    per_step = 3 * network.figures.total.macs * RECIPE.batch_size
    state = execute(create_run(network, spec(macs=3.5 * per_step), tmp_path / "macs"), network)
    assert state.steps == 3
    state = execute(create_run(network, spec(minutes=1e-6), tmp_path / "minutes"), network)
    assert state.steps == 1


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("run.json", "{}", "no training run"),
        ("run.json", "[", "not JSON"),
        ("state.json", '{"state": "happy"}', "state"),
        ("curve.jsonl", "{]\n", "damaged"),
        ("checkpoint.safetensors", "nonsense", "checkpoint"),
    ],
)
def test_damaged_files_are_named(
    name: str, content: str, said: str, network: Network, whole: RunFolder, tmp_path: Path
) -> None:
    for path in whole.path.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / name).write_text(content)
    folder = RunFolder(tmp_path)

    def read_and_train() -> None:
        for read in (folder.read_spec, folder.read_state, folder.read_curve):
            read()
        raise RunError(execute(folder, network).message)

    with pytest.raises(RunError, match=said):
        read_and_train()


def test_a_curve_that_is_being_written_is_read_up_to_its_last_line(whole: RunFolder, tmp_path: Path) -> None:
    content = whole.curve_path.read_bytes()
    (tmp_path / "curve.jsonl").write_bytes(content[:-5])
    folder = RunFolder(tmp_path)
    points, place = folder.read_curve()
    assert points == curve(whole)[:-1]
    (tmp_path / "curve.jsonl").write_bytes(content)
    assert folder.read_curve(place)[0] == curve(whole)[-1:]


def test_loaded_weights_are_fine_tuned_from_where_they_are(network: Network, whole: RunFolder, tmp_path: Path) -> None:
    trained = network.load_weights(whole.weights_path)
    folder = create_run(trained, spec(initialisation="network", frozen_until="stage4", epochs=1), tmp_path / "fine")
    assert execute(folder, trained).state == "finished"
    before, after = trained.module().state_dict(), network.load_weights(folder.weights_path).module().state_dict()
    same = {name: torch.equal(before[name], after[name]) for name in before}
    assert all(kept for name, kept in same.items() if not name.startswith(("conv5", "fc")))
    assert not same["fc.weight"]


def test_a_trained_network_comes_back_with_its_weights(network: Network, tmp_path: Path) -> None:
    result = train(network, DATA, RECIPE, folder=tmp_path / "run")
    assert 0 <= result.test_accuracy <= 1
    assert len(result.tests) == 2
    assert result.network.context.checkpoint is not None
    assert not result.network.context.checkpoint.report.missing
    with torch.no_grad():
        from explorer.training.datasets import load_dataset, normalise
        from explorer.training.fitting import input_shape

        images = load_dataset(DATA, input_shape(network)).test
        right = result.network.module()(normalise(images.pixels)).argmax(1) == images.labels
    assert float(right.float().mean()) == pytest.approx(result.test_accuracy)


def test_nothing_in_a_run_is_code(whole: RunFolder) -> None:
    assert {path.suffix for path in whole.path.iterdir()} <= {".json", ".jsonl", ".safetensors", ".cnnx", "", ".txt"}
    assert json.loads((whole.path / "run.json").read_text())["seed"] == 0


def test_training_leaves_the_network_as_it_is(network: Network, whole: RunFolder, tmp_path: Path) -> None:
    trained = network.load_weights(whole.weights_path)
    before = {name: tensor.clone() for name, tensor in trained.module().state_dict().items()}
    train(trained, DATA, {"initialisation": "network", "epochs": 1, "batch_size": 32}, folder=tmp_path / "run")
    after = trained.module().state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
