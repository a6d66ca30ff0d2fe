"""A project as plain data: which network, its edits, and what was seen of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from explorer.edits import Edit
from explorer.networks.arguments import ArgumentValue
from explorer.networks.input_spec import InputSpec
from explorer.viewmodels.diagram import Level


@dataclass(frozen=True)
class ProjectView:
    """State of the window that a project restores."""

    opened: tuple[str, ...] | None = None  # groups that are unfolded; None: those of the level
    selection: tuple[str, ...] = ()  # ids of ops and groups
    level: Level = "blocks"
    sample: str = ""  # name of a built-in photo; empty for a photo of the user's own
    bookmarks: tuple[str, ...] = ()  # places to come back to


@dataclass(frozen=True)
class ProjectWeights:
    """Weights that the network was given."""

    file: str  # relative to the project's folder, where it is inside; "" for published ones
    name: str  # what they are called
    position: int = 0  # edits that were in force when they were given
    preset: str = ""  # of published ones, torchvision's name: "ResNet50_Weights.IMAGENET1K_V2"


@dataclass(frozen=True)
class Project:
    """Network, edits and view as plain data."""

    network: str = ""  # key of the catalogue
    module: str = ""  # "net.py:Net" or "package.module:make", where there is no key
    options: Mapping[str, ArgumentValue] = field(default_factory=dict)  # or the arguments of what makes it
    input_shape: tuple[int, ...] | None = None  # of the image, where it is not the network's own
    inputs: tuple[InputSpec, ...] = ()  # of a module that takes anything but one image
    edits: tuple[Edit, ...] = ()
    position: int = 0  # edits that are in force; those behind can be redone
    view: ProjectView = ProjectView()
    file: str = ""  # of a model in another format, in place of key and module
    weights: ProjectWeights | None = None  # where they are not the network's own

    @property
    def applied_edits(self) -> tuple[Edit, ...]:
        """The edits that are applied; those after them can be redone."""
        return self.edits[: self.position]
