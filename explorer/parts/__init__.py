"""Parts: layers and blocks of every family that can be put into any network.

A part is a function from the channels that come in, and settings, to an `nn.Module`, with a decorator
(`part.register_part`) that says what it is. It can stand in any module of this folder; all are found by themselves. An
edit traces the module and splices its nodes into the snapshot, so a part needs to know nothing of snapshots, names,
shapes or weights, and whatever `torch.nn` can build can be one.
"""

import pkgutil
from importlib import import_module

from explorer.parts.part import Part as Part
from explorer.parts.part import PartError as PartError
from explorer.parts.part import all_parts as all_parts
from explorer.parts.part import find_part as find_part
from explorer.parts.part import register_part as register_part

for _module in pkgutil.iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
