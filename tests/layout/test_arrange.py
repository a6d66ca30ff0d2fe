"""Hand-written networks: what must hold in the picture of each."""

from itertools import pairwise

import pytest

from explorer.layout import Box, Direction, Geometry, Spacing, arrange
from explorer.layout.arrange import solve_cached
from tests.layout.sound_pictures import check, crosses, segments, shared_stretches

DIRECTIONS: tuple[Direction, ...] = ("columns", "down", "right")
Links = list[tuple[str, str]]


def sizes_of(children: dict[str, list[str]]) -> dict[str, tuple[float, float]]:
    cards = [name for inside in children.values() for name in inside if name not in children]
    return {card: (26.0, 26.0) if card.startswith(("add", "cat")) else (150.0, 44.0) for card in cards}


def draw(children: dict[str, list[str]], links: Links, direction: Direction = "down") -> Geometry:
    sizes = sizes_of(children)
    geometry = arrange("root", children, links, sizes, direction=direction)
    check(geometry, children, links, sizes)
    assert shared_stretches(geometry, links) == []
    return geometry


def chain(*names: str) -> Links:
    return list(pairwise(names))


def middle(box: Box) -> float:
    return box.x + box.width / 2


def bottom(box: Box) -> float:
    return box.y + box.height


def test_nothing_at_all_has_a_picture() -> None:
    geometry = arrange("root", {"root": []}, [], {})
    assert geometry.boxes == {}
    assert geometry.routes == ()


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_an_open_group_may_be_empty(direction: Direction) -> None:
    draw({"root": ["a", "g", "b"], "g": []}, [("a", "b")], direction)


def test_a_chain_runs_straight_down() -> None:
    names = ["a", "b", "c"]
    geometry = draw({"root": names}, chain(*names))
    assert [len(route.points) for route in geometry.routes] == [2, 2]
    assert len({box.x for box in geometry.boxes.values()}) == 1


def test_there_is_room_for_the_arrow_head() -> None:
    geometry = draw({"root": ["a", "b"]}, chain("a", "b"))
    one, two = geometry.boxes["a"], geometry.boxes["b"]
    assert two.y - bottom(one) >= 10 + 14


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_what_stands_beside_a_card_has_room(direction: Direction) -> None:
    children, wide = {"root": ["x", "a", "b", "cat", "out"]}, 120.0
    links = [("x", "a"), ("x", "b"), ("a", "cat"), ("b", "cat"), ("x", "cat"), ("cat", "out")]
    sizes = sizes_of(children)
    geometry = arrange("root", children, links, sizes, direction=direction, text_widths={"cat": wide})
    check(geometry, children, links, sizes)
    x, y = geometry.texts["cat"]
    assert x >= geometry.boxes["cat"].x + 26
    assert x + wide <= geometry.width
    text = Box(x, y - 9, wide, 11)
    assert not any(crosses(one, two, text) for route in geometry.routes for one, two in segments(route.points))
    assert not any(overlap(text, box) for name, box in geometry.boxes.items() if name != "root")


def overlap(one: Box, two: Box) -> bool:
    return (
        one.x < two.x + two.width
        and two.x < one.x + one.width
        and one.y < two.y + two.height
        and two.y < one.y + one.height
    )


