"""Networks that nobody here wrote leave right: timm's and torchvision's, with `--long` those of every family."""

from __future__ import annotations

import pytest

from tests.export import zoo

#: Kinds that were hard: layers that hide their arguments, buffers outside of the state, norms with an activation.
SAMPLE = ("timm:efficientvit_m0", "timm:convit_tiny", "timm:mobilenetv3_small_050", "torchvision:shufflenet_v2_x0_5")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    pytest.importorskip("timm")
    long = metafunc.config.getoption("--long")
    metafunc.parametrize("name", zoo.names(every=False) if long else SAMPLE)


@pytest.mark.filterwarnings("ignore")
def test_what_leaves_computes_the_same(name: str) -> None:
    """Nothing is silent: a step is equal, or refused with a reason."""
    outcome = zoo.try_network(name, onnx=False)
    assert outcome.is_truthful, str(outcome)
    if name in SAMPLE:
        assert set(outcome.steps.values()) == {"equal"}
