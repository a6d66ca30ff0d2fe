"""Hand-written networks: what must hold in the picture of each."""

import pytest

from explorer.layout import arrange


def test_a_chain_runs_straight_down():
    names = ["a", "b", "c"]
    sizes = dict.fromkeys(names, (120.0, 40.0))
    geometry = arrange("root", {"root": names}, [("a", "b"), ("b", "c")], sizes, direction="down")
    assert [len(route.points) for route in geometry.routes] == [2, 2]
    assert len({box.x for box in geometry.boxes.values()}) == 1


def test_a_loop_is_named():
    with pytest.raises(ValueError, match="'a' is linked to itself"):
        arrange("root", {"root": ["a"]}, [("a", "a")], {"a": (10.0, 10.0)})
