"""Random nested graphs: whatever comes, the picture must be sound, and the same each time."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from explorer.layout import Direction, arrange
from tests.layout.sound_pictures import check

DIRECTIONS: tuple[Direction, ...] = ("columns", "down", "right")
Network = tuple[dict[str, list[str]], list[tuple[str, str]], dict[str, tuple[float, float]]]

LIST_ROUTES = """
import json, sys
from explorer.layout import arrange
children, links, sizes, direction = json.load(sys.stdin)
geometry = arrange("root", children, [tuple(link) for link in links], sizes, direction=direction)
print(json.dumps([[r.points, r.skip] for r in geometry.routes]))
"""


@st.composite
def networks(draw: st.DrawFn, most: int = 24) -> Network:
    """Cards c0, c1, … in execution order; groups are runs of them, within one another."""
    count = draw(st.integers(1, most))
    cards = [f"c{number}" for number in range(count)]
    size = st.sampled_from([(90.0, 32.0), (150.0, 44.0), (26.0, 26.0), (230.0, 70.0), (101.3, 33.7)])
    sizes = {card: draw(size) for card in cards}
    children: dict[str, list[str]] = {}

    def fill(name: str, inside: list[str], depth: int) -> None:
        children[name] = []
        at = 0
        while at < len(inside):
            length = draw(st.integers(1, len(inside) - at))
            if depth < 3 and draw(st.booleans()):
                group = f"{name}.{at}"
                children[name].append(group)
                fill(group, inside[at : at + length], depth + 1)
            else:
                children[name] += inside[at : at + length]
            at += length

    fill("root", cards, 0)
    links: list[tuple[str, str]] = []
    for number in range(1, count):
        feeds = draw(st.lists(st.integers(1, min(number, draw(st.sampled_from([1, 3, 30])))), max_size=4))
        links += [(cards[number - back], cards[number]) for back in feeds]
    return children, links, sizes


@pytest.mark.parametrize("direction", DIRECTIONS)
@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(network=networks())
def test_any_picture_is_sound(direction: Direction, network: Network) -> None:
    children, links, sizes = network
    check(arrange("root", children, links, sizes, direction=direction), children, links, sizes)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(network=networks())
def test_the_names_do_not_matter(network: Network) -> None:
    children, links, sizes = network

    def other(name: str) -> str:
        return f"other {name[::-1]}"

    one = arrange("root", children, links, sizes)
    two = arrange(
        other("root"),
        {other(group): [other(child) for child in inside] for group, inside in children.items()},
        [(other(source), other(target)) for source, target in links],
        {other(card): size for card, size in sizes.items()},
    )
    assert one.routes == two.routes
    assert {other(name): box for name, box in one.boxes.items()} == dict(two.boxes)


def test_the_hash_seed_does_not_matter() -> None:
    cards = [f"c{number}" for number in range(40)]
    children = {"root": ["c0", "g", "h", "c39"], "g": cards[1:20], "h": cards[20:39]}
    links = [(cards[n // 2], cards[n]) for n in range(1, 40)] + [(cards[n], cards[n + 7]) for n in range(32)]
    sizes = dict.fromkeys(cards, (120.0, 40.0))
    question = json.dumps([children, links, sizes, "columns"])
    answers = set()
    for seed in ("0", "1", "4242"):
        run = subprocess.run(
            [sys.executable, "-c", LIST_ROUTES],
            input=question,
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        answers.add(run.stdout)
    assert len(answers) == 1
