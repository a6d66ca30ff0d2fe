"""A group with an id for each card, frame and bundle of links in an SVG, for Inkscape, Figma and scripts.

Qt's generator writes what is painted and knows no groups: while it paints, marks are written as texts of their own, and
what stands between two marks becomes a group.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QPainter

_NAMESPACE = "http://www.w3.org/2000/svg"
_GROUP, _TEXT = f"{{{_NAMESPACE}}}g", f"{{{_NAMESPACE}}}text"
_NO_ID = re.compile(r"[^\w.-]")


class GroupMarks:
    """Marks of what is painted next, kept until the SVG is there."""

    def __init__(self, painter: QPainter) -> None:
        self._painter = painter
        self._names: list[tuple[str, str]] = []
        self._token = secrets.token_hex(8)  # no card says this

    def announce(self, kind: str, id: str) -> None:
        """Begin the group of a thing; with no kind, end the one before."""
        self._painter.save()
        self._painter.setOpacity(1.0)
        self._painter.setPen(QColor("#010203"))
        self._painter.drawText(QPointF(0, 0), f"{self._token}-{len(self._names)}")
        self._painter.restore()
        self._names.append((kind, id))

    def group(self, document: bytes) -> bytes:
        """Return the SVG with a group for what stands between two marks, and without the marks."""
        ElementTree.register_namespace("", _NAMESPACE)
        ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")
        root = ElementTree.fromstring(document)
        taken: set[str] = set()
        for parent in list(root.iter()):
            numbers = [self._read_mark(child) for child in parent]
            if any(number is not None for number in numbers):
                parent[:] = self._grouped(list(parent), numbers, taken)
        return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))

    def _read_mark(self, element: Element) -> int | None:
        """The number of the mark that an element consists of."""
        if element.tag != _GROUP or len(element) != 1 or element[0].tag != _TEXT:
            return None
        token, _, number = (element[0].text or "").strip().partition("-")
        return int(number) if token == self._token else None

    def _grouped(self, children: list[Element], numbers: list[int | None], taken: set[str]) -> Iterable[Element]:
        into: list[Element] | Element
        found: list[Element] = []
        into = found
        for child, number in zip(children, numbers, strict=True):
            if number is None:
                into.append(child)
                continue
            kind, id = self._names[number]
            into = found
            if kind:
                into = Element(_GROUP, {"id": _unique(f"{kind}-{_NO_ID.sub('_', id)}", taken), "class": kind})
                found.append(into)
        return [each for each in found if each.get("class") is None or len(each)]


def _unique(id: str, taken: set[str]) -> str:
    name, number = id, 2
    while name in taken:
        name, number = f"{id}-{number}", number + 1
    taken.add(name)
    return name
