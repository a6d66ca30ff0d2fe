"""What all edited versions of one opened network share: its entry, its weights, cached feature maps."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Mapping
from typing import Any

from explorer.analysis.calibration import build_seeded_weights
from explorer.analysis.forward.engine import ForwardEngine
from explorer.analysis.verification_result import Verification
from explorer.base.memo import memoise
from explorer.graph.architecture import Architecture
from explorer.networks.catalogue import CatalogueEntry
from explorer.networks.input_spec import InputSpec
from explorer.networks.user_module import UserModule
from explorer.weights import SeededWeights, WeightSource
from explorer.weights.checkpoint_matching import MatchedCheckpoint


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
