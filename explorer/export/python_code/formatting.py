"""Python laid out as formatters do it: on one line where it fits, else one item a line with a comma at the end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WIDTH = 100
_INDENT = "    "


@dataclass(frozen=True, slots=True)
class Bracketed:
    """A bracket with items: a call, a list."""

    before: str
    items: Sequence[tuple[str, Doc]]  # (what stands before it, such as `stride=`, item)
    after: str
    tall: bool = False  # one item a line wherever it takes more than one


@dataclass(frozen=True, slots=True)
class Clauses:
    """A bracket with an expression of several clauses: `*(Block(64) for _ in range(3))`."""

    before: str
    first: Doc
    clauses: Sequence[Doc | tuple[str, Doc]]
    after: str


Doc = str | Bracketed | Clauses


def call(function: str, items: Iterable[tuple[str, Doc] | Doc], *, tall: bool = False) -> Bracketed:
    """A call with these arguments."""
    return Bracketed(f"{function}(", [item if isinstance(item, tuple) else ("", item) for item in items], ")", tall)


def bracketed(items: Iterable[Doc]) -> Bracketed:
    """A list."""
    return Bracketed("[", [("", item) for item in items], "]", tall=True)


def flat(doc: Doc) -> str:
    """All on one line."""
    if isinstance(doc, str):
        return doc
    if isinstance(doc, Clauses):
        clauses = [before + flat(inner) for before, inner in _pairs(doc)]
        return f"{doc.before}{' '.join([flat(doc.first), *clauses])}{doc.after}"
    return f"{doc.before}{', '.join(before + flat(item) for before, item in doc.items)}{doc.after}"


def lines(before: str, doc: Doc, after: str = "", depth: int = 0) -> list[str]:
    """The lines of a statement, indented by `depth` levels."""
    whole = f"{_INDENT * depth}{before}{flat(doc)}{after}"
    if isinstance(doc, str) or len(whole) <= WIDTH or (isinstance(doc, Bracketed) and not doc.items):
        return [whole]
    found = [f"{_INDENT * depth}{before}{doc.before}"]
    if isinstance(doc, Clauses):
        found += lines("", doc.first, "", depth + 1)
        for name, clause in _pairs(doc):
            found += lines(name, clause, "", depth + 1)
    else:
        inner = f"{_INDENT * (depth + 1)}{', '.join(name + flat(item) for name, item in doc.items)}"
        if not doc.tall and len(inner) <= WIDTH:
            return [*found, inner, f"{_INDENT * depth}{doc.after}{after}"]
        for name, item in doc.items:
            found += lines(name, item, ",", depth + 1)
    return [*found, f"{_INDENT * depth}{doc.after}{after}"]


def _pairs(doc: Clauses) -> list[tuple[str, Doc]]:
    return [clause if isinstance(clause, tuple) else ("", clause) for clause in doc.clauses]
