"""Open, change, compare and explain convolutional networks.

    import explorer

    network = explorer.open("mobilenet_v2")               # or any nn.Module: explorer.open(module, input_shape=...)
    network.figures.total.macs                            # 300774272
    edited = network.edit(explorer.ToggleShortcut("features.3", on=False))
    edited.run("photo.jpg").top(5)                        # [("tabby", 0.31), ...]
    explorer.save_diagram(edited, "mobilenet.png", level="blocks")
    explorer.show(edited)                                 # in the window

Importing this package imports neither torch nor Qt; what needs them brings them in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from explorer.edits import EditError, SetBottleneckActivation, SwapActivation, ToggleChannelShuffle, ToggleShortcut
    from explorer.export.network_files import save_network
    from explorer.export.network_graph import save_graph, to_networkx
    from explorer.export.network_sheet import save_diagram
    from explorer.export.page import ExportError, Page
    from explorer.network import Network, Prediction
    from explorer.network import open_network as open
    from explorer.networks.catalogue import all_entries, get_entry
    from explorer.ui.shell.app import show

_HOME = {
    "open": ("explorer.network", "open_network"),
    "Network": ("explorer.network", "Network"),
    "Prediction": ("explorer.network", "Prediction"),
    "all_entries": ("explorer.networks.catalogue", "all_entries"),
    "get_entry": ("explorer.networks.catalogue", "get_entry"),
    "SwapActivation": ("explorer.edits", "SwapActivation"),
    "ToggleChannelShuffle": ("explorer.edits", "ToggleChannelShuffle"),
    "ToggleShortcut": ("explorer.edits", "ToggleShortcut"),
    "SetBottleneckActivation": ("explorer.edits", "SetBottleneckActivation"),
    "save_diagram": ("explorer.export.network_sheet", "save_diagram"),
    "save_graph": ("explorer.export.network_graph", "save_graph"),
    "save_network": ("explorer.export.network_files", "save_network"),
    "show": ("explorer.ui.shell.app", "show"),
    "Page": ("explorer.export.page", "Page"),
    "ExportError": ("explorer.export.page", "ExportError"),
    "to_networkx": ("explorer.export.network_graph", "to_networkx"),
    "EditError": ("explorer.edits", "EditError"),
}

__version__ = "0.1.0"
__all__ = [
    "EditError",
    "ExportError",
    "Network",
    "Page",
    "Prediction",
    "SetBottleneckActivation",
    "SwapActivation",
    "ToggleChannelShuffle",
    "ToggleShortcut",
    "all_entries",
    "get_entry",
    "open",
    "save_diagram",
    "save_graph",
    "save_network",
    "show",
    "to_networkx",
]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _HOME[name]
    return getattr(import_module(module), attribute)
