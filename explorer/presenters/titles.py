"""Titles of groups."""

from __future__ import annotations

import re
from collections.abc import Sequence

from explorer.analysis.analysis import Analysis
from explorer.base.languages import join_list, tr, tr_noop
from explorer.graph import op_kinds
from explorer.graph.groups import PLAIN_CONTAINERS, Group
from explorer.graph.node import Node

#: Patterns that say so little that the module's own name, or that of its class, says more.
_VAGUE_PATTERNS = frozenset({"Block", "Branch", "Stage"})
_BEFORE_NUMBER = re.compile(r"(?<=[a-z]{3})(?=\d)")  # "Branch 2", not "Branch2"
_COPY_NUMBER = re.compile(r"~\d+$")  # what a copy is called beside the name of its original
_NAME_AND_NUMBER = re.compile(r"([a-z]+)_?(\d*)")
#: Names of modules that are words of the field, as titles.
_KNOWN_NAMES = {
    "attention": tr_noop("Attention"),
    "block": tr_noop("Block"),
    "branch": tr_noop("Branch"),
    "classifier": tr_noop("Classifier"),
    "head": tr_noop("Head"),
    "layer": tr_noop("Layer"),
    "projection": tr_noop("Projection"),
    "shortcut": tr_noop("Shortcut"),
    "stage": tr_noop("Stage"),
    "stem": tr_noop("Stem"),
    "transition": tr_noop("Transition"),
}


def group_title(analysis: Analysis, group: Group) -> str:
    """Return the title on a group's card: "Stage 2", "Inverted residual", "Conv 3×3"."""
    if group.role == "network":
        return analysis.architecture.shown_title
    if group.role == "unit":
        return unit_title(analysis, group)
    if group.role == "stage":
        title, number = analysis.pattern(group).title, analysis.stage_numbers.get(group.id)
        return tr("{stage} {number}", stage=title, number=number) if number is not None else title
    pattern = analysis.pattern(group)  # without its remarks, so that a switch leaves cards and places as they are
    own = _COPY_NUMBER.sub("", group.path.rsplit(".", 1)[-1])
    is_named = group.path in analysis.architecture.own_blocks  # by the user, whatever else it may be called
    if not is_named and (pattern.name not in _VAGUE_PATTERNS or not own):
        return pattern.title
    if len(own) > 1 and not own[0].isdecimal():
        return _title_of_name(own)
    # A letter, or its number in a list, says nothing; what its author called the class does.
    return pattern.title if group.class_name in PLAIN_CONTAINERS else group.class_name or pattern.title


def _title_of_name(name: str) -> str:
    """A module's own name as a title: "Branch 2" of `branch2`, in the language in force where it is a known word."""
    found = _NAME_AND_NUMBER.fullmatch(name)
    if found is not None and (word := _KNOWN_NAMES.get(found[1])) is not None:
        return tr("{stage} {number}", stage=tr(word), number=found[2]) if found[2] else tr(word)
    return _BEFORE_NUMBER.sub(" ", name.replace("_", " ").capitalize(), count=1)


def group_title_with_remarks(analysis: Analysis, group: Group) -> str:
    """Return the title with what edits made of the block: "Residual block (shortcut off)"."""
    remarks = [tr(remark) for remark in analysis.pattern(group).remarks]
    title = group_title(analysis, group)
    return tr("{title} ({remarks})", title=title, remarks=tr(", ").join(remarks)) if remarks else title


_MAX_NAMED = 3  # of what is selected together


def selection_title(analysis: Analysis, ids: Sequence[str]) -> str:
    """Return the title of nodes and groups together: "Residual block · layer2.0", or the paths of several."""
    groups = analysis.hierarchy.groups
    paths = [_path_or_title(analysis, groups[id]) if id in groups else id for id in ids]
    if len(ids) > 1:
        named, more = join_list(paths[:_MAX_NAMED]), len(paths) - _MAX_NAMED
        return tr("{paths} and {count} more", paths=named, count=more) if more > 0 else named
    (id,), (path,) = ids, paths
    if id not in groups:
        node = analysis.architecture.nodes.get(id)  # None for a card of what edits removed
        return f"{join_label(node) or op_kinds.label(node)} · {path}" if node is not None else path
    title = group_title_with_remarks(analysis, groups[id])
    return f"{title} · {path}" if groups[id].path or groups[id].role == "unit" else title


def _path_or_title(analysis: Analysis, group: Group) -> str:
    """The module's path; of a unit that of its layer, of a part that is no module its title: "Stage 2"."""
    if group.path or group.role == "unit":
        return group.path or group.id.removeprefix("unit:")
    return group_title(analysis, group)


def group_subtitle(group: Group) -> str:
    """Return the path of the module that a group is, "layer2"; empty where it is none."""
    return "" if not group.path or group.role == "unit" else group.path


def unit_title(analysis: Analysis, group: Group) -> str:
    """Return the title of a unit: that of its weighted layer."""
    nodes = [analysis.architecture.nodes[name] for name in group.nodes]
    main = next((n for n in nodes if op_kinds.kind(n) in op_kinds.WEIGHTED), nodes[0])
    return op_kinds.label(main)


def join_label(node: Node) -> str:
    """Return the name of an op that joins maps, in words instead of its sign: "Addition"; empty for any other op."""
    label = _JOIN_LABELS.get(op_kinds.title(node))
    return tr(label) if label is not None else ""


#: By their signs.
_JOIN_LABELS: dict[str, str] = {
    "+": tr_noop("Addition"),
    "−": tr_noop("Subtraction"),
    "⧺": tr_noop("Concatenation"),
    "×": tr_noop("Multiplication"),
    "÷": tr_noop("Division"),
}
