"""What one number of a feature map was made of: plain data, one class for each form of arithmetic.

Every array is of float64 unless said otherwise; positions are int64. Sums are formed in float64 of what torch holds in
float32, so an explanation differs from torch's number by torch's own rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Positions = NDArray[np.int64]

#: Rounding errors of torch's sums in float32, as a share of the sum of magnitudes. Convolutions by Winograd's method
#: are the least exact (Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR 2016).
RELATIVE_TOLERANCE = 2e-6
_ABSOLUTE_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class NumberPlace:
    """One number of the network: where it stands in the tensor that a node computes.

    `index` has one number for each axis, the batch included. `part` counts the tensors of an op that returns several.
    """

    node: str
    index: tuple[int, ...]
    part: int = 0


@dataclass(frozen=True, eq=False)
class Terms:
    """Numbers of one input that a value is made of, and what each is multiplied by."""

    node: str
    indices: Positions = field(repr=False)  # (terms, axes) in the tensor of `node`
    values: Numbers = field(repr=False)  # (terms,)
    factors: Numbers = field(repr=False)  # (terms,)
    part: int = 0

    @property
    def products(self) -> Numbers:
        """Each value times its factor, of shape (terms,)."""
        return self.values * self.factors

    def place(self, number: int) -> NumberPlace:
        """Return where a term's value stands."""
        return NumberPlace(self.node, tuple(int(at) for at in self.indices[number]), self.part)

    @classmethod
    def single(cls, place: NumberPlace, value: float, factor: float = 1.0) -> Terms:
        """Build the terms of one number."""
        return cls(place.node, np.array([place.index], np.int64), np.array([value]), np.array([factor]), place.part)


@dataclass(frozen=True, eq=False, kw_only=True)
class Explanation:
    """One number, what torch computed for it, and what it is made of."""

    place: NumberPlace
    value: float  # torch's
    explained: float  # what the arithmetic gives
    scale: float = 0.0  # sum of the magnitudes that were added up, against which rounding counts
    terms: tuple[Terms, ...] = ()

    @property
    def tolerance(self) -> float:
        """How far `explained` may be from `value`, for torch's rounding."""
        return RELATIVE_TOLERANCE * max(self.scale, abs(self.value)) + _ABSOLUTE_TOLERANCE

    @property
    def is_exact(self) -> bool:
        """Whether the arithmetic gives torch's number, within the tolerance; the same NaN or infinity counts."""
        if not (np.isfinite(self.value) and np.isfinite(self.explained)):
            return bool(np.array_equal([self.value], [self.explained], equal_nan=True)) or not np.isfinite(self.scale)
        return abs(self.explained - self.value) <= self.tolerance

    def strongest_terms(self) -> Iterator[tuple[NumberPlace, float]]:
        """Yield each term's place and product, the largest magnitude first."""
        found = [(terms, number) for terms in self.terms for number in range(len(terms.values))]
        products = np.concatenate([terms.products for terms in self.terms]) if self.terms else np.empty(0)
        for at in np.argsort(-np.abs(products), kind="stable"):
            terms, number = found[at]
            yield terms.place(number), float(products[at])


@dataclass(frozen=True, eq=False)
class TapWindow:
    """The places of its input that an op reads along each spatial axis: one for each tap of its kernel.

    `is_inside` is False where a tap lies on padding, or, of a transposed convolution, meets no input.
    """

    positions: tuple[Positions, ...]
    is_inside: tuple[NDArray[np.bool_], ...]

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Whether each tap reads a number of the input, of the kernel's shape."""
        inside = np.ones((), np.bool_)
        for axis in self.is_inside:
            inside = inside[..., None] & axis
        return inside


@dataclass(frozen=True, eq=False, kw_only=True)
class WeightedSum(Explanation):
    """Σ patch × kernel + bias: convolutions, linear layers, average pooling, means, products of matrices.

    `patch` and `kernel` are of shape (channels, taps along each axis …); padding counts as zero. `channels` says which
    channel of the input each row is.
    """

    patch: Numbers = field(repr=False)
    kernel: Numbers = field(repr=False)
    channels: Positions = field(repr=False)
    window: TapWindow | None = None  # None where there are no spatial axes
    bias: float | None = None
    is_mean: bool = False  # all factors are 1 ÷ their number
    is_product: bool = False  # the factors are numbers of another input, no weights
    note: str = ""

    @property
    def products(self) -> Numbers:
        """Each number times its weight, of the patch's shape."""
        products: Numbers = self.patch * self.kernel
        return products

    @property
    def channel_sums(self) -> Numbers:
        """What each channel of the input adds, of shape (channels,)."""
        sums: Numbers = self.products.reshape(len(self.patch), -1).sum(1)
        return sums

    @property
    def channels_by_contribution(self) -> Positions:
        """Rows of `patch`, the largest contribution first, ties in their order."""
        return np.argsort(-np.abs(self.channel_sums), kind="stable")


