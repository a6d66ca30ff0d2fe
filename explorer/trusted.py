"""The one place that runs code of the user's own: a file or package that makes a network, with all their rights.

So it is called for what the user has named, or agreed to when a project named it, and for nothing else.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from explorer.edits import Edit
from explorer.network import Network, open_network
from explorer.networks.own import Own, OwnModuleError


def open_own(own: Own, edits: Iterable[Edit] = ()) -> Network:
    """Run the code that makes the network, and open it with its own weights. Only for what the user trusts.

    Raises:
        OwnModuleError: the code is not there, fails, or makes no module; the message names the line.
        TraceFailure, ShapeError: its forward cannot be followed, or takes no input of that shape.
        EditError: an edit cannot be made of it.
    """
    with _blamed(own):
        made: Any = _imported(own)
        for part in own.name.split("."):
            if not hasattr(made, part):
                raise OwnModuleError(f"{own.where} has no {own.name}")
            made = getattr(made, part)
        if callable(made) and not isinstance(made, nn.Module):
            made = made(**own.arguments)
    if not isinstance(made, nn.Module):
        raise OwnModuleError(f"{own.made_by} makes no torch.nn.Module but {type(made).__name__}")
    return open_network(made, input_shape=own.input_shape, own=own, edits=edits)


def _imported(own: Own) -> ModuleType:
    if not own.is_file:
        return importlib.import_module(own.where)
    path = Path(own.where).resolve()
    if not path.is_file():
        raise OwnModuleError(f"there is no file {own.where}")
    # Anew each time, with what it imports from beside it: files that were changed are read again.
    for name, known in list(sys.modules.items()):
        if name != "__main__" and Path(getattr(known, "__file__", None) or "").parent == path.parent:
            del sys.modules[name]
    spec = importlib.util.spec_from_file_location(f"own_module_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and pickles of the file look there
    with _reachable(path.parent):
        spec.loader.exec_module(module)
    return module


@contextmanager
def _reachable(folder: Path) -> Iterator[None]:
    """Files beside it can be imported, as when it is run by itself."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


@contextmanager
def _blamed(own: Own) -> Iterator[None]:
    """What the user's code raises, of whatever kind, with the line of theirs that raised it."""
    try:
        yield
    except OwnModuleError:
        raise
    except (Exception, SystemExit) as failure:
        said = f"{type(failure).__name__}: {failure}" if str(failure) else type(failure).__name__
        lines = traceback.extract_tb(failure.__traceback__)
        theirs = [line for line in lines if own.is_file and Path(line.filename).name == Path(own.where).name]
        place = f", line {theirs[-1].lineno}" if theirs else ""
        raise OwnModuleError(f"{own.made_by} failed{place}: {said}") from failure
