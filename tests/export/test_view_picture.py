"""Pictures of parts of a network."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtGui import QGuiApplication

from explorer.drawing import Picture, compose_picture
from explorer.export import view_picture
from explorer.export.view_picture import close_view
from explorer.network import Network
from explorer.tours.walk import View
from explorer.viewmodels.diagram import Diagram, Direction


def test_a_picture_shows_a_typical_place_not_the_exception(opened: Callable[[str], Network]) -> None:
    blocks = [f"features.{number}" for number in range(1, 18)]
    view = close_view(opened("mobilenet_v2"), blocks)  # the first expands nothing, the second has no shortcut
    assert view.targets == ("features.3",)
    assert "features.3" in view.expanded
    assert close_view(opened("mobilenet_v2"), blocks[:1]).targets == ("features.1",)


def test_a_picture_has_no_signs_of_folding(
    opened: Callable[[str], Network], qapp: QGuiApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Diagram] = []

    def compose(diagram: Diagram, direction: Direction) -> Picture:
        drawn.append(diagram)
        return compose_picture(diagram, direction)

    network = opened("resnet18")
    with monkeypatch.context() as patch:
        patch.setattr(view_picture, "compose_picture", compose)
        assert not view_picture.paint_view(View(network, (), frozenset())).isNull()
    assert any(card.lines for card in drawn[0].cards.values())
    assert not any(card.is_expandable for card in drawn[0].cards.values())
