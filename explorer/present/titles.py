"""What groups are called."""

from __future__ import annotations

from explorer.analysis.study import Study
from explorer.graph import vocabulary
from explorer.graph.groups import Group

#: Patterns that say so little that the module's own name says more.
_VAGUE = frozenset({"Block", "Branch", "Stage"})


def title(study: Study, group: Group) -> str:
    """ "Stage 2", "Inverted residual", "Conv 3×3": what stands on the group's card."""
    if group.role == "network":
        return study.architecture.title
    if group.role == "unit":
        return unit_title(study, group)
    if group.role == "stage":
        stages = [g.id for g in study.hierarchy.root.groups if g.role == "stage"]
        return f"Stage {stages.index(group.id) + 1}" if group.id in stages else "Stage"
    name = study.pattern(group).name.removesuffix(" (shortcut off)")  # the same width as before: cards stay in place
    if name in _VAGUE and group.path:
        return group.path.rsplit(".", 1)[-1].replace("_", " ").capitalize()
    return name


def subtitle(group: Group) -> str:
    """The module behind the title, when there is one: "layer2"."""
    return "" if not group.path or group.role == "unit" else group.path


def unit_title(study: Study, group: Group) -> str:
    """A unit is called after the layer that does its work."""
    nodes = [study.architecture.nodes[name] for name in group.nodes]
    main = next((n for n in nodes if vocabulary.kind(n) in ("conv", "depthwise", "linear")), nodes[0])
    return vocabulary.title(main)