@dataclass(frozen=True, eq=False, kw_only=True)
class WindowMaximum(Explanation):
    """The largest number in a window: max pooling."""

    patch: Numbers = field(repr=False)  # of the window's shape; padding is −∞
    window: TapWindow
    winner: tuple[int, ...]  # where in the window it stands; the first of equal ones


@dataclass(frozen=True, eq=False, kw_only=True)
class CurveValue(Explanation):
    """f(x) of one number: activations. The curve is `outputs` over `inputs`, both of shape (points,)."""

    x: float
    inputs: Numbers = field(repr=False)
    outputs: Numbers = field(repr=False)


@dataclass(frozen=True, eq=False, kw_only=True)
class NormalisedValue(Explanation):
    """(x − mean) ÷ √(variance + ε), times weight, plus bias."""

    x: float
    mean: float
    variance: float
    epsilon: float
    weight: float
    bias: float
    peers: Numbers = field(repr=False)  # the numbers normalised with it: the channel's map, the token, the group
    are_stored: bool  # mean and variance were learnt, and do not come from these numbers

    @property
    def normalised(self) -> float:
        """The number before scaling."""
        return float((self.x - self.mean) / np.sqrt(self.variance + self.epsilon))


@dataclass(frozen=True, eq=False, kw_only=True)
class ResponseNormalised(Explanation):
    """x ÷ (k + α ÷ n · Σ x²)^β over n neighbouring channels: local response normalisation."""

    x: float
    neighbours: Numbers = field(repr=False)
    channels: Positions = field(repr=False)
    size: int
    alpha: float
    beta: float
    k: float


@dataclass(frozen=True, eq=False, kw_only=True)
class SoftmaxShare(Explanation):
    """exp(x − largest) ÷ Σ exp: one share of all; with `is_log`, its logarithm."""

    logits: Numbers = field(repr=False)
    chosen: int
    is_log: bool = False

    @property
    def exponentials(self) -> Numbers:
        """exp of each logit less the largest."""
        powers: Numbers = np.exp(self.logits - self.logits.max())
        return powers


@dataclass(frozen=True, eq=False, kw_only=True)
class MovedValue(Explanation):
    """A number that only moved: concat, shuffle, split, permute, reshape, padding. Without terms, it is `fill`."""

    fill: float = 0.0

    @property
    def source(self) -> NumberPlace | None:
        """Where it came from; None for a number that was filled in."""
        return self.terms[0].place(0) if self.terms else None


@dataclass(frozen=True, eq=False, kw_only=True)
class Combination(Explanation):
    """Two or more numbers at the same place: a sum, a difference, a product, a quotient."""

    symbol: str  # "+", "−", "×", "÷"
    operands: Numbers
    places: tuple[NumberPlace | None, ...]  # None for a number of the code


@dataclass(frozen=True, eq=False, kw_only=True)
class AttentionMix(Explanation):
    """Scores → weights → mix, for one head, and what the heads make together.

    A token asks (`scores` = query · key × scale, one for each token), softmax gives `weights`, and the mix is
    Σ weights × `mixed`, the values of one channel. Where a projection follows, `head_sums` is what each head adds
    through it, and the head shown adds the most.
    """

    scores: Numbers = field(repr=False)  # (tokens,)
    weights: Numbers = field(repr=False)  # (tokens,)
    mixed: Numbers = field(repr=False)  # (tokens,)
    head: int
    mix: float
    head_sums: Numbers = field(repr=False)  # (heads,); empty without a projection
    bias: float | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Dependence(Explanation):
    """An op whose steps are not written out here: which numbers it depends on, and how strongly.

    Factors are ∂value/∂input at these numbers. `explained` is torch's own value: nothing is claimed of it.
    """


@dataclass(frozen=True, eq=False, kw_only=True)
class GivenValue(Explanation):
    """A number that is given: a pixel of the image, a weight that the code reads."""

    is_pixel: bool
