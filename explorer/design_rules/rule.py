"""A design rule, and what it found in a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from explorer.analysis.analysis import Analysis
from explorer.edits import Edit


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a network does otherwise."""

    nodes: tuple[str, ...]  # live nodes, in execution order; none where what is found is never run
    why: str  # with the numbers of this place, in the language in force
    edit: Edit | None = None  # to try


@dataclass(frozen=True, slots=True)
class DesignRule:
    """What the field advises. Texts are marked by `tr_noop`."""

    id: str
    title: str
    advice: str  # in a sentence, with its reason
    source: str  # paper and section; a proper name, not translated
    check: Callable[[Analysis], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class RuleReport:
    """A rule with its findings; none where the network follows it."""

    rule: DesignRule
    findings: tuple[Finding, ...]
