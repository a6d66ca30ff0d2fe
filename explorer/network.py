"""An opened network: its architecture, its edits, its figures, its outputs, and `open_network`, which opens one."""

from __future__ import annotations

import copy
import threading
import warnings
import weakref
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from explorer.analysis.analysis import Analysis, analyse
from explorer.analysis.calibration import build_seeded_weights, find_classifier
from explorer.analysis.example_inputs import input_value
from explorer.analysis.figures.figures import Figures
from explorer.analysis.forward.engine import ForwardEngine, ForwardResult
from explorer.analysis.forward.memory_check import InsufficientMemory, check_memory, free_memory
from explorer.analysis.image_file import read_image
from explorer.analysis.output_divergence import probabilities, top_classes
from explorer.analysis.photo_distance import PhotoDistance, measure_photo_distance
from explorer.analysis.probes.probe import Probe
from explorer.analysis.sample import Sample, class_labels, crop_box, load_sample, preprocess
from explorer.analysis.sample_names import BUILT_IN_SAMPLES
from explorer.analysis.verification import Verification, VerifiedModule, open_verified
from explorer.base.cancellation import KeepGoing, always
from explorer.base.memo import bounded, memoise
from explorer.edits import Edit, History, Recalibrate, Repair, SetInputSize
from explorer.edits.channel_carrying import carry_channels
from explorer.edits.history import apply_edit
from explorer.graph.architecture import Architecture
from explorer.graph.ops import Constant, Input, Layer
from explorer.graph.to_module import build_module
from explorer.graph.trace import trace
from explorer.networks.catalogue import CatalogueEntry, get_entry, instantiate
from explorer.networks.input_spec import InputError, InputSpec, parse_inputs, single_input
from explorer.networks.user_module import UserModule
from explorer.weights import LoadedWeights, SeededWeights, WeightSource
from explorer.weights.checkpoint import read_checkpoint
from explorer.weights.checkpoint_matching import MatchedCheckpoint, match_checkpoint
from explorer.weights.provenance import ProvenanceOf, infer_provenance


class NetworkContext:
    """State that all edited versions of one opened network share: its entry, its weights, cached feature maps."""

    def __init__(
        self,
        entry: CatalogueEntry | None,
        weights_factory: Callable[[], WeightSource],
        options: Mapping[str, Any] | None = None,
        user_module: UserModule | None = None,
        verification: Verification | None = None,
        inputs: tuple[InputSpec, ...] = (),
    ) -> None:
        self.entry = entry
        self.inputs = inputs  # what a module of the user's own was opened with
        self.file = ""  # of a model in another format (ONNX) that it was opened from
        self.verification = verification  # how a module of the user's own compared with itself
        self.user_module = user_module  # the user's code that builds it, if known
        self.options = dict(options or {})
        self.forward = ForwardEngine()
        self.lock = threading.Lock()  # one pass at a time: passes share the cache
        self.checkpoint: MatchedCheckpoint | None = None
        self._own_weights = _Lazy(weights_factory)

    @property
    def weights(self) -> WeightSource:
        """The loaded weights, else the network's own, which are created on first use: opening needs none."""
        return self.checkpoint.source if self.checkpoint is not None else self._own_weights.value

    def weights_calibrated_on(self, architecture: Architecture) -> WeightSource:
        """Return the weights for a network that was calibrated anew as this snapshot: the same where they are not
        seeded."""
        weights = self.weights
        if not isinstance(weights, SeededWeights):
            return weights
        key = ("seeded weights", (weights.seed, id(weights)))
        return memoise(
            architecture,
            key,
            lambda: build_seeded_weights(
                architecture, weights.seed, weights.buffers, preset=self.preset, is_recalibrated=True
            ),
        )

    @property
    def preset(self) -> str | None:
        """Name of the torchvision weights whose preprocessing applies; None for the usual one."""
        if self.checkpoint is not None and self.checkpoint.preset is not None:
            return self.checkpoint.preset
        return self.entry.weights if self.entry is not None else None

    def with_weights(self, checkpoint: MatchedCheckpoint | None) -> NetworkContext:
        """Return a copy with other weights, or (None) with its own again; cached feature maps are shared."""
        other = copy.copy(self)
        other.checkpoint = checkpoint
        return other


class _Lazy:
    """Value created on first use, by whichever thread that is; the others wait for it."""

    def __init__(self, factory: Callable[[], WeightSource]) -> None:
        self._factory = factory
        self._value: WeightSource | None = None
        self._lock = threading.Lock()

    @property
    def value(self) -> WeightSource:
        with self._lock:
            if self._value is None:
                self._value = self._factory()
            return self._value


