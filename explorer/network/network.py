"""An opened network: its architecture, its edits, its figures and its outputs."""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from explorer.analysis.analysis import Analysis, analyse
from explorer.analysis.calibration import find_classifier
from explorer.analysis.example_inputs import input_value
from explorer.analysis.figures.figures import Figures
from explorer.analysis.forward.memory_check import InsufficientMemory, check_memory, free_memory
from explorer.analysis.photo_distance import PhotoDistance, measure_photo_distance
from explorer.analysis.probes.probe import Probe
from explorer.analysis.sample import Sample, crop_box
from explorer.analysis.verification_result import Verification
from explorer.base.cancellation import KeepGoing, always
from explorer.base.languages import tr
from explorer.base.memo import memoise
from explorer.edits import Edit, History, Recalibrate, Repair, SetInputSize
from explorer.edits.channel_carrying import carry_channels
from explorer.edits.edit import EditError
from explorer.edits.history import apply_edit
from explorer.graph.architecture import Architecture
from explorer.graph.ops import Constant, Input, Layer
from explorer.graph.to_module import build_module
from explorer.network.context import NetworkContext
from explorer.network.input_images import load_image, preprocess_cached, takes_photo
from explorer.network.prediction import Prediction
from explorer.weights import WeightSource
from explorer.weights.checkpoint import read_checkpoint
from explorer.weights.checkpoint_matching import MatchedCheckpoint, match_checkpoint
from explorer.weights.provenance import ProvenanceOf, infer_provenance

if TYPE_CHECKING:  # the room above, which trains networks
    from explorer.training.data_spec import DataSpec
    from explorer.training.results import TrainingResult
    from explorer.training.train import RecipeLike

#: Attributes of `Network` until 0.1; they go with the release after it.
_RENAMED = {
    "classes_in": "class_count_in",
    "crop": "crop_box",
    "origin": "context",
    "seen": "preprocess",
    "showing": "probe",
    "showings": "probe_pair",
    "study": "analysis",
    "to": "with_edits",
    "top1": "run_uncached",
    "weights_of": "provenance_of",
    "without": "without_edits",
}