def test_opening_a_group_solves_it_and_those_around_it_and_no_other() -> None:
    """Three stages of blocks that all differ; in one block, a part is opened."""
    children = {"root": ["one", "two", "three"]}
    links: Links = []
    for at, stage in enumerate(children["root"]):
        children[stage] = [f"{stage}.{n}" for n in range(4)]
        for number, block in enumerate(children[stage]):
            children[block] = [f"{block}.{n}" for n in range(3 + at + number)]
            links += chain(*children[block])
        links += [(children[a][-1], children[b][0]) for a, b in pairwise(children[stage])]
    folded = {**children, "two.2": [*children["two.2"][:2], "part"]}
    last = children["two.2"][-1]
    relinked = [(a, "part") if b == last else ("part", b) if a == last else (a, b) for a, b in links]
    opened = {**folded, "part": ["p", "q"]}
    inner = [(a, "p") if b == "part" else ("q", b) if a == "part" else (a, b) for a, b in relinked] + [("p", "q")]
    extra = {"part": (170.0, 50.0), "p": (133.0, 41.0), "q": (133.0, 42.0)}
    relinked = [(a, b) for a, b in relinked if {a, b} <= cards_of(folded)]
    inner = [(a, b) for a, b in inner if {a, b} <= cards_of(opened)]
    arrange("root", folded, relinked, sizes_of(folded) | extra, direction="down")
    before = solve_cached.cache_info().misses
    arrange("root", opened, inner, sizes_of(opened) | extra, direction="down")
    assert solve_cached.cache_info().misses - before == len(["part", "two.2", "two", "root"])


def cards_of(children: dict[str, list[str]]) -> set[str]:
    return {name for inside in children.values() for name in inside if name not in children}


def test_a_shortcut_runs_in_a_lane_on_the_right() -> None:
    names = ["x", "conv1", "conv2", "add", "out"]
    geometry = draw({"root": names}, [*chain(*names), ("x", "add")])
    assert [route.skip for route in geometry.routes] == [False, False, False, False, True]
    assert len({middle(box) for box in geometry.boxes.values()}) == 1
    lane = max(x for x, _ in geometry.routes[4].points)
    assert lane >= geometry.boxes["conv1"].x + 150 + 10


def test_a_short_branch_stands_beside_the_main_one() -> None:
    names = ["x", "conv1", "norm1", "relu", "conv2", "norm2", "down", "norm3", "add"]
    links = [*chain("x", "conv1", "norm1", "relu", "conv2", "norm2", "add"), *chain("x", "down", "norm3", "add")]
    boxes = draw({"root": names}, links).boxes
    assert middle(boxes["x"]) == middle(boxes["conv2"]) == middle(boxes["add"])
    assert boxes["down"].y == boxes["conv1"].y
    assert boxes["down"].x == boxes["norm3"].x == boxes["conv1"].x + 150 + 24


def inception() -> tuple[list[str], Links]:
    names = ["x", "a", "b1", "b2", "c1", "c2", "d1", "d2", "cat", "out"]
    branches = [chain("x", "a", "cat"), chain("x", "b1", "b2", "cat"), chain("x", "c1", "c2", "cat")]
    return names, [*(link for branch in branches for link in branch), *chain("x", "d1", "d2", "cat", "out")]


def test_branches_become_columns_in_execution_order() -> None:
    names, links = inception()
    geometry = draw({"root": names}, links)
    boxes = geometry.boxes
    assert boxes["a"].y == boxes["b1"].y == boxes["c1"].y == boxes["d1"].y
    assert boxes["a"].x < boxes["b1"].x < boxes["c1"].x < boxes["d1"].x
    assert middle(boxes["x"]) == middle(boxes["cat"]) == (middle(boxes["a"]) + middle(boxes["d1"])) / 2
    assert not any(route.skip for route in geometry.routes)
    assert len({route.points[-2] for route, link in zip(geometry.routes, links, strict=True) if link[1] == "cat"}) == 1


def test_squeeze_and_excitation_keeps_its_axis() -> None:
    names = ["x", "pool", "fc1", "relu", "fc2", "sigmoid", "multiply"]
    geometry = draw({"root": names}, [*chain(*names), ("x", "multiply")])
    assert len({middle(box) for box in geometry.boxes.values()}) == 1
    assert geometry.routes[-1].skip


def test_a_dead_end_stands_aside() -> None:
    links = [*chain("x", "conv1", "conv2", "out"), *chain("conv1", "aux1", "aux2")]
    geometry = draw({"root": ["x", "conv1", "aux1", "aux2", "conv2", "out"]}, links)
    boxes = geometry.boxes
    assert middle(boxes["conv1"]) == middle(boxes["conv2"]) == middle(boxes["out"])
    assert boxes["aux1"].x > middle(boxes["conv1"])
    assert not any(route.skip for route in geometry.routes)


