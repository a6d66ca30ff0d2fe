"""An opened network: what was opened, the edits made since, and what can be asked of it.

Frozen: an edit, an undo give the next one, which shares everything with the last.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from explorer.analysis.analysis import Analysis, analyse
from explorer.analysis.calibration import build_seeded_weights, find_classifier
from explorer.analysis.figures.figures import Figures
from explorer.analysis.forward.engine import ForwardEngine, ForwardResult
from explorer.analysis.forward.memory_check import InsufficientMemory, check_memory, free_memory
from explorer.analysis.output_divergence import probabilities, top_classes
from explorer.analysis.probes.probe import Probe
from explorer.analysis.sample import Sample, class_labels, crop_box, load_sample, preprocess, read_image
from explorer.analysis.sample_names import BUILT_IN_SAMPLES
from explorer.base.cancellation import KeepGoing, always
from explorer.base.memo import bounded
from explorer.edits import Edit, History, Repair, SetInputSize
from explorer.edits.history import apply_edit
from explorer.graph.architecture import Architecture, Constant, Layer
from explorer.graph.to_module import build_module
from explorer.graph.trace import trace
from explorer.networks.catalogue import CatalogueEntry, get_entry, instantiate
from explorer.networks.user_module import UserModule
from explorer.weights import LoadedWeights, WeightSource
from explorer.weights.checkpoint import read_checkpoint
from explorer.weights.checkpoint_matching import MatchedCheckpoint, match_checkpoint
from explorer.weights.provenance import ProvenanceOf, infer_provenance


class NetworkContext:
    """What all edited versions of one opened network share: its entry, its weights, and remembered feature maps."""

    def __init__(
        self,
        entry: CatalogueEntry | None,
        weights_factory: Callable[[], WeightSource],
        options: Mapping[str, Any] | None = None,
        user_module: UserModule | None = None,
    ) -> None:
        self.entry = entry
        self.user_module = user_module  # what made it, if it is the user's own and they have said so
        self.options = dict(options or {})
        self.forward = ForwardEngine()
        self.lock = threading.Lock()  # one pass at a time: they share the remembered values
        self.checkpoint: MatchedCheckpoint | None = None
        self._own_weights = _Lazy(weights_factory)

    @property
    def weights(self) -> WeightSource:
        """Those that were loaded, else its own. Made when first asked for: opening a network needs none."""
        return self.checkpoint.source if self.checkpoint is not None else self._own_weights.value

    @property
    def preset(self) -> str | None:
        """torchvision's entry of weights whose preprocessing counts."""
        if self.checkpoint is not None and self.checkpoint.preset is not None:
            return self.checkpoint.preset
        return self.entry.weights if self.entry is not None else None

    def with_weights(self, checkpoint: MatchedCheckpoint | None) -> NetworkContext:
        """The same with other weights, or with its own again; the remembered feature maps are shared."""
        other = copy.copy(self)
        other.checkpoint = checkpoint
        return other


class _Lazy:
    """Made when first asked for, by whichever thread that is; the others wait for it."""

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
    """What a network says of one image."""

    result: ForwardResult = field(repr=False)

    def top(self, count: int = 5) -> Sequence[tuple[str, float]]:
        """The likeliest classes with their probabilities, likeliest first."""
        p = probabilities(self.result.main_output)
        names = class_labels(p.numel())
        return [(names[index], float(p[index])) for index in top_classes(p, count)]