@dataclass(frozen=True)
class Prediction:
    """Output of a network for one image.

    prediction = explorer.open("resnet18").run("cat")
    prediction.top(3)          # [("tabby", 0.31), …], of the seeded or loaded weights
    prediction.result.value    # the tensor, or the tuple or dict, that the network returns
    """

    result: ForwardResult = field(repr=False)

    def top(self, count: int = 5) -> Sequence[tuple[str, float]]:
        """Return the most likely classes with their probabilities (0 to 1), most likely first."""
        p = probabilities(self.result.main_output)
        names = class_labels(p.numel())
        return [(names[index], float(p[index])) for index in top_classes(p, count)]

    def __repr__(self) -> str:
        shape = tuple(self.result.main_output.shape)
        if len(shape) == 2 and shape[1] > 1:
            return f"Prediction({', '.join(f'{name} {100 * p:.1f} %' for name, p in self.top(3))})"
        return f"Prediction(output of shape {shape})"


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
        for edit in edits:
            result = apply_edit(edit, history.current)
            if result is history.current:
                continue
            analyse(result)  # raises for an inconsistent snapshot
            history = history.with_edit(edit, result)
        return replace(self, history=history)

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
        """Build a torch.nn.Module in eval mode with the network's weights, to train, save or trace like any other."""
        weights, nodes = self.weights, self.architecture.live
        held = {name: weights.tensors(node) for name, node in nodes.items() if isinstance(node.op, (Layer, Constant))}
        return build_module(self.architecture, held)

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
            return Prediction(forward.run(self.architecture, weights, tensor, key, keep_going))

    def run_uncached(self, image: Sample | str | Path, keep_going: KeepGoing = always) -> Prediction:
        """Run as `run` does without caching feature maps: for many images, each used once."""
        tensor, key = self.preprocess(image)
        weights = self.weights
        with self.context.lock:
            return Prediction(self.context.forward.fork().run(self.architecture, weights, tensor, key, keep_going))

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
        if not _takes_photo(op):
            return input_value(op), op.key
        sample = image if isinstance(image, Sample) else _load_image(image)
        tensor = _preprocess_cached(sample, op.shape, op.dtype, self.context.preset)
        return tensor, (sample.serial, self.context.preset)

    def crop_box(self, image: Sample | str | Path) -> tuple[float, float, float, float] | None:
        """Return the part of an image that the input shows: left, top, width, height, in pixels of the image; None
        where the input is no image."""
        op = self.architecture.input.op
        assert isinstance(op, Input)
        if not _takes_photo(op):
            return None
        sample = image if isinstance(image, Sample) else _load_image(image)
        return crop_box(sample, self.architecture.input_shape, self.context.preset)

    def load_weights(self, path: str | Path) -> Network:
        """Return the network with the weights of a file: a state dict of `torch.save`, or safetensors.

        Tensors that do not fit are listed in `context.checkpoint.report`; their layers keep seeded weights. Raises
        CheckpointError when the file is unreadable, unsafe, or for another network.
        """
        return self.with_weights(self.read_weights(path))

    def read_weights(self, path: str | Path, preset: str | None = None) -> MatchedCheckpoint:
        """Read the weights of a file and match them to this network by name and shape. Raises CheckpointError."""
        tensors = read_checkpoint(path)
        random = self.weights.seeded
        return match_checkpoint(tensors, self.architecture, self.history.baseline, random, Path(path).name, preset)

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
                failure.repairs = (Repair(f"Resolution {side}", SetInputSize(resolution=side)),) if side else ()
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


