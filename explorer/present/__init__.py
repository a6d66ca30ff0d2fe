"""From what is known about a snapshot to what the window, the command line and the exports show of it."""

from explorer.present.diagrams import at_level, diagram
from explorer.present.inspections import inspection
from explorer.present.outputs import output
from explorer.present.previews import headline, preview, refusal
from explorer.present.stacks import revealed, shown_on, toggled
from explorer.present.summaries import summary

__all__ = [
    "at_level",
    "diagram",
    "headline",
    "inspection",
    "output",
    "preview",
    "refusal",
    "revealed",
    "shown_on",
    "summary",
    "toggled",
]
