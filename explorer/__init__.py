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

import re
import warnings
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from explorer.design import DesignError as DesignError
    from explorer.design import DesignRow as DesignRow
    from explorer.design import NetworkDesign as NetworkDesign
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
    from explorer.networks.input_spec import InputError as InputError
    from explorer.networks.input_spec import InputSpec as InputSpec
    from explorer.opening.open_any import open_any
    from explorer.project.opening import open_design as open_design
    from explorer.session import Session as Session
    from explorer.training.data_spec import DataError as DataError
    from explorer.training.data_spec import DataSpec as DataSpec
    from explorer.training.locked_folder import RunError as RunError
    from explorer.training.recipe import Recipe as Recipe
    from explorer.training.recipe import RecipeError as RecipeError
    from explorer.training.results import Comparison as Comparison
    from explorer.training.results import TrainingResult as TrainingResult
    from explorer.training.sweep import sweep as sweep
    from explorer.training.train import compare as compare
    from explorer.training.train import history_points as history_points
    from explorer.training.train import train as train
    from explorer.ui.shell.app import show as show

    open = open_any

__version__ = "0.1.0"

#: The module and the attribute behind each public name, but for the kinds of edits, which register themselves.
_HOME: dict[str, tuple[str, str]] = {
    name: (module, name)
    for module, names in {
        "explorer.design": "DesignError DesignRow NetworkDesign",
        "explorer.edits": "Edit EditError",
        "explorer.export.network_files": "save_network",
        "explorer.export.network_graph": "save_graph to_networkx",
        "explorer.export.network_sheet": "save_diagram",
        "explorer.export.page": "ExportError Page",
        "explorer.network": "Network Prediction",
        "explorer.networks.catalogue": "CatalogueEntry all_entries get_entry",
        "explorer.networks.input_spec": "InputError InputSpec",
        "explorer.project.opening": "open_design",
        "explorer.session": "Session",
        "explorer.training.data_spec": "DataError DataSpec",
        "explorer.training.recipe": "Recipe RecipeError",
        "explorer.training.results": "Comparison TrainingResult",
        "explorer.training.locked_folder": "RunError",
        "explorer.training.sweep": "sweep",
        "explorer.training.train": "compare history_points train",
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

_REGISTERED_CLASS = re.compile(r"^@register_edit\(.*?^class (\w+)", re.MULTILINE | re.DOTALL)


def _find_edit_names(folder: Path) -> frozenset[str]:
    """Return the names of the classes that a folder's modules register as edits, read from their source.

    Importing the modules would tell as well, but takes the seconds that torch takes.
    """
    sources = [path.read_text(encoding="utf-8") for path in folder.glob("*.py")]
    return frozenset(name for source in sources for name in _REGISTERED_CLASS.findall(source))


@cache
def _edit_names() -> frozenset[str]:
    found = _find_edit_names(Path(__file__).parent / "edits")  # none in a frozen application: it has no source
    return found or frozenset(cls.__name__ for cls in import_module("explorer.edits").EDIT_KINDS.values())


if not TYPE_CHECKING:  # type checkers read the imports above

    def __getattr__(name: str) -> Any:
        if name == "__all__":
            return sorted({*_HOME, *_edit_names()})
        if name in _RENAMED:
            warnings.warn(
                f"explorer.{name} is deprecated: use explorer.{_RENAMED[name]}", DeprecationWarning, stacklevel=2
            )
            name = _RENAMED[name]
        if name in _HOME:
            module, attribute = _HOME[name]
        elif not name.startswith("_") and name in _edit_names():
            module, attribute = "explorer.edits", name
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(module), attribute)

    def __dir__() -> list[str]:
        return sorted({*_HOME, *_edit_names(), "__all__", *(name for name in globals() if name.startswith("__"))})
