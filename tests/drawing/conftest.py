"""A diagram with one of everything, placed by hand: what drawing does must not hang on how layout decides."""

from __future__ import annotations

from typing import get_args

import pytest
from PySide6.QtGui import QGuiApplication

from explorer.drawing import Picture
from explorer.layout import Box, Geometry, Route
from explorer.viewmodels.diagram import Card, Change, Diagram, Kind, Link

KINDS: tuple[Kind, ...] = get_args(Kind)


def gallery() -> Picture:
    """Every kind in every state in a frame, then a block with a shortcut."""
    changes: tuple[Change, ...] = get_args(Change)
    cards = {
        f"{kind}/{change}": Card(f"{kind}/{change}", kind, kind.capitalize(), ("32 → 64 · s2",), True, change=change)
        for kind in KINDS
        for change in changes
    }
    boxes = {id: Box(40 + 180 * (n % 8), 60 + 70 * (n // 8), 150, 50) for n, id in enumerate(cards)}
    inside = tuple(cards)
    chips: tuple[tuple[Kind, str], ...] = (("norm", "BN"), ("activation", "ReLU6"), ("dropout", "Dropout"))
    cards |= {
        "all": Card("all", "stage", "Everything", ("4 blocks · 1.2 M params",), is_expandable=True),
        "unit": Card("unit", "conv", "Conv 3×3", ("32 → 64",), True, chips=chips * 3),
        "add": Card("add", "add", "+", is_round=True),
        "gone": Card("gone", "multiply", "×", is_round=True, change="off"),
    }
    boxes |= {
        "all": Box(20, 20, 1480, 1300),
        "unit": Box(1600, 60, 226, 70),
        "add": Box(1700, 220, 26, 26),
        "gone": Box(1700, 330, 26, 26),
    }
    links = (
        Link("unit", "add", 0, "64×56×56"),
        Link("unit", "add", 1, "64×56×56", is_skip=True),
        Link("add", "gone", 0, "64×56×56"),
    )
    middle = 1713.0
    routes = (
        Route(((middle, 130), (middle, 220)), False),
        Route(((middle, 130), (middle, 160), (1850, 160), (1850, 233), (1726, 233)), True),
        Route(((middle, 246), (middle, 330)), False),
    )
    children = {"": ("all", "unit", "add", "gone"), "all": inside}
    return Picture(Diagram("", children, cards, links), Geometry(boxes, routes, 1900, 1340))


@pytest.fixture(scope="session")
def everything(qapp: QGuiApplication) -> Picture:
    return gallery()
