"""Running the user's own code: a file or package that builds a network, with all the user's rights.

The only place that does so; called for code the user has named, or consented to when a project named it.
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
from explorer.networks.user_module import UserModule, UserModuleError


def open_user_module(user_module: UserModule, edits: Iterable[Edit] = ()) -> Network:
    """Run the code that builds the network, and open it with its own weights. Only for trusted code.

    Raises:
        UserModuleError: the code is not there, fails, or builds no module; the message names the line.
        TraceError, ShapeError: its forward cannot be followed, or takes no input of that shape.
        EditError: an edit cannot be made.
    """
    with _report_user_errors(user_module):
        built: Any = _import_module(user_module)
        for part in user_module.name.split("."):
            if not hasattr(built, part):
                raise UserModuleError(f"{user_module.location} has no {user_module.name}")
            built = getattr(built, part)
        if callable(built) and not isinstance(built, nn.Module):
            built = built(**user_module.arguments)
    if not isinstance(built, nn.Module):
        raise UserModuleError(f"{user_module.factory} makes no torch.nn.Module but {type(built).__name__}")
    return open_network(built, input_shape=user_module.input_shape, user_module=user_module, edits=edits)


def _import_module(user_module: UserModule) -> ModuleType:
    if not user_module.is_file:
        return importlib.import_module(user_module.location)
    path = Path(user_module.location).resolve()
    if not path.is_file():
        raise UserModuleError(f"there is no file {user_module.location}")
    # Anew each time, with what it imports from beside it: files that were changed are read again.
    for name, known in list(sys.modules.items()):
        if name != "__main__" and Path(getattr(known, "__file__", None) or "").parent == path.parent:
            del sys.modules[name]
    spec = importlib.util.spec_from_file_location(f"own_module_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and pickles of the file look there
    with _on_sys_path(path.parent):
        spec.loader.exec_module(module)
    return module


@contextmanager
def _on_sys_path(folder: Path) -> Iterator[None]:
    """Let files beside it be imported, as when it is run by itself."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


@contextmanager
def _report_user_errors(user_module: UserModule) -> Iterator[None]:
    """Turn whatever the user's code raises into a UserModuleError that names the line of the user's file."""
    try:
        yield
    except UserModuleError:
        raise
    except (Exception, SystemExit) as failure:
        message = f"{type(failure).__name__}: {failure}" if str(failure) else type(failure).__name__
        lines = traceback.extract_tb(failure.__traceback__)
        user_lines = [
            line
            for line in lines
            if user_module.is_file and Path(line.filename).name == Path(user_module.location).name
        ]
        place = f", line {user_lines[-1].lineno}" if user_lines else ""
        raise UserModuleError(f"{user_module.factory} failed{place}: {message}") from failure
