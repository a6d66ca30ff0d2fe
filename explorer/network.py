"""An opened network: what was opened, the edits made since, and what can be asked of it.

Frozen: an edit, an undo give the next one, which shares everything with the last.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import nn

from explorer.analysis.calibration import classifier, seeded
from explorer.analysis.comparison import probabilities, top
from explorer.analysis.figures import Figures
from explorer.analysis.forward import Forward, Result
from explorer.analysis.photos import BUILT_IN
from explorer.analysis.room import NoRoom, check_room, free_memory
from explorer.analysis.sample import Sample, built_in, crop_box, labels, preprocess, read
from explorer.analysis.showing import Showing
from explorer.analysis.study import Study, study
from explorer.edits import Edit, History, InputSize, Repair
from explorer.edits.history import made
from explorer.graph.architecture import Architecture, Constant, Layer
from explorer.graph.module import as_module
from explorer.graph.trace import trace
from explorer.networks.catalogue import Entry, build, find
from explorer.networks.own import Own
from explorer.wanted import Wanted, always
from explorer.weights import Given, Source
from explorer.weights.checkpoint import read_checkpoint
from explorer.weights.matching import Loaded, matched
from explorer.weights.provenance import Told, provenance


class Origin:
    """What all edited versions of one opened network share: its entry, its weights, and remembered feature maps."""

    def __init__(
        self,
        entry: Entry | None,
        make_weights: Callable[[], Source],
        options: Mapping[str, Any] | None = None,
        own: Own | None = None,
    ) -> None:
        self.entry = entry
        self.own = own  # what made it, if it is the user's own and they have said so
        self.options = dict(options or {})
        self.forward = Forward()
        self.lock = threading.Lock()  # one pass at a time: they share the remembered values
        self.loaded: Loaded | None = None
        self._own = _Once(make_weights)

    @property
    def weights(self) -> Source:
        """Those that were loaded, else its own. Made when first asked for: opening a network needs none."""
        return self.loaded.source if self.loaded is not None else self._own.value

    @property
    def preset(self) -> str | None:
        """torchvision's entry of weights whose preprocessing counts."""
        if self.loaded is not None and self.loaded.preset is not None:
            return self.loaded.preset
        return self.entry.weights if self.entry is not None else None

    def with_weights(self, loaded: Loaded | None) -> Origin:
        """The same with other weights, or with its own again; the remembered feature maps are shared."""
        other = copy.copy(self)
        other.loaded = loaded
        return other


class _Once:
    """Made when first asked for, by whichever thread that is; the others wait for it."""

    def __init__(self, make: Callable[[], Source]) -> None:
        self._make = make
        self._made: Source | None = None
        self._lock = threading.Lock()

    @property
    def value(self) -> Source:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made


@dataclass(frozen=True)
class Prediction:
    """What a network says of one image."""

    result: Result = field(repr=False)

    def top(self, count: int = 5) -> Sequence[tuple[str, float]]:
        """The likeliest classes with their probabilities, likeliest first."""
        p = probabilities(self.result.main)
        names = labels(p.numel())
        return [(names[index], float(p[index])) for index in top(p, count)]


