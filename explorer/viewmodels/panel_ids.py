"""Ids of the window's panels for files: tours name panels by them, whatever the docks are called.

Ids never change once a file can hold them; titles and Qt's object names may.
"""

from __future__ import annotations

from collections.abc import Mapping

from explorer.base.languages import tr_noop

#: Id in files -> object name of the dock, which is its English title when it was first made.
PANEL_IDS: Mapping[str, str] = {
    "networks": tr_noop("Networks"),
    "selection": tr_noop("Selection"),
    "history": tr_noop("History"),
    "figures": tr_noop("Figures"),
    "output": tr_noop("Output on the sample image"),
    "guide": tr_noop("Guide"),
    "parts": tr_noop("Parts"),
    "differences": tr_noop("Differences"),
    "feature_maps": tr_noop("Feature maps"),
    "how_it_computes": tr_noop("How it computes"),
    "stage_table": tr_noop("Stage table"),
    "budget": tr_noop("Budget lock"),
    "depth_curves": tr_noop("Along the depth"),
    "grad_cam": tr_noop("Where it looks"),
    "time_per_layer": tr_noop("Time per layer"),
    "memory": tr_noop("Memory film-strip"),
    "design_rules": tr_noop("Design rules"),
    "training": tr_noop("Training"),
    "code": tr_noop("Code"),
    "folder": tr_noop("Folder of images"),
}


def find_panel_id(object_name: str) -> str:
    """Return the id of the panel with this object name; empty for one that files cannot name."""
    return next((id for id, name in PANEL_IDS.items() if name == object_name), "")
