"""A scene as Mermaid, for README files and notes: subgraphs, nodes and links, which Mermaid lays out itself.

Syntax: https://mermaid.js.org/syntax/flowchart.html. All texts are quoted, with what could end them as entities.
"""

from __future__ import annotations

from collections.abc import Iterator

from explorer.export.documents.scene import SceneCard, SheetScene


def write_mermaid(scene: SheetScene) -> str:
    """Return a flowchart: a subgraph for each frame, dotted links for shortcuts."""
    title = _escape(" ".join(scene.title.split()))  # even in a comment "%%{" begins a directive
    lines = [f"%% {title}", f"flowchart {'LR' if scene.flows_right else 'TD'}"]
    lines += _nodes(scene)
    for link in scene.links:
        arrow = "-.->" if link.is_skip else "-->"
        lines.append(f"  n{link.source} {arrow} n{link.target}")
    lines += _styles(scene)
    return "\n".join([*lines, ""])


def _nodes(scene: SheetScene) -> Iterator[str]:
    depth = 1
    for card, is_end in scene.walk():
        if is_end:
            depth -= 1
            yield f"{'  ' * depth}end"
        elif card.is_frame:
            yield f'{"  " * depth}subgraph n{card.number}["{_quote(card.rows[:1])}"]'
            depth += 1
        else:
            opening, closing = ('(("', '"))') if card.is_round else ('("', '")')
            yield f"{'  ' * depth}n{card.number}{opening}{_quote(card.rows)}{closing}"


def _styles(scene: SheetScene) -> Iterator[str]:
    """A class for each look of cards."""
    looks: dict[str, list[SceneCard]] = {}
    for card in scene.cards:
        dashes = ",stroke-dasharray:4 3" if card.is_dashed else ""
        looks.setdefault(f"fill:{card.fill},stroke:{card.line},color:{card.ink}{dashes}", []).append(card)
    for number, (look, cards) in enumerate(looks.items()):
        yield f"  classDef look{number} {look}"
        yield f"  class {','.join(f'n{card.number}' for card in cards)} look{number}"


def _quote(rows: tuple[str, ...]) -> str:
    return "<br/>".join(map(_escape, rows))


def _escape(text: str) -> str:
    """Entities for all but letters, digits and harmless signs, in the form that Mermaid has for them."""
    return "".join(sign if sign.isalnum() or sign in _HARMLESS else f"#{ord(sign)};" for sign in text)


_HARMLESS = frozenset(" .,:+-×→·…–−=/()")