@dataclass(frozen=True)
class Network:
    origin: Origin = field(repr=False)
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
    def study(self) -> Study:
        return study(self.architecture)

    @property
    def figures(self) -> Figures:
        """Parameters, MACs, FLOPs, activations, receptive field: per node, per group, in total."""
        return self.study.figures

    def edit(self, *edits: Edit) -> Network:
        """The network after these edits. Raises EditError, and then nothing has changed."""
        history = self.history
        for edit in edits:
            result = made(edit, history.current)
            if result is history.current:
                continue
            study(result)  # a snapshot that does not hold together is refused here
            history = history.done(edit, result)
        return replace(self, history=history)

    def undo(self) -> Network:
        return replace(self, history=self.history.undone())

    def redo(self) -> Network:
        return replace(self, history=self.history.redone())

    def to(self, *edits: Edit) -> Network:
        """The network with just these edits: as far as they are those of its history they are undone or redone, and
        the rest is made. Raises EditError."""
        known = self.history.edits
        same = next((at for at, edit in enumerate(edits) if at >= len(known) or edit != known[at]), len(edits))
        return replace(self, history=self.history.at(same)).edit(*edits[same:])

    def without(self, *edits: Edit) -> Network:
        """The network as if these edits, the latest of their kind, had not been made: the last ones are only undone,
        and can be redone; behind others, those are made again. Raises EditError when one of them needs what goes."""
        kept = list(self.history.in_force)
        for edit in reversed(edits):
            at = next((at for at in reversed(range(len(kept))) if kept[at] == edit), None)
            if at is not None:
                del kept[at]
        return self.to(*kept)

    def reset(self) -> Network:
        """Back to the baseline; every edit can still be redone."""
        return replace(self, history=self.history.at(0))

    def module(self) -> nn.Module:
        """The network as a live module in eval mode, with its weights: to train, save or trace like any other."""
        weights, nodes = self.origin.weights, self.architecture.live
        held = {name: weights.tensors(node) for name, node in nodes.items() if isinstance(node.op, (Layer, Constant))}
        return as_module(self.architecture, held)

    def run(self, image: Sample | str | Path = "cat", wanted: Wanted = always) -> Prediction:
        """Show the network an image: a `Sample`, the name of a built-in photo, or a file.

        Only what changed since the last image and edit runs. Raises ImageError, PassError; Cancelled when `wanted`,
        asked before each op with the part that is done, says no.
        """
        tensor, key = self.seen(image)
        weights, forward = self.origin.weights, self.origin.forward
        with self.origin.lock:
            self._make_room()
            return Prediction(forward.run(self.architecture, weights, tensor, key, wanted))

    def top1(self, image: Sample | str | Path, wanted: Wanted = always) -> Prediction:
        """As `run`, but no feature map is remembered: for many images, each seen once."""
        tensor, key = self.seen(image)
        weights = self.origin.weights
        with self.origin.lock:
            return Prediction(self.origin.forward.beside().run(self.architecture, weights, tensor, key, wanted))

    def seen(self, image: Sample | str | Path) -> tuple[torch.Tensor, Hashable]:
        """An image as the network sees it, (batch, channels, height, width), and a key for what is computed from it."""
        sample = image if isinstance(image, Sample) else _sample(image)
        return _prepared(sample, self.architecture.input_shape, self.origin.preset), (sample.number, self.origin.preset)

    def crop(self, image: Sample | str | Path) -> tuple[float, float, float, float]:
        """The part of an image that the network sees: left, top, width, height, in pixels of the image."""
        sample = image if isinstance(image, Sample) else _sample(image)
        return crop_box(sample, self.architecture.input_shape, self.origin.preset)

    def load_weights(self, path: str | Path) -> Network:
        """The network with the weights of a file (`torch.save` of a state dict, or safetensors). What does not fit is
        in `origin.loaded.report`, and keeps random weights. Raises CheckpointError, and then nothing has changed."""
        return self.with_weights(self.read_weights(path))

    def read_weights(self, path: str | Path, preset: str | None = None) -> Loaded:
        """The weights of a file, matched to this network. Raises CheckpointError."""
        tensors = read_checkpoint(path)
        random = self.origin.weights.random
        return matched(tensors, self.architecture, self.history.baseline, random, Path(path).name, preset)

    def with_weights(self, loaded: Loaded | None) -> Network:
        """The network with these weights; None for those it was opened with."""
        return replace(self, origin=self.origin.with_weights(loaded))

    @property
    def weights_of(self) -> Told:
        """Says of a node whether it has the weights that were opened or loaded, a part of them, or new ones."""
        loaded = self.origin.loaded
        return provenance if loaded is None else loaded.source.provenance

    def classes_in(self, loaded: Loaded) -> int:
        """How many classes a file tells apart, where it would fit but for that; 0 otherwise."""
        name = classifier(self.architecture)
        if not name:
            return 0
        path = self.architecture.nodes[name].path
        wrong = {key: found for key, found, _ in loaded.report.misshapen}
        fits = wrong.keys() == {key for key in (f"{path}.weight", f"{path}.bias") if key in wrong}
        weight = wrong.get(f"{path}.weight", ())
        return weight[0] if fits and weight else 0

    def _make_room(self) -> None:
        """Raises NoRoom when a pass would not fit in memory, with the resolution at which it would as a way out."""
        forward = self.origin.forward
        free = free_memory(forward.device)
        try:
            check_room(self.architecture, free, forward.materialised)
        except NoRoom as failure:
            if failure.needed <= free + forward.remembered:
                forward.forget()
            else:
                side = failure.side
                failure.repairs = (Repair(f"Resolution {side}", InputSize(resolution=side)),) if side else ()
                raise

    def showing(self, image: Sample | str | Path = "cat") -> Showing:
        """The network while it is shown an image: to look at what happens inside. Raises ImageError, NoRoom.

        What `explorer.analysis` finds in it shares everything that `run` remembers.
        """
        tensor, key = self.seen(image)
        origin = self.origin
        with origin.lock:
            self._make_room()
        return Showing(self.architecture, origin.weights, tensor, key, origin.forward, origin.lock)

    def showings(self, image: Sample | str | Path = "cat") -> tuple[Showing, Showing]:
        """The network and what it was when it was opened, shown the same image; one and the same where nothing was
        edited. Raises as `showing` does."""
        now = self.showing(image)
        edited = self.baseline.architecture is not self.architecture
        return now, self.baseline.showing(image) if edited else now


