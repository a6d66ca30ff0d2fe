"""Training beside a plain loop of torch, in one process: `python -m tests.benchmarks.training KEY …`.

Seconds of an epoch of the same network on the same images in the same order, by `Trainer` (with its curve: loss,
accuracy, gradient norm) and by the loop of torch's own tutorials. The two take turns step by step, and what is compared
is time of the processor, so that other work on the machine falls on both. Also how long it takes from the start of a
run's process to the first point of its curve. Prints one JSON object.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil
import torch
from torch import nn
from torch.nn import functional as F

import explorer
from explorer.network import Network
from explorer.training.data_spec import DataSpec
from explorer.training.datasets import load_dataset, normalise
from explorer.training.fitting import input_shape
from explorer.training.launch import create_run, pause_run, start_run
from explorer.training.recipe import Recipe
from explorer.training.run_folder import RunSpec
from explorer.training.train import fit_network
from explorer.training.trainer import Trainer

DATA = DataSpec("digits", train_images=512)
RECIPE = Recipe(epochs=4, batch_size=64)


def epoch_ratio(network: Network) -> dict[str, float]:
    """Processor seconds of an epoch, here and in a plain loop, medians over epochs; the first warms up."""
    dataset = load_dataset(DATA, input_shape(network))
    trainer = Trainer(network.module(), dataset, RECIPE, 0)
    module = network.module().train()
    optimizer = torch.optim.AdamW(module.parameters(), RECIPE.learning_rate, weight_decay=RECIPE.weight_decay)
    here, plain = [], []
    for epoch in range(RECIPE.epochs):
        order = torch.randperm(len(dataset.train), generator=torch.Generator().manual_seed(epoch))
        ours, theirs = 0.0, 0.0
        for rows in order.split(RECIPE.batch_size):
            began = time.process_time()
            trainer.train_step()
            ours += time.process_time() - began
            began = time.process_time()
            images = dataset.train.take(rows)
            plain_step(module, optimizer, normalise(images.pixels), images.labels)
            theirs += time.process_time() - began
        here.append(ours)
        plain.append(theirs)
    return {"here": statistics.median(here[1:]), "plain": statistics.median(plain[1:])}


def plain_step(module: nn.Module, optimizer: torch.optim.Optimizer, values: torch.Tensor, labels: torch.Tensor) -> None:
    """One step as torch's tutorials make it, with the gradient clipped and the loss read, as a curve needs it."""
    optimizer.zero_grad()
    loss = F.cross_entropy(module(values), labels)
    loss.backward()
    nn.utils.clip_grad_norm_(module.parameters(), 1.0)
    optimizer.step()
    loss.item()


def seconds_to_first_point(network: Network) -> dict[str, float]:
    """Seconds from the start of a run's process until its curve has a point, and what it computed of them."""
    with tempfile.TemporaryDirectory() as path:
        folder = create_run(network, RunSpec("start", DATA, Recipe(epochs=1000)), Path(path) / "run")
        began = time.monotonic()
        start_run(folder)
        while not folder.read_curve()[0]:
            time.sleep(0.02)
        seconds = time.monotonic() - began
        spent = psutil.Process(folder.read_state().pid).cpu_times()
        pause_run(folder)
    return {"start": seconds, "start_cpu": spent.user + spent.system}


def main(keys: list[str]) -> None:
    """Print what was measured of these networks."""
    torch.set_num_threads(1)
    found = {}
    for key in keys:
        network = fit_network(explorer.open(key), DATA)
        found[key] = epoch_ratio(network) | seconds_to_first_point(network)
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])
