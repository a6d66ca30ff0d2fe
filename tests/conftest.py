"""What all tests share: networks of the catalogue, each opened once."""

from __future__ import annotations

import faulthandler
import gc
import os
import random
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TextIO

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if "CNN_EXPLORER_CACHE" not in os.environ:  # one for the run, which its workers share; the user's own is left alone
    _CACHE = tempfile.TemporaryDirectory(prefix="cnn-explorer-tests-")
    os.environ["CNN_EXPLORER_CACHE"] = _CACHE.name

import pytest
import torch
from PySide6.QtWidgets import QApplication

from explorer.base.freed_memory import return_freed_memory
from explorer.base.memo import clear_all
from explorer.network import Network, open_network
from explorer.networks.catalogue import all_entries
from tests.export.stranger import Stranger

KEYS = tuple(entry.key for entry in all_entries())

#: One of each kind of structure, where going through all would only repeat it.
TYPICAL = (
    "alexnet_2012",
    "vgg11_bn",
    "googlenet_2014",
    "inception_v3",
    "resnet18",
    "resnext50_32x4d",
    "densenet121",
    "mobilenet_v1",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "shufflenet_v1_g3",
    "shufflenet_v2_x0_5",
    "efficientnet_b0",
    "convnext_tiny",
    "vit_b_16",
    "swin_t",
)


_STACKS = pytest.StashKey[TextIO]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="random edits for hours, all pictures in all directions")
    parser.addoption("--seed", type=int, help="repeat a random walk: the seed that it was printed to begin with")


@pytest.hookimpl(trylast=True)  # after pytest's own, which writes to where many tests write at once
def pytest_configure(config: pytest.Config) -> None:
    """Keep what a worker of the suite was doing when it died natively: `pytest_handlecrashitem` shows it."""
    if hasattr(config, "workerinput"):
        stacks = _crash_folder() / f"{config.workerinput['workerid']}.crash"
        config.stash[_STACKS] = file = stacks.open("w", encoding="utf-8")
        faulthandler.enable(file)


@pytest.hookimpl(optionalhook=True)
def pytest_handlecrashitem(crashitem: str, report: pytest.TestReport) -> None:
    for stacks in sorted(_crash_folder().glob("*.crash")):
        if text := stacks.read_text(encoding="utf-8").partition("Extension modules:")[0]:
            report.longrepr = f"{report.longrepr}\n{stacks.stem}:\n{text}"


def _crash_folder() -> Path:
    return Path(os.environ["CNN_EXPLORER_CACHE"])


torch.set_num_threads(1)  # tests run beside each other


_OPENED: list[Network] = []


@cache
def _opened(key: str) -> Network:
    network = open_network(key)
    _OPENED.append(network)
    return network


@pytest.fixture(scope="session")
def opened() -> Callable[[str], Network]:
    """Open a network of the catalogue; the same one each time, which is safe as nothing mutates it."""
    return _opened


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """What a random walk begins with: the same each time, another one with --long, or that of --seed. It is printed,
    so that it stands beside a failure."""
    given: int | None = request.config.getoption("--seed")
    seed = given if given is not None else 0
    if given is None and request.config.getoption("--long"):
        seed = random.SystemRandom().randrange(10**9)
    print(f"repeat with --seed {seed}")
    return seed


@pytest.fixture(scope="session")
def stranger() -> Iterator[Stranger]:
    """A process that knows nothing of the product, to run exports in."""
    made = Stranger()
    yield made
    made.close()


@pytest.fixture(scope="session", autouse=True)
def _application(qapp: QApplication) -> Iterator[None]:
    """One application for all: an export would otherwise make a smaller one that no widget can live in.

    What a test copied is let go here: without a screen Qt deletes it when the process ends, after Python itself, and
    the process ends with a segmentation fault.
    """
    yield
    qapp.clipboard().clear()


@pytest.fixture(scope="module", autouse=True)
def _nothing_piles_up() -> Iterator[None]:
    """A worker of the suite opens and edits thousands of networks: what is remembered of them goes with each module.

    What was there before a module is none of its garbage: half a million objects of torch, which a collection after
    each test of the window would visit for 0.3 s, two thirds of what the test takes.
    """
    gc.freeze()
    yield
    for network in _OPENED:
        network.context.forward.release()
    clear_all()
    gc.unfreeze()
    gc.collect()
    return_freed_memory()