def open_network(
    what: str | nn.Module,
    *,
    input_shape: tuple[int, ...] | None = None,
    options: Mapping[str, Any] | None = None,
    edits: Iterable[Edit] = (),
    seed: int = 0,
    own: Own | None = None,
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
    if isinstance(what, nn.Module):
        network = _open_module(what, input_shape or (1, 3, 224, 224), seed, own)
    else:
        network = _open_entry(find(what), input_shape, options, seed)
    study(network.architecture)
    return network.edit(*edits)


def _open_entry(entry: Entry, shape: tuple[int, ...] | None, options: Mapping[str, Any] | None, seed: int) -> Network:
    module = build(entry, options)
    architecture = trace(module, shape or (1, *entry.input_size), title=entry.title, key=entry.key)

    def weights() -> Source:
        return seeded(architecture, seed, _tables(architecture, lambda: build(entry, options, device="cpu")))

    return Network(Origin(entry, weights, options), History(architecture))


def _open_module(module: nn.Module, shape: tuple[int, ...], seed: int, own: Own | None) -> Network:
    architecture = trace(module, shape)
    tensors = {**dict(module.named_parameters(remove_duplicate=False)), **dict(module.named_buffers())}

    def weights() -> Source:
        fallback = seeded(architecture, seed, _tables(architecture, lambda: module))
        if any(tensor.is_meta for tensor in tensors.values()):
            return fallback
        return Given({name: tensor.detach().clone() for name, tensor in tensors.items()}, fallback)

    return Network(Origin(None, weights, own=own), History(architecture))


def _tables(architecture: Architecture, make: Callable[[], nn.Module]) -> dict[str, torch.Tensor]:
    """Buffers that the forward reads directly, such as Swin's position indices: a module on the meta device has
    lost them, so it is made again for real."""
    paths = {n.path for n in architecture.nodes.values() if isinstance(n.op, Constant) and not n.op.trained}
    if not paths:
        return {}
    return {path: tensor for path, tensor in make().named_buffers() if path in paths and not tensor.is_meta}


@lru_cache(maxsize=4)
def _prepared(sample: Sample, shape: tuple[int, ...], preset: str | None) -> torch.Tensor:
    """Scaling a large photo takes longer than running what an edit changed."""
    tensor: torch.Tensor = preprocess(sample, shape, preset)
    return tensor


_SAMPLES: dict[str, Sample] = {}


def _sample(image: str | Path) -> Sample:
    """A built-in photo by name (one object each, so that what was computed on it is remembered), or a file."""
    if str(image) not in BUILT_IN:
        return read(image)
    return _SAMPLES.setdefault(str(image), built_in(str(image)))


__all__ = ["Network", "Origin", "Prediction", "open_network"]
