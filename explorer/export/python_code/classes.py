"""The classes of a file: which calls share one, with which arguments."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from unicodedata import normalize

import torch

from explorer.export.python_code.calls import Frame
from explorer.export.python_code.constructors import is_name
from explorer.export.python_code.generalise import Family
from explorer.export.python_code.parameters import Parameters
from explorer.export.python_code.reading import Reader, as_sequential
from explorer.export.python_code.repeats import gather
from explorer.export.python_code.terms import Template, Term
from explorer.graph.groups import PLAIN_CONTAINERS
from explorer.graph.ops import Input
from explorer.graph.to_module import argument_name


@dataclass
class ClassDef:
    """A class to be written."""

    name: str
    template: Template
    parameters: Parameters = field(default_factory=lambda: Parameters([], {}))
    arguments: tuple[str, ...] = ()  # names of the inputs of `forward`, where they have any
    dtype: str = ""  # the number format of the network, where it is not torch's default


class Classes:
    """The classes that a network needs, those that others use first; the network's own is last."""

    def __init__(self, reader: Reader, title: str) -> None:
        self.reader = reader
        self.defined: list[ClassDef] = []
        self.made: dict[str, Term] = {}  # what makes the module of a frame, by path
        reader.bring_classes()  # their names are not free for a class that is written
        self.taken = {title, *reader.sources.names, "nn", "torch", "F", "OrderedDict", "operator"}
        for group in _in_order(reader.frames.values()):
            self._define(group)
        root = gather(reader.body(reader.calls.root, self.make_of))
        dtype = "" if reader.dtype == torch.float32 else str(reader.dtype)
        row = as_sequential(root)
        ops = [node.op for node in reader.architecture.inputs if isinstance(node.op, Input)]
        names = tuple(map(argument_name, ops)) if len(ops) > 1 else ()
        is_readable = all(is_name(child.name) for child in root.children)  # not getattr(self, "0")
        template = row if row is not None and not (reader.seams and is_readable) else root
        self.defined.append(ClassDef(title, template, arguments=names, dtype=dtype))

    def make_of(self, frame: Frame) -> Term:
        """The call that makes a frame's module."""
        if frame.path not in self.made:  # a plain container, written where it stands
            body = self.reader.body(frame, self.make_of)
            row = as_sequential(body)
            self.made[frame.path] = row if row is not None else self._finish("Block", [(frame, gather(body))])
        return self.made[frame.path]

    def _define(self, group: list[Frame]) -> None:
        """Classes for all frames of one class: as few as there can be."""
        families: list[tuple[Family, list[Frame]]] = []
        bodies = [self.reader.body(frame, self.make_of) for frame in group]
        rows = [as_sequential(body) for body in bodies]
        as_rows = all(row is not None and (row.tag[1] != "named" or len(row.parts) > 1) for row in rows)
        as_rows |= len(rows) == 1 and rows[0] is not None
        templates = rows if as_rows else [gather(body) for body in bodies]
        for frame, template in zip(group, templates, strict=True):
            assert template is not None
            for family, frames in families:
                if family.add(template):
                    frames.append(frame)
                    break
            else:
                families.append((Family.of(template), [frame]))
        for family, frames in _merged(families):
            own = frames[0].path in self.reader.architecture.own_blocks  # named by the user: it stays a class
            if isinstance(family.template, Term) and len(frames) == 1 and not own:
                self.made[frames[0].path] = family.template
                continue
            self._name(family, frames)

    def _finish(self, name: str, members: list[tuple[Frame, Template]]) -> Term:
        family = Family.of(members[0][1])
        self._name(family, [frame for frame, _ in members], name)
        return self.made[members[0][0].path]

    def _name(self, family: Family, frames: list[Frame], name: str = "") -> None:
        name = self._free(name or frames[0].cls)
        parameters = Parameters.of(family, self.reader.sources, [self.reader.channels_into(frame) for frame in frames])
        self.defined.append(ClassDef(name, family.template, parameters))
        for frame, row in zip(frames, family.rows, strict=True):
            self.made[frame.path] = parameters.call(name, row)

    def _free(self, wished: str) -> str:
        wished = re.sub(r"\W+", "", normalize("NFKC", wished)).strip("_") or "Block"
        wished = wished if wished.isidentifier() and not keyword.iskeyword(wished) else f"Block{wished}"
        name, count = wished, 1
        while name in self.taken:
            count += 1
            name = f"{wished}{count}"
        self.taken.add(name)
        return name


def _merged(families: list[tuple[Family, list[Frame]]]) -> list[tuple[Family, list[Frame]]]:
    """The families with what is left of small ones in the larger ones, now that these have optional parts."""
    found: list[tuple[Family, list[Frame]]] = []
    for family, frames in sorted(families, key=lambda item: -len(item[1])):
        for number, (other, theirs) in enumerate(found):
            joined = other.copy()
            if all(joined.add(body) for body in family.bodies):
                found[number] = (joined, theirs + frames)
                break
        else:
            found.append((family, frames))
    return found


def _in_order(frames: Iterable[Frame]) -> list[list[Frame]]:
    """Frames by class, such that a class comes after all that it holds."""
    height: dict[str, int] = {}
    holders: list[tuple[str, Frame]] = []
    for frame in frames:  # innermost first
        inner = [height[event.path] for event in frame.events if isinstance(event, Frame)]
        height[frame.path] = 1 + max(inner, default=0)
        if frame.cls not in PLAIN_CONTAINERS:
            holders.append((frame.cls, frame))
    groups: dict[str, list[Frame]] = {}
    for cls, frame in holders:
        groups.setdefault(cls, []).append(frame)
    needs = {cls: {inner.cls for f in group for inner in f.frames() if inner is not f} for cls, group in groups.items()}
    ordered: list[list[Frame]] = []
    done: set[str] = set()
    while len(done) < len(groups):
        ready = [cls for cls in groups if cls not in done and needs[cls] & groups.keys() <= done]
        if not ready:  # a class that holds itself: each level is a group of its own
            rest = [frame for cls, frame in holders if cls not in done]
            keys = sorted({(height[frame.path], frame.cls) for frame in rest})
            return ordered + [[f for f in rest if (height[f.path], f.cls) == key] for key in keys]
        for cls in ready:
            ordered.append(_in_execution_order(groups[cls]))
            done.add(cls)
    return ordered


def _in_execution_order(group: list[Frame]) -> list[Frame]:
    return group  # frames are listed innermost first, and so in the order in which they end