@dataclass(frozen=True)
class Network:
    context: NetworkContext = field(repr=False)
    history: History

    @property
    def title(self) -> str:
        return self.architecture.title

    @property
    def architecture(self) -> Architecture:
        """The snapshot in force."""
        return self.history.current

    @property
    def baseline(self) -> Network:
        """The network as it was opened."""
        return replace(self, history=History(self.history.baseline))

    @property
    def analysis(self) -> Analysis:
        return analyse(self.architecture)

    @property
    def figures(self) -> Figures:
        """Parameters, MACs, FLOPs, activations, receptive field: per node, per group, in total."""
        return self.analysis.figures

    def edit(self, *edits: Edit) -> Network:
        """The network after these edits. Raises EditError, and then nothing has changed."""
        history = self.history
        for edit in edits:
            result = apply_edit(edit, history.current, history.baseline)
            if result is history.current:
                continue
            analyse(result)  # a snapshot that does not hold together is refused here
            history = history.with_edit(edit, result)
        return replace(self, history=history)

    def undo(self) -> Network:
        return replace(self, history=self.history.undo())

    def redo(self) -> Network:
        return replace(self, history=self.history.redo())

    def with_edits(self, *edits: Edit) -> Network:
        """The network with just these edits: as far as they are those of its history they are undone or redone, and
        the rest is made. Raises EditError."""
        known = self.history.edits
        same = next((at for at, edit in enumerate(edits) if at >= len(known) or edit != known[at]), len(edits))
        return replace(self, history=self.history.at_position(same)).edit(*edits[same:])

    def without_edits(self, *edits: Edit) -> Network:
        """The network as if these edits, the latest of their kind, had not been made: the last ones are only undone,
        and can be redone; behind others, those are made again. Raises EditError when one of them needs what goes."""
        kept = list(self.history.applied_edits)
        for edit in reversed(edits):
            at = next((at for at in reversed(range(len(kept))) if kept[at] == edit), None)
            if at is not None:
                del kept[at]
        return self.with_edits(*kept)

    def reset(self) -> Network:
        """Back to the baseline; every edit can still be redone."""
        return replace(self, history=self.history.at_position(0))

    def module(self) -> nn.Module:
        """The network as a live module in eval mode, with its weights: to train, save or trace like any other."""
        weights, nodes = self.context.weights, self.architecture.live
        held = {name: weights.tensors(node) for name, node in nodes.items() if isinstance(node.op, (Layer, Constant))}
        return build_module(self.architecture, held)

    def run(self, image: Sample | str | Path = "cat", keep_going: KeepGoing = always) -> Prediction:
        """Show the network an image: a `Sample`, the name of a built-in photo, or a file.

        Only what changed since the last image and edit runs. Raises ImageError, PassError; Cancelled when `wanted`,
        asked before each op with the part that is done, says no.
        """
        tensor, key = self.preprocess(image)
        weights, forward = self.context.weights, self.context.forward
        with self.context.lock:
            self._ensure_memory()
            return Prediction(forward.run(self.architecture, weights, tensor, key, keep_going))

    def run_uncached(self, image: Sample | str | Path, keep_going: KeepGoing = always) -> Prediction:
        """As `run`, but no feature map is remembered: for many images, each seen once."""
        tensor, key = self.preprocess(image)
        weights = self.context.weights
        with self.context.lock:
            return Prediction(self.context.forward.fork().run(self.architecture, weights, tensor, key, keep_going))

    def preprocess(self, image: Sample | str | Path) -> tuple[torch.Tensor, Hashable]:
        """An image as the network sees it, (batch, channels, height, width), and a key for what is computed from it."""
        sample = image if isinstance(image, Sample) else _load_image(image)
        return _preprocess_cached(sample, self.architecture.input_shape, self.context.preset), (
            sample.serial,
            self.context.preset,
        )

    def crop_box(self, image: Sample | str | Path) -> tuple[float, float, float, float]:
        """The part of an image that the network sees: left, top, width, height, in pixels of the image."""
        sample = image if isinstance(image, Sample) else _load_image(image)
        return crop_box(sample, self.architecture.input_shape, self.context.preset)

    def load_weights(self, path: str | Path) -> Network:
        """The network with the weights of a file (`torch.save` of a state dict, or safetensors). What does not fit is
        in `origin.loaded.report`, and keeps random weights. Raises CheckpointError, and then nothing has changed."""
        return self.with_weights(self.read_weights(path))

    def read_weights(self, path: str | Path, preset: str | None = None) -> MatchedCheckpoint:
        """The weights of a file, matched to this network. Raises CheckpointError."""
        tensors = read_checkpoint(path)
        random = self.context.weights.seeded
        return match_checkpoint(tensors, self.architecture, self.history.baseline, random, Path(path).name, preset)

    def with_weights(self, checkpoint: MatchedCheckpoint | None) -> Network:
        """The network with these weights; None for those it was opened with."""
        return replace(self, context=self.context.with_weights(checkpoint))

    @property
    def provenance_of(self) -> ProvenanceOf:
        """Says of a node whether it has the weights that were opened or loaded, a part of them, or new ones."""
        loaded = self.context.checkpoint
        return infer_provenance if loaded is None else loaded.source.provenance

    def class_count_in(self, checkpoint: MatchedCheckpoint) -> int:
        """How many classes a file tells apart, where it would fit but for that; 0 otherwise."""
        name = find_classifier(self.architecture)
        if not name:
            return 0
        path = self.architecture.nodes[name].path
        wrong = {key: found for key, found, _ in checkpoint.report.mismatched_shapes}
        fits = wrong.keys() == {key for key in (f"{path}.weight", f"{path}.bias") if key in wrong}
        weight = wrong.get(f"{path}.weight", ())
        return weight[0] if fits and weight else 0

    def _ensure_memory(self) -> None:
        """Raises NoRoom when a pass would not fit in memory, with the resolution at which it would as a way out."""
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
        """The network while it is shown an image: to look at what happens inside. Raises ImageError, NoRoom.

        What `explorer.analysis` finds in it shares everything that `run` remembers.
        """
        tensor, key = self.preprocess(image)
        origin = self.context
        with origin.lock:
            self._ensure_memory()
        return Probe(self.architecture, origin.weights, tensor, key, origin.forward, origin.lock)

    def probe_pair(self, image: Sample | str | Path = "cat") -> tuple[Probe, Probe]:
        """The network and what it was when it was opened, shown the same image; one and the same where nothing was
        edited. Raises as `showing` does."""
        now = self.probe(image)
        edited = self.baseline.architecture is not self.architecture
        return now, self.baseline.probe(image) if edited else now


