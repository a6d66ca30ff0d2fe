"""The settings of a layer, by the names that torch gives them, and those in which two layers differ."""

from __future__ import annotations

from collections.abc import Iterator

from explorer.base.languages import tr, tr_noop
from explorer.graph.node import Node

_SETTING_NAMES = {
    "in_channels": tr_noop("in"),
    "out_channels": tr_noop("out"),
    "in_features": tr_noop("in"),
    "out_features": tr_noop("out"),
    "kernel_size": tr_noop("kernel"),
    "num_features": tr_noop("channels"),
    "num_channels": tr_noop("channels"),
    "output_size": tr_noop("size"),
    "normalized_shape": tr_noop("channels"),
}


def setting_changes(old: Node, new: Node) -> Iterator[str]:
    """Yield "kernel 3 → 5" for each setting that differs; nothing for layers of two classes."""
    was, now = layer_settings(old), layer_settings(new)
    if type(old.layer) is type(new.layer):
        for name in dict.fromkeys((*was, *now)):
            if was.get(name) != now.get(name):
                before, after = was.get(name, tr("none")), now.get(name, tr("none"))
                yield f"{tr(_SETTING_NAMES.get(name, name))} {before} → {after}"


def layer_settings(node: Node) -> dict[str, str]:
    """Return the settings of a layer by name."""
    layer = node.layer
    if layer is None:
        return {}
    settings = {name: value for name, value in vars(layer).items() if not name.startswith("_")}
    found = {
        name: _format_setting(value)
        for name, value in settings.items()
        if name not in ("training", "inplace") and isinstance(value, (bool, int, float, str, tuple))
    }
    if "bias" in layer._parameters:
        found["bias"] = _format_setting(layer._parameters["bias"] is not None)
    return found


def _format_setting(value: object) -> str:
    if isinstance(value, tuple):
        return (
            "×".join(map(_format_setting, value))
            if len(set(value)) > 1
            else _format_setting(value[0])
            if value
            else tr("none")
        )
    if isinstance(value, bool):
        return tr("yes") if value else tr("no")
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)
