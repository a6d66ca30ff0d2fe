"""The models and the way of running foreign code that other tests have."""

from tests.opening.conftest import files, net
from tests.ui.user_module.conftest import _own_code_runs_here

__all__ = ["_own_code_runs_here", "files", "net"]
