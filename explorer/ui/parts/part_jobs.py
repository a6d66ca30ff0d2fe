"""Jobs of the panel of parts: its rows, the user's own parts, the picture of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr
from explorer.viewmodels.parts import PartRow

if TYPE_CHECKING:
    from explorer.drawing import Picture
    from explorer.network import Network


def build_rows_job(keep_going: KeepGoing) -> tuple[PartRow, ...]:
    """Return a row for each part, the user's own first. A job."""
    from explorer.presenters.part_rows import build_part_rows

    return build_part_rows()


def keep_part_job(network: Network, place: str, name: str) -> Callable[[KeepGoing], tuple[PartRow, ...]]:
    """Job that keeps what is at a place as a part of the user's own, and returns all rows."""

    def job(keep_going: KeepGoing) -> tuple[PartRow, ...]:
        from explorer.edits.edit import place_names
        from explorer.edits.transplants import describe_block
        from explorer.project.own_parts import OwnPart, keep_own_part

        origin = tr("{block} of {network}", block=place_names(place), network=network.architecture.shown_title)
        keep_own_part(OwnPart(name, origin, describe_block(network.architecture, place)))
        return build_rows_job(keep_going)

    return job


def rename_part(name: str, to: str) -> None:
    """Rename a part of the user's own."""
    from explorer.project.own_parts import rename_own_part

    rename_own_part(name, to)


def remove_part(name: str) -> None:
    """Keep a part of the user's own no longer."""
    from explorer.project.own_parts import remove_own_part

    remove_own_part(name)


def change_own_job(change: Callable[[], object], keep_going: KeepGoing) -> tuple[PartRow, ...]:
    """Change the user's own parts, and return all rows. A job."""
    change()
    return build_rows_job(keep_going)


def draw_part(key: str, description: str, keep_going: KeepGoing) -> Picture | None:
    """Return the diagram of a part on 64 channels, or of one of the user's own; None for one that has no op of its own.
    A job."""
    from explorer.analysis.analysis import analyse
    from explorer.drawing import compose_picture
    from explorer.edits.transplants import read_description
    from explorer.presenters import build_diagram
    from explorer.presenters.diagrams import expanded_at_level
    from explorer.presenters.part_rows import trace_part
    from explorer.viewmodels.card_parts import CARD_PARTS, limit_card_parts

    traced = read_description(description).block.architecture if description else trace_part(key)
    if traced is None:
        return None
    analysis = analyse(traced)
    diagram = build_diagram(analysis, expanded_at_level(analysis, "units"))
    return compose_picture(limit_card_parts(diagram, CARD_PARTS), "right")  # nobody folds it here