def test_one_source_twice_ends_in_two_places() -> None:
    geometry = draw({"root": ["x", "add"]}, [("x", "add"), ("x", "add")])
    one, two = geometry.routes
    assert one.points[0] == two.points[0]
    assert abs(one.points[-1][0] - two.points[-1][0]) >= 6


def dense(layers: int) -> tuple[dict[str, list[str]], Links]:
    inside = [f"layer{number}" for number in range(layers)] + ["cat"]
    flow = ["x", *inside]
    links = [(one, two) for number, one in enumerate(flow) for two in flow[number + 1 :]]
    return {"root": ["x", "block", "out"], "block": inside}, [*links, ("cat", "out")]


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_dense_connections_share_one_lane_for_each_source(direction: Direction) -> None:
    children, links = dense(48)
    geometry = arrange("root", children, links, sizes_of(children), direction=direction)
    check(geometry, children, links, sizes_of(children))
    if direction == "down":
        lanes: dict[str, set[float]] = {}
        for (source, _), route in zip(links, geometry.routes, strict=True):
            if route.skip:
                lanes.setdefault(source, set()).add(max(x for x, _ in route.points))
        assert all(len(own) == 1 for own in lanes.values())
        assert geometry.boxes["block"].width < 700
        assert geometry.height < 52 * 110


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_group_with_two_inputs_has_two_ports(direction: Direction) -> None:
    children = {"root": ["x", "a", "b", "g", "out"], "g": ["conv", "add"]}
    links = [("x", "a"), ("x", "b"), ("a", "conv"), ("conv", "add"), ("b", "add"), ("add", "out")]
    geometry = draw(children, links, direction)
    outside = {route.points for route, link in zip(geometry.routes, links, strict=True) if link[0] in "ab"}
    assert len(outside) == 2


def test_sources_that_feed_the_same_cards_share_a_port() -> None:
    children = {"root": ["x", "a", "b", "g"], "g": ["cat"]}
    links = [("x", "a"), ("x", "b"), ("a", "cat"), ("b", "cat")]
    geometry = draw(children, links)
    assert geometry.routes[2].points[-2:] == geometry.routes[3].points[-2:]


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_links_reach_three_levels_deep(direction: Direction) -> None:
    children = {
        "root": ["x", "stage", "head"],
        "stage": ["block1", "block2"],
        "block1": ["branch", "add1"],
        "branch": ["conv1", "conv2"],
        "block2": ["conv3", "add2"],
    }
    links = chain("x", "conv1", "conv2", "add1", "conv3", "add2", "head")
    draw(children, [*links, ("x", "add1"), ("add1", "add2"), ("x", "add2")], direction)


def test_stages_are_columns_and_loose_cards_form_columns_beside_them() -> None:
    ones = ["a", "b", *(f"a{n}" for n in range(9))]
    children = {"root": ["in", "stem", "one", "two", "pool", "fc"], "one": ones, "two": ["c", "d"]}
    boxes = draw(children, chain("in", "stem", *ones, "c", "d", "pool", "fc"), "columns").boxes
    assert boxes["in"].x == boxes["stem"].x
    assert boxes["stem"].x + 150 + 56 <= boxes["one"].x
    assert boxes["one"].x + boxes["one"].width + 56 <= boxes["two"].x + 0.01
    assert boxes["one"].y == boxes["two"].y
    assert boxes["a"].y < boxes["b"].y
    assert boxes["pool"].x == boxes["fc"].x


