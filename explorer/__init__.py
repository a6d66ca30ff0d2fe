"""Open, change, compare and explain convolutional networks.

    import explorer

    network = explorer.open("mobilenet_v2")               # or any nn.Module: explorer.open(module, input_shape=...)
    network.figures.total.macs                            # 300774272
    edited = network.edit(explorer.ToggleShortcut("features.3", on=False))
    edited.run("photo.jpg").top(5)                        # [("tabby", 0.31), ...]
    explorer.save_diagram(edited, "mobilenet.png", level="blocks")
    explorer.show(edited)                                 # in the window

Importing this package imports neither torch nor Qt: a name is loaded when it is first used.
"""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from explorer.edits import *  # noqa: F403
    from explorer.edits import Edit as Edit
    from explorer.edits import EditError as EditError
    from explorer.export.network_files import save_network as save_network
    from explorer.export.network_graph import save_graph as save_graph
    from explorer.export.network_graph import to_networkx as to_networkx
    from explorer.export.network_sheet import save_diagram as save_diagram
    from explorer.export.page import ExportError as ExportError
    from explorer.export.page import Page as Page
    from explorer.network import Network as Network
    from explorer.network import Prediction as Prediction
    from explorer.networks.catalogue import CatalogueEntry as CatalogueEntry
    from explorer.networks.catalogue import all_entries as all_entries
    from explorer.networks.catalogue import get_entry as get_entry
    from explorer.opening.open_any import open_any
    from explorer.session import Session as Session
    from explorer.ui.shell.app import show as show

    open = open_any

__version__ = "0.1.0"

#: The module and the attribute behind each public name. All edits are here without importing them; a test compares.
_HOME: dict[str, tuple[str, str]] = {
    name: (module, name)
    for module, names in {
        "explorer.edits": (
            "AddShortcut ApplyCompoundScaling Edit EditError InvertBottleneck KeepChannels MultiplyDepth MultiplyWidth "
            "RemoveBlock RemoveBranch ReorderLastStage RepeatBlock SetBottleneckActivation SetBottleneckRatio "
            "SetCardinality SetClasses SetConvForm SetExpansion SetGrowthRate SetInputSize SetLayer SetReduction "
            "SetSqueezeRatio SetWidth SwapActivation SwapGate SwapHead SwapJoin SwapNorm ToggleAuxiliaryHead "
            "ToggleChannelShuffle ToggleShortcut ToggleSqueezeExcitation UnshareLayer"
        ),
        "explorer.export.network_files": "save_network",
        "explorer.export.network_graph": "save_graph to_networkx",
        "explorer.export.network_sheet": "save_diagram",
        "explorer.export.page": "ExportError Page",
        "explorer.network": "Network Prediction",
        "explorer.networks.catalogue": "CatalogueEntry all_entries get_entry",
        "explorer.session": "Session",
        "explorer.ui.shell.app": "show",
    }.items()
    for name in names.split()
} | {"open": ("explorer.opening.open_any", "open_any")}

#: Names until 0.1; they go with the release after it.
_RENAMED = {
    "ChannelShuffle": "ToggleChannelShuffle",
    "LinearBottleneck": "SetBottleneckActivation",
    "Shortcut": "ToggleShortcut",
    "entries": "all_entries",
    "find": "get_entry",
}

if not TYPE_CHECKING:  # type checkers read the imports above
    __all__ = sorted(_HOME)

    def __getattr__(name: str) -> Any:
        if name in _RENAMED:
            warnings.warn(
                f"explorer.{name} is deprecated: use explorer.{_RENAMED[name]}", DeprecationWarning, stacklevel=2
            )
            name = _RENAMED[name]
        if name not in _HOME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module, attribute = _HOME[name]
        return getattr(import_module(module), attribute)

    def __dir__() -> list[str]:
        return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
