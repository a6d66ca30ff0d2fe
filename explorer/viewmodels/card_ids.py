"""Ids of cards as values: what is on the screen says what it stands for, and nobody takes text apart.

An op or a group has its own id, a string. A stack of equal cards has a `StackId`. Several cards together, such as a
selection, are a tuple of ids of ops and groups. Text that joins ids is only written to and read from files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from explorer.base.id_text import join_ids, split_ids
from explorer.base.languages import join_list


class StackId(str):
    """The id of a stack of equal cards: a string like the id of any card, with the ids of its members."""

    members: tuple[str, ...]

    def __new__(cls, members: Iterable[str]) -> StackId:
        members = tuple(members)
        self = super().__new__(cls, f"[{join_ids(members)}]")
        self.members = members
        return self

    def __reduce__(self) -> tuple[type[StackId], tuple[tuple[str, ...]]]:
        return StackId, (self.members,)


def members_of(card_id: str) -> tuple[str, ...]:
    """Return the ids of the ops and groups that a card stands for: of a stack its members, of any other card itself."""
    return card_id.members if isinstance(card_id, StackId) else (card_id,)


def card_id_of(members: tuple[str, ...]) -> str:
    """Return the id of the card that stands for these ops and groups; "" for none."""
    return StackId(members) if len(members) > 1 else "".join(members)


def rename_ids(ids: Iterable[str], renamed: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the ids after an edit that renames some: each with what it is now, those of nothing left out."""
    return tuple(dict.fromkeys(now for id in ids for now in _renamed(id, renamed)))


def _renamed(id: str, renamed: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    if not isinstance(id, StackId):
        yield from renamed.get(id, (id,))
    elif members := rename_ids(id.members, renamed):
        yield card_id_of(members)


def describe_card_id(card_id: str) -> str:
    """Return an id as it is shown: the module's path, or those of all members."""
    return join_list(member.removeprefix("unit:") for member in members_of(card_id))


def card_id_to_text(card_id: str) -> str:
    """Return an id as it stands in a file."""
    return join_ids(members_of(card_id))


def card_id_from_text(text: str) -> str:
    """Return the id that stands in a file."""
    return card_id_of(split_ids(text))
