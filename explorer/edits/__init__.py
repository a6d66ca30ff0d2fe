"""Changes as plain data: each edit turns one snapshot into the next.

A kind of edit is one class with one decorator (`registry.register_edit`), in any module of this folder; all of them are
exported from here.
"""

import pkgutil
import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

from explorer.edits.edit import Edit as Edit
from explorer.edits.edit import EditError as EditError
from explorer.edits.edit import Repair as Repair
from explorer.edits.history import History as History
from explorer.edits.registry import EDIT_KINDS as EDIT_KINDS
from explorer.edits.registry import FORMER_DEFAULTS as FORMER_DEFAULTS
from explorer.edits.registry import FORMER_EDIT_CLASSES as FORMER_EDIT_CLASSES
from explorer.edits.registry import FORMER_EDIT_KINDS as FORMER_EDIT_KINDS
from explorer.edits.registry import find_edit_class as find_edit_class
from explorer.edits.registry import find_edit_kind as find_edit_kind
from explorer.edits.registry import register_edit as register_edit

if TYPE_CHECKING:  # for completion in editors; a program finds the modules by itself
    from explorer.edits.auxiliary_heads import *
    from explorer.edits.blur_pooling import *
    from explorer.edits.branches import *
    from explorer.edits.cardinality import *
    from explorer.edits.conv_forms import *
    from explorer.edits.depth import *
    from explorer.edits.gate_position import *
    from explorer.edits.gates import *
    from explorer.edits.grouping import *
    from explorer.edits.heads import *
    from explorer.edits.hidden_widths import *
    from explorer.edits.inputs import *
    from explorer.edits.insertion import *
    from explorer.edits.inversion import *
    from explorer.edits.kept_channels import *
    from explorer.edits.last_stage import *
    from explorer.edits.norm_order import *
    from explorer.edits.norms import *
    from explorer.edits.pointwise_reduction import *
    from explorer.edits.post_activation import *
    from explorer.edits.recalibration import *
    from explorer.edits.rows import *
    from explorer.edits.set_layer import *
    from explorer.edits.shared_layers import *
    from explorer.edits.small_images import *
    from explorer.edits.stage_widths import *
    from explorer.edits.subsampling import *
    from explorer.edits.switches import *
    from explorer.edits.taking_out import *
    from explorer.edits.transplants import *
    from explorer.edits.widths import *
    from explorer.edits.wiring import *

else:
    for _module in pkgutil.iter_modules(__path__):  # noqa: F405 - every package has one
        if not _module.ispkg:
            import_module(f"{__name__}.{_module.name}")

    __all__ = [
        "EDIT_KINDS",
        "FORMER_EDIT_CLASSES",
        "FORMER_DEFAULTS",
        "FORMER_EDIT_KINDS",
        "Edit",
        "EditError",
        "History",
        "Repair",
        "find_edit_class",
        "find_edit_kind",
        "register_edit",
        *(cls.__name__ for cls in EDIT_KINDS.values()),
    ]

    def __getattr__(name: str) -> Any:
        """Return an edit that was registered later, or one by a former name of its class."""
        if name == "KINDS":
            warnings.warn("KINDS is now called EDIT_KINDS", DeprecationWarning, stacklevel=2)
            return EDIT_KINDS
        found = find_edit_class(name)
        if found is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return found

    def __dir__() -> list[str]:
        return sorted({*__all__, *(cls.__name__ for cls in EDIT_KINDS.values())})