def open_network(
    source: str | nn.Module,
    *,
    input_shape: tuple[int, ...] | None = None,
    options: Mapping[str, Any] | None = None,
    edits: Iterable[Edit] = (),
    seed: int = 0,
    user_module: UserModule | None = None,
) -> Network:
    """Open a network of the catalogue by its key, or any traceable module.

    Args:
        input_shape: (batch, channels, height, width); the entry's own, or (1, 3, 224, 224).
        options: of the catalogue entry, such as {"width_mult": 0.5} or {"aux_heads": True}.
        seed: of the random weights. A module keeps its own weights.
        own: what made a module, for a project to name.

    Raises:
        UnknownNetwork: no such key; the message names the nearest.
        TraceFailure: the module's forward cannot be followed; the message says where.
        ShapeError: it does not take an input of that shape.
    """
    if isinstance(source, nn.Module):
        network = _open_module(source, input_shape or (1, 3, 224, 224), seed, user_module)
    else:
        network = _open_entry(get_entry(source), input_shape, options, seed)
    analyse(network.architecture)
    return network.edit(*edits)


def _open_entry(
    entry: CatalogueEntry, shape: tuple[int, ...] | None, options: Mapping[str, Any] | None, seed: int
) -> Network:
    module = instantiate(entry, options)
    architecture = trace(module, shape or (1, *entry.input_size), title=entry.title, key=entry.key)

    def weights() -> WeightSource:
        return build_seeded_weights(
            architecture, seed, _read_buffers(architecture, lambda: instantiate(entry, options, device="cpu"))
        )

    return Network(NetworkContext(entry, weights, options), History(architecture))


def _open_module(module: nn.Module, shape: tuple[int, ...], seed: int, user_module: UserModule | None) -> Network:
    architecture = trace(module, shape)
    tensors = {**dict(module.named_parameters(remove_duplicate=False)), **dict(module.named_buffers())}

    def weights() -> WeightSource:
        fallback = build_seeded_weights(architecture, seed, _read_buffers(architecture, lambda: module))
        if any(tensor.is_meta for tensor in tensors.values()):
            return fallback
        return LoadedWeights({name: tensor.detach().clone() for name, tensor in tensors.items()}, fallback)

    return Network(NetworkContext(None, weights, user_module=user_module), History(architecture))


def _read_buffers(architecture: Architecture, factory: Callable[[], nn.Module]) -> dict[str, torch.Tensor]:
    """Buffers that the forward reads directly, such as Swin's position indices: a module on the meta device has
    lost them, so it is made again for real."""
    paths = {n.path for n in architecture.nodes.values() if isinstance(n.op, Constant) and not n.op.is_parameter}
    if not paths:
        return {}
    return {path: tensor for path, tensor in factory().named_buffers() if path in paths and not tensor.is_meta}


@bounded(4)
def _preprocess_cached(sample: Sample, shape: tuple[int, ...], preset: str | None) -> torch.Tensor:
    """Scaling a large photo takes longer than running what an edit changed."""
    tensor: torch.Tensor = preprocess(sample, shape, preset)
    return tensor


@bounded(16)
def _load_builtin(name: str) -> Sample:
    """One object for each photo, so that what was computed on it is found again."""
    return load_sample(name)


def _load_image(image: str | Path) -> Sample:
    """A built-in photo by name, or a file."""
    if str(image) not in BUILT_IN_SAMPLES:
        return read_image(image)
    return _load_builtin(str(image))


__all__ = ["Network", "NetworkContext", "Prediction", "open_network"]
