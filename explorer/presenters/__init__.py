"""View models of a network: pure functions from a snapshot to what the window, the command line and exports show."""

from explorer.presenters.diagrams import build_diagram, expanded_at_level
from explorer.presenters.inspections import build_inspection
from explorer.presenters.outputs import compare_outputs
from explorer.presenters.previews import build_cost_preview, build_preview, build_refusal, preview_headline
from explorer.presenters.stacks import find_visible_card, reveal, toggle_expanded
from explorer.presenters.summaries import build_summary

__all__ = [
    "build_cost_preview",
    "build_diagram",
    "build_inspection",
    "build_preview",
    "build_refusal",
    "build_summary",
    "compare_outputs",
    "expanded_at_level",
    "find_visible_card",
    "preview_headline",
    "reveal",
    "toggle_expanded",
]