def test_a_long_row_of_stages_is_broken_into_rows() -> None:
    stages = [f"stage{n}" for n in range(8)]
    children = {"root": ["in", *stages, "out"]} | {stage: [f"{stage}.a", f"{stage}.b"] for stage in stages}
    inside = [card for stage in stages for card in children[stage]]
    geometry = draw(children, chain("in", *inside, "out"), "columns")
    assert 0.8 < geometry.width / geometry.height < 2.5
    tops = sorted({geometry.boxes[stage].y for stage in stages})
    assert len(tops) > 1
    places = [(geometry.boxes[stage].y, geometry.boxes[stage].x) for stage in stages]
    assert places == sorted(places)  # read like a text


def test_a_row_ends_only_where_one_link_leads_on() -> None:
    stages = [f"stage{n}" for n in range(8)]
    children = {"root": stages} | {stage: [f"{stage}.a", f"{stage}.b"] for stage in stages}
    links = chain(*(card for stage in stages for card in children[stage]))
    around = [("stage0.a", "stage7.b")]  # from the first to the last
    boxes = arrange("root", children, [*links, *around], sizes_of(children)).boxes
    assert len({boxes[stage].y for stage in stages}) == 1


def test_a_long_flat_network_is_broken_into_columns() -> None:
    names = [f"op{number}" for number in range(400)]
    geometry = draw({"root": names}, chain(*names), "columns")
    assert 0.3 < geometry.width / geometry.height < 3


def test_to_the_right_everything_flows_to_the_right() -> None:
    children = {"root": ["a", "g", "d"], "g": ["b", "c"]}
    geometry = draw(children, chain("a", "b", "c", "d"), "right")
    assert all(len(route.points) == 2 for route in geometry.routes)
    assert all(route.points[1][0] - route.points[0][0] >= 24 for route in geometry.routes)


def test_a_group_that_was_listed_too_early_still_follows_its_source() -> None:
    boxes = draw({"root": ["b", "a"]}, [("a", "b")]).boxes
    assert boxes["a"].y < boxes["b"].y


def test_a_change_elsewhere_leaves_the_rest_in_order() -> None:
    names, links = inception()
    before = draw({"root": names}, links).boxes
    names.insert(names.index("c2") + 1, "c3")
    links[links.index(("c2", "cat"))] = ("c2", "c3")
    after = draw({"root": names}, [*links, ("c3", "cat")]).boxes
    assert [before[name].x for name in ("a", "b1", "c1", "d1")] == [after[name].x for name in ("a", "b1", "c1", "d1")]


def test_spacing_is_kept() -> None:
    sizes = {"a": (90.0, 40.0), "b": (90.0, 40.0)}
    geometry = arrange("root", {"root": ["a", "b"]}, [("a", "b")], sizes, direction="down", spacing=Spacing(stub=50))
    assert geometry.boxes["b"].y - bottom(geometry.boxes["a"]) == 64


@pytest.mark.parametrize(
    ("children", "links", "message"),
    [
        ({"root": ["a"]}, [("a", "a")], "'a' is linked to itself"),
        ({"root": ["a", "b"]}, [("a", "b"), ("b", "a")], "'a' takes part in a cycle within 'root'"),
        ({"root": ["g", "b"], "g": ["a", "c"]}, [("a", "b"), ("b", "c")], "'g' takes part in a cycle within 'root'"),
        ({"root": ["a"]}, [("a", "z")], "names 'z'"),
        ({"root": ["a", "g"], "g": []}, [("a", "g")], "names 'g'"),
        ({"root": ["a", "nosize"]}, [], "'nosize' has no size"),
        ({"root": ["a", "a"]}, [], "'a' has more than one place"),
    ],
)
def test_what_cannot_be_drawn_is_named(children: dict[str, list[str]], links: Links, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        arrange("root", children, links, dict.fromkeys("abc", (10.0, 10.0)))


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_thousands_of_siblings_are_no_trouble(direction: Direction) -> None:
    names = [f"op{number}" for number in range(5000)]
    links = [*chain(*names), *zip(names[::3], names[2::3], strict=False)]
    arrange("root", {"root": names}, links, dict.fromkeys(names, (100.0, 40.0)), direction=direction)
