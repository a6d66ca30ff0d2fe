"""Pictures of parts of a network."""

from __future__ import annotations

from collections.abc import Callable

from explorer.export.view_picture import close_view
from explorer.network import Network


def test_a_picture_shows_a_typical_place_not_the_exception(opened: Callable[[str], Network]) -> None:
    blocks = [f"features.{number}" for number in range(1, 18)]
    view = close_view(opened("mobilenet_v2"), blocks)  # the first expands nothing, the second has no shortcut
    assert view.targets == ("features.3",)
    assert "features.3" in view.expanded
    assert close_view(opened("mobilenet_v2"), blocks[:1]).targets == ("features.1",)
