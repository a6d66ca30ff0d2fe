"""Changes as plain data: each edit turns one snapshot into the next."""

from explorer.edits.edit import Edit, EditError
from explorer.edits.history import History
from explorer.edits.switches import ChannelShuffle, LinearBottleneck, Shortcut, SwapActivation

__all__ = ["ChannelShuffle", "Edit", "EditError", "History", "LinearBottleneck", "Shortcut", "SwapActivation"]