def open_network(
    source: str | nn.Module,
    *,
    input_shape: tuple[int, ...] | None = None,
    inputs: str | InputSpec | Iterable[str | InputSpec] = (),
    options: Mapping[str, Any] | None = None,
    edits: Iterable[Edit] = (),
    seed: int = 0,
    user_module: UserModule | None = None,
) -> Network:
    """Open a network of the catalogue by its key, or any traceable module.

        explorer.open("mobilenet_v2", options={"width_mult": 0.5})
        explorer.open(torchvision.models.resnet18(), input_shape=(1, 3, 64, 64))

    Args:
        source: a key of the catalogue (`explorer.all_entries`), or a module, which keeps its own weights.
        input_shape: (batch, channels, height, width); without one the entry's own, or (1, 3, 224, 224) for a module.
        inputs: of a module, in place of `input_shape`: what its forward takes, as `InputSpec`s or as texts such as
            "image=3x224x224:float32@photo", "tokens=[16]:int64@0..999", "mask=None". Without either, what its signature
            suggests.
        options: of the catalogue entry, such as {"width_mult": 0.5} or {"aux_heads": True}.
        edits: to make at once.
        seed: of the random weights.
        user_module: the code that builds the module, for a project file to name.

    Raises:
        UnknownNetwork: no such key; the message names the nearest.
        InputError: an input cannot be read, or the forward has none of that name.
        TraceError: the module's forward cannot be followed; the message says where.
        ShapeError: it does not take an input of that shape.
        EditError: one of the edits cannot be made.
    """
    if isinstance(source, nn.Module):
        specs = parse_inputs(inputs)
        if input_shape is not None and specs:
            raise InputError("give either input_shape or inputs: an input of inputs has its own shape")
        opened = open_verified(source, single_input(input_shape) if input_shape is not None else specs)
        return network_from_verified(opened, seed=seed, user_module=user_module, edits=edits)
    if inputs:
        raise InputError("inputs are of a module; a network of the catalogue takes an image: use input_shape")
    network = _open_entry(get_entry(source), input_shape, options, seed)
    analyse(network.architecture)
    return network.edit(*edits)


def network_from_verified(
    opened: VerifiedModule, *, seed: int = 0, user_module: UserModule | None = None, edits: Iterable[Edit] = ()
) -> Network:
    """Return the network of a module that was opened and compared, in this process or in another one.

    Raises ShapeError when its snapshot does not hold together, EditError for an edit that cannot be made.
    """
    architecture = opened.architecture

    def weights() -> WeightSource:
        fallback = build_seeded_weights(architecture, seed, _buffers_of(opened))
        return LoadedWeights(opened.tensors, fallback) if opened.tensors else fallback

    analyse(architecture)
    context = NetworkContext(
        None, weights, user_module=user_module, verification=opened.verification, inputs=opened.inputs
    )
    return Network(context, History(architecture)).edit(*edits)


def _open_entry(
    entry: CatalogueEntry, shape: tuple[int, ...] | None, options: Mapping[str, Any] | None, seed: int
) -> Network:
    module = instantiate(entry, options)
    architecture = trace(module, shape or (1, *entry.input_size), title=entry.title, key=entry.key)

    def weights() -> WeightSource:
        return build_seeded_weights(
            architecture,
            seed,
            _read_buffers(architecture, lambda: instantiate(entry, options, device="cpu")),
            preset=entry.weights,
        )

    return Network(NetworkContext(entry, weights, options), History(architecture))


def _buffers_of(opened: VerifiedModule) -> dict[str, torch.Tensor]:
    module = opened.module
    if opened.tensors or module is None:
        return dict(opened.tensors)
    return _read_buffers(opened.architecture, lambda: module)  # one on the meta device


def _read_buffers(architecture: Architecture, factory: Callable[[], nn.Module]) -> dict[str, torch.Tensor]:
    """Buffers that the forward reads directly, such as Swin's position indices: a module on the meta device has
    lost them, so it is made again for real."""
    constants = [n for n in architecture.nodes.values() if isinstance(n.op, Constant)]
    paths = {n.path for n in constants if not (n.op.is_parameter or n.op.value is not None)}  # type: ignore[union-attr]
    if not paths:
        return {}
    module = factory()
    found = {path: tensor for path, tensor in module.named_buffers() if path in paths and not tensor.is_meta}
    if paths - found.keys():  # made of buffers while it was traced, such as MaxViT's position indices
        traced = trace(module, architecture.input_shape).nodes.values()
        computed = {n.path: n.op.value for n in traced if isinstance(n.op, Constant) and n.op.value is not None}
        found |= {path: computed[path] for path in paths - found.keys() if path in computed}
    return found


def _takes_photo(op: Input) -> bool:
    """Whether the photo of the window goes into an input."""
    return op.source in ("", "photo") and len(op.shape) == 4 and op.dtype.is_floating_point


@bounded(4)
def _preprocess_cached(sample: Sample, shape: tuple[int, ...], dtype: torch.dtype, preset: str | None) -> torch.Tensor:
    """Scaling a large photo takes longer than running what an edit changed."""
    tensor: torch.Tensor = preprocess(sample, shape, preset)
    return tensor.to(dtype)


@bounded(16)
def _load_builtin(name: str) -> Sample:
    """One object for each photo, so that what was computed on it is found again."""
    return load_sample(name)


def _load_image(image: str | Path) -> Sample:
    """A built-in photo by name, or a file."""
    if str(image) not in BUILT_IN_SAMPLES:
        return read_image(image)
    return _load_builtin(str(image))


__all__ = ["Network", "NetworkContext", "Prediction", "network_from_verified", "open_network"]
