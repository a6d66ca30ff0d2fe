"""What groups are called."""

from __future__ import annotations

import re

from explorer.analysis.study import Study
from explorer.graph import vocabulary
from explorer.graph.groups import Group

#: Patterns that say so little that the module's own name says more.
_VAGUE = frozenset({"Block", "Branch", "Stage"})
_BEFORE_NUMBER = re.compile(r"(?<=[a-z]{3})(?=\d)")  # "Branch 2", not "Branch2"


def title(study: Study, group: Group) -> str:
    """ "Stage 2", "Inverted residual", "Conv 3×3": what stands on the group's card."""
    if group.role == "network":
        return study.architecture.title
    if group.role == "unit":
        return unit_title(study, group)
    if group.role == "stage":
        name, number = study.pattern(group).name, study.stage_numbers.get(group.id)
        return f"{name} {number}" if number is not None else name
    name = study.pattern(group).name  # without its remarks, so that a switch leaves cards and places as they are
    own = group.path.rsplit(".", 1)[-1]
    if name in _VAGUE and not own[:1].isdecimal():  # its number in a list, or a copy's, says nothing
        return _BEFORE_NUMBER.sub(" ", own.replace("_", " ").capitalize(), count=1) or name
    return name


def with_remarks(study: Study, group: Group) -> str:
    """The same, with what edits made of the block: "Residual block (shortcut off)"."""
    remarks = study.pattern(group).remarks
    return title(study, group) + (f" ({', '.join(remarks)})" if remarks else "")


def subtitle(group: Group) -> str:
    """The module behind the title, when there is one: "layer2"."""
    return "" if not group.path or group.role == "unit" else group.path


def unit_title(study: Study, group: Group) -> str:
    """A unit is called after the layer that does its work."""
    nodes = [study.architecture.nodes[name] for name in group.nodes]
    main = next((n for n in nodes if vocabulary.kind(n) in vocabulary.WEIGHTED), nodes[0])
    return vocabulary.title(main)
