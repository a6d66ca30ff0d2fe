"""A network as the source of an `nn.Module`, written as its authors would: classes, arguments, loops.

Modules that are called once and use only what is theirs become classes; those of one class in the network become one
class here, with an argument for each value in which they differ. Everything else stays in the forward pass of the
module around it. The state dict has the names of the network's own, so that weights saved beside it fit.
"""

from __future__ import annotations

from explorer.export.python_code.writer import python_source, save_code

__all__ = ["python_source", "save_code"]