@dataclass(frozen=True)
class Network:
    """Immutable network: an edit, undo or other weights give another one, which shares what did not change.

    network = explorer.open("mobilenet_v2")
    edited = network.edit(explorer.SwapActivation("*", "gelu"), explorer.ToggleShortcut("features.3", on=False))
    edited.figures.total.params     # parameters, MACs, … per layer, per group, in total
    edited.run("cat").top(5)        # only what the edits changed runs again
    edited.undo().history           # with the last edit undone, to be redone
    edited.module()                 # a torch.nn.Module with the weights
    """

    context: NetworkContext = field(repr=False)
    history: History

    def __repr__(self) -> str:
        edits = ", ".join(edit.title for edit in self.history.applied_edits) or "no edits"
        return f"Network({self.title!r}, input {'×'.join(map(str, self.architecture.input_shape))}, {edits})"

    if not TYPE_CHECKING:  # type checkers know the present names only

        def __getattr__(self, name: str) -> Any:
            if name not in _RENAMED:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            warnings.warn(
                f"Network.{name} is deprecated: use Network.{_RENAMED[name]}", DeprecationWarning, stacklevel=2
            )
            return getattr(self, _RENAMED[name])

    @property
    def title(self) -> str:
        """Name of the network: that of its catalogue entry, or of the module's class."""
        return self.architecture.title

    @property
    def shown_title(self) -> str:
        """The title in the language in force."""
        return self.architecture.shown_title

    @property
    def verification(self) -> Verification | None:
        """How a module of the user's own compared with itself when it was opened; None for the catalogue's."""
        return self.context.verification

    @property
    def weights(self) -> WeightSource:
        """The weights that every computation with the network uses: seeded ones as calibrated when it was opened, or by
        its last `Recalibrate`."""
        last = self.history.position_of_last(Recalibrate)
        if not last:
            return self.context.weights
        return self.context.weights_calibrated_on(carry_channels(self.history.at_position(last).current))

    @property
    def architecture(self) -> Architecture:
        """The graph of nodes after the edits that are applied, with the channels that each layer's weights go with."""
        return carry_channels(self.history.current)

    @property
    def baseline(self) -> Network:
        """The network as it was opened, without edits."""
        return replace(self, history=History(self.history.baseline))

    @property
    def analysis(self) -> Analysis:
        """Structure and figures of the architecture: `hierarchy`, shapes, costs; computed once for each snapshot."""
        return analyse(self.history.current)

    @property
    def figures(self) -> Figures:
        """Parameters, MACs, FLOPs, activations (elements and bytes), receptive field (pixels): per node, per group, in
        total."""
        return self.analysis.figures

    def edit(self, *edits: Edit) -> Network:
        """Return the network after these edits.

        Raises:
            EditError: an edit cannot be made; the message says why, `repairs` what could be made instead.
        """
        history = self.history
        self._check_editable(edits)
        for edit in edits:
            result = apply_edit(edit, history.current)
            if result is history.current:
                continue
            analyse(result)  # raises for an inconsistent snapshot
            history = history.with_edit(edit, result)
        return replace(self, history=history)

    def with_steps(self, steps: Sequence[tuple[Edit, Architecture]]) -> Network:
        """Return the network after edits that were made on its snapshot already, each given with the snapshot after it:
        what a search has tried is not made again. Raises EditError where the network can only be looked at."""
        self._check_editable(steps)
        history = self.history
        for edit, result in steps:
            history = history.with_edit(edit, result)
        return replace(self, history=history)

    def _check_editable(self, wanted: Sequence[object]) -> None:
        verification = self.verification
        if wanted and verification is not None and verification.view_only:
            raise EditError(tr("It cannot be edited: {reason}.", reason=verification.view_only))

    def undo(self) -> Network:
        """Return the network without its last edit; the same where there is none."""
        return replace(self, history=self.history.undo())

    def redo(self) -> Network:
        """Return the network with the edit undone last; the same where there is none."""
        return replace(self, history=self.history.redo())

    def with_edits(self, *edits: Edit) -> Network:
        """Return the network with just these edits, in this order.

        Where they begin as its history does, that part is undone or redone instead of made again. Raises EditError.
        """
        known = self.history.edits
        same = next((at for at, edit in enumerate(edits) if at >= len(known) or edit != known[at]), len(edits))
        return replace(self, history=self.history.at_position(same)).edit(*edits[same:])

    def jump_to(self, *edits: Edit) -> Network:
        """Return the network with just these edits, as `with_edits` does, as one step: undo returns to this one. Raises
        EditError."""
        other = self.with_edits(*edits)
        return replace(self, history=self.history.jump_to(other.history))

    def without_edits(self, *edits: Edit) -> Network:
        """Return the network as if the latest applied edits equal to these had not been made.

        Edits at the end are undone, and can be redone; edits made after the removed ones are made again. Raises
        EditError when one of them depends on a removed edit.
        """
        kept = list(self.history.applied_edits)
        for edit in reversed(edits):
            at = next((at for at in reversed(range(len(kept))) if kept[at] == edit), None)
            if at is not None:
                del kept[at]
        return self.with_edits(*kept)

    def reset(self) -> Network:
        """Return the network with every edit undone; all of them can be redone."""
        return replace(self, history=self.history.at_position(0))

    def module(self) -> nn.Module:
        """Build a torch.nn.Module in eval mode with a copy of the network's weights, to train, save or trace like any
        other: what is done to it leaves the network as it is."""
        weights, nodes = self.weights, self.architecture.live
        held = {name: weights.tensors(node) for name, node in nodes.items() if isinstance(node.op, (Layer, Constant))}
        copies = {name: {part: tensor.clone() for part, tensor in found.items()} for name, found in held.items()}
        return build_module(self.architecture, copies)

    def train(self, data: str | DataSpec = "digits", recipe: RecipeLike = None, **options: Any) -> TrainingResult:
        """Train the network on a small data set and return it with its weights, its curve and its accuracy:
        `explorer.training.train.train`, which says what the arguments are and what is raised."""
        from explorer.training.train import train

        return train(self, data, recipe, **options)

    def run(self, image: Sample | str | Path = "cat", keep_going: KeepGoing = always) -> Prediction:
        """Run the network on an image: a `Sample`, the name of a built-in photo, or a file.

        Only ops whose input, weights or configuration changed since an earlier run are computed again.

        Args:
            keep_going: called before each op with the fraction done (0 to 1); False stops the run.

        Raises:
            ImageError: the file is not a readable image.
            InsufficientMemory: a pass does not fit in memory; `repairs` holds a resolution that does.
            PassError: an op fails.
            Cancelled: `keep_going` returned False.
        """
        tensor, key = self.preprocess(image)
        weights, forward = self.weights, self.context.forward
        with self.context.lock:
            self._ensure_memory()
            result = forward.run(self.architecture, weights, tensor, key, keep_going)
            return Prediction(result, self.figures.has_batch)

    def run_uncached(self, image: Sample | str | Path, keep_going: KeepGoing = always) -> Prediction:
        """Run as `run` does without caching feature maps: for many images, each used once."""
        tensor, key = self.preprocess(image)
        weights = self.weights
        with self.context.lock:
            result = self.context.forward.fork().run(self.architecture, weights, tensor, key, keep_going)
            return Prediction(result, self.figures.has_batch)

    def measure_photo_distance(self, keep_going: KeepGoing = always) -> PhotoDistance | None:
        """Measure how far apart the outputs for three built-in photos are; None where no classes come out of an image.

        Measured once for each version of the network and each source of weights. Raises as `run` does.
        """
        weights, architecture, context = self.weights, self.architecture, self.context

        def run(photo: torch.Tensor, key: Hashable, photo_keep_going: KeepGoing) -> torch.Tensor:
            with context.lock:
                self._ensure_memory()
                result = context.forward.fork().run(architecture, weights, photo, key, photo_keep_going)
                return result.main_output

        key = ("photo distance", weakref.ref(weights))
        return memoise(architecture, key, lambda: measure_photo_distance(architecture, run, context.preset, keep_going))

    def preprocess(self, image: Sample | str | Path) -> tuple[torch.Tensor, Hashable]:
        """Return an image as the network's main input, (batch, channels, height, width), and its key in the cache.

        Where that is no image, it is the same whatever the image: noise, or what its source says.
        """
        op = self.architecture.input.op
        assert isinstance(op, Input)
        if not takes_photo(op):
            return input_value(op), op.key
        sample = image if isinstance(image, Sample) else load_image(image)
        tensor = preprocess_cached(sample, op.shape, op.dtype, self.context.preset)
        return tensor, (sample.serial, self.context.preset)

    def crop_box(self, image: Sample | str | Path) -> tuple[float, float, float, float] | None:
        """Return the part of an image that the input shows: left, top, width, height, in pixels of the image; None
        where the input is no image."""
        op = self.architecture.input.op
        assert isinstance(op, Input)
        if not takes_photo(op):
            return None
        sample = image if isinstance(image, Sample) else load_image(image)
        return crop_box(sample, self.architecture.input_shape, self.context.preset)

    def load_weights(self, path: str | Path) -> Network:
        """Return the network with the weights of a file: a state dict of `torch.save`, or safetensors.

        Tensors that do not fit are listed in `context.checkpoint.report`; their layers keep seeded weights. Raises
        CheckpointError when the file is unreadable, unsafe, or for another network.
        """
        return self.with_weights(self.read_weights(path))

    def read_weights(self, path: str | Path, preset: str | None = None, name: str = "") -> MatchedCheckpoint:
        """Read the weights of a file and match them to this network by name and shape; they are called as the file
        without a name. Raises CheckpointError."""
        tensors, seeded = read_checkpoint(path), self.weights.seeded
        title = name or Path(path).name
        found = match_checkpoint(tensors, self.architecture, self.history.baseline, seeded, title, preset)
        return replace(found, path=str(Path(path).resolve()), edit_count=self.history.position)

    def with_weights(self, checkpoint: MatchedCheckpoint | None) -> Network:
        """Return the network with these weights; None for those it was opened with."""
        return replace(self, context=self.context.with_weights(checkpoint))

    @property
    def provenance_of(self) -> ProvenanceOf:
        """Function from a node to the provenance of its weights: "kept", "sliced", "extended", "new", or None."""
        loaded = self.context.checkpoint
        return infer_provenance if loaded is None else loaded.source.provenance

    def class_count_in(self, checkpoint: MatchedCheckpoint) -> int:
        """Return the number of classes of a checkpoint that differs in nothing else from this network, or 0."""
        name = find_classifier(self.architecture)
        if not name:
            return 0
        path = self.architecture.nodes[name].path
        wrong = {key: found for key, found, _ in checkpoint.report.mismatched_shapes}
        fits = wrong.keys() == {key for key in (f"{path}.weight", f"{path}.bias") if key in wrong}
        weight = wrong.get(f"{path}.weight", ())
        return weight[0] if fits and weight else 0

    def _ensure_memory(self) -> None:
        """Raise InsufficientMemory when a pass would not fit in memory; its repair is a resolution that would."""
        forward = self.context.forward
        free = free_memory(forward.device)
        try:
            check_memory(self.architecture, free, forward.weight_bytes)
        except InsufficientMemory as failure:
            if failure.needed <= free + forward.cached_bytes:
                forward.clear()
            else:
                side = failure.fitting_side
                failure.repairs = (
                    (Repair(tr("Resolution {side}", side=side), SetInputSize(resolution=side)),) if side else ()
                )
                raise

    def probe(self, image: Sample | str | Path = "cat") -> Probe:
        """Return a probe of the network's activations for an image, as `explorer.analysis.probes` takes it.

        Probes share the cache of `run`. Raises ImageError, InsufficientMemory.
        """
        tensor, key = self.preprocess(image)
        origin = self.context
        with origin.lock:
            self._ensure_memory()
        return Probe(self.architecture, self.weights, tensor, key, origin.forward, origin.lock)

    def probe_pair(self, image: Sample | str | Path = "cat") -> tuple[Probe, Probe]:
        """Return probes of the network and of its baseline for one image: the same one twice where nothing was
        edited. Raises as `probe` does."""
        now = self.probe(image)
        edited = self.baseline.architecture is not self.architecture
        return now, self.baseline.probe(image) if edited else now
