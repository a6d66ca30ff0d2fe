"""A network's Python as it is shown: lines, what is highlighted in them, and which of them an edit changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

#: What a piece of code is, for its colour.
TokenKind = Literal["keyword", "string", "comment", "number", "definition", "self"]
#: What the marked lines differ from.
ComparedWith = Literal["last edit", "baseline"]


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a line, in characters."""

    start: int
    length: int
    kind: TokenKind


@dataclass(frozen=True, slots=True)
class ChangedLines:
    """Lines, counted from 1, that another version of the code does not have, and those before which it has others."""

    added: frozenset[int] = frozenset()
    removed_before: frozenset[int] = frozenset()


@dataclass(frozen=True)
class CodeView:
    """The Python of a network."""

    source: str
    class_count: int
    spans: Mapping[int, tuple[Span, ...]] = field(repr=False)  # by line, counted from 1
    nodes: Mapping[str, frozenset[int]] = field(repr=False)  # lines by name of the node
    changes: Mapping[ComparedWith, ChangedLines] = field(repr=False)  # none of a network without edits

    @property
    def line_count(self) -> int:
        """How many lines the source has."""
        return self.source.count("\n")
