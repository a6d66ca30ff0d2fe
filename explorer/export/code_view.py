"""From a network to its Python as the window shows it, and from a line of it to a card."""

from __future__ import annotations

import io
import keyword
import tokenize
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from explorer.base.cancellation import Cancelled, KeepGoing, always
from explorer.base.memo import memoise
from explorer.export.page import ExportError
from explorer.export.python_code.line_map import map_lines
from explorer.export.python_code.writer import WrittenCode, written_code
from explorer.graph.hierarchy.hierarchy import Hierarchy
from explorer.viewmodels.code import ChangedLines, CodeView, ComparedWith, Span, TokenKind

if TYPE_CHECKING:
    from explorer.network import Network


def build_code_view(network: Network, keep_going: KeepGoing = always) -> CodeView:
    """Return the Python of a network, and in what it differs from that before the last edit and before all of them.

    Raises ExportError for a network that cannot be written as Python, and Cancelled.
    """
    code = _remembered(network)
    changes: dict[ComparedWith, ChangedLines] = {}
    earlier: dict[ComparedWith, Network] = {"last edit": network.undo(), "baseline": network.baseline}
    for comparison, other in earlier.items():
        if not keep_going(0.5):
            raise Cancelled
        if network.history.applied_edits:
            changes[comparison] = _compare(other, code.source)
    nodes = memoise(network.architecture, ("lines of Python", ""), lambda: map_lines(code, network.architecture)).lines
    return CodeView(code.source, code.source.count("\nclass "), _highlight(code.source), nodes, changes)


def lines_of_cards(view: CodeView, hierarchy: Hierarchy, card_ids: Iterable[str]) -> frozenset[int]:
    """Return the lines of some cards, counted from 1; those of ids that are no longer there are left out."""
    nodes = [name for id in card_ids if id in hierarchy.parent for name in hierarchy.nodes_of(id)]
    return frozenset().union(*(view.nodes.get(name, frozenset()) for name in nodes))


def card_at_line(view: CodeView, hierarchy: Hierarchy, line: int, selection: Iterable[str] = ()) -> str | None:
    """Return the id of the card that a line is about: the largest of whose ops all have that line.

    Of a class that several blocks share, the block beside the selected card is meant, else the first.
    """
    names = [name for name, lines in view.nodes.items() if line in lines and name in hierarchy.parent]
    if not names:
        return None
    around = {id: place for card in selection for place, id in enumerate((card, *hierarchy.ancestors(card)))}

    def distance(name: str) -> int:
        chain = (name, *hierarchy.ancestors(name))
        return next((around[id] for id in chain if id in around), len(around))

    card, here = min(names, key=distance), set(names)
    for id in hierarchy.ancestors(card):
        if id not in hierarchy.parent or not here.issuperset(hierarchy.groups[id].nodes):
            break
        card = id
    return card


def _remembered(network: Network) -> WrittenCode:
    return memoise(network.architecture, ("Python", ""), lambda: written_code(network))


def _compare(other: Network, source: str) -> ChangedLines:
    try:
        before = _remembered(other).source
    except ExportError:
        return ChangedLines()
    old, new = before.splitlines(), source.splitlines()
    start = _end_of_header(source)
    added: set[int] = set()
    removed: set[int] = set()
    for kind, i, j, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            added.update(range(first + 1, last + 1))
        if kind == "delete" and j > i:
            removed.add(first + 1)
    return ChangedLines(frozenset(n for n in added if n > start), frozenset(n for n in removed if n > start))


def _end_of_header(source: str) -> int:
    """The last line of the docstring, which lists the edits in any case."""
    return source[: source.find('"""', 3)].count("\n") + 1


_KINDS: Mapping[int, TokenKind] = {
    tokenize.STRING: "string",
    tokenize.COMMENT: "comment",
    tokenize.NUMBER: "number",
    **{
        getattr(tokenize, name): "string"
        for name in ("FSTRING_START", "FSTRING_MIDDLE", "FSTRING_END")
        if hasattr(tokenize, name)  # Python 3.12
    },
}


def _highlight(source: str) -> dict[int, tuple[Span, ...]]:
    """The tokens of a source that have a colour, by line."""
    found: dict[int, list[Span]] = {}
    before = ""
    texts = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        kind = _KINDS.get(token.type)
        if token.type == tokenize.NAME:
            kind = _kind_of_name(token.string, before)
        before = token.string
        if kind is None:
            continue
        for line in range(token.start[0], token.end[0] + 1):
            start = token.start[1] if line == token.start[0] else 0
            end = token.end[1] if line == token.end[0] else len(texts[line - 1])
            found.setdefault(line, []).append(Span(start, end - start, kind))
    return {line: tuple(spans) for line, spans in found.items()}


def _kind_of_name(name: str, before: str) -> TokenKind | None:
    if keyword.iskeyword(name):
        return "keyword"
    if before in ("class", "def"):
        return "definition"
    return "self" if name == "self" else None
