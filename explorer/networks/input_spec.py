"""What a network is given: an `InputSpec` for each tensor or plain value that its forward takes.

One list of these is all that is known of the inputs, wherever it comes from: Python, the window, a project, or the
command line, where each is written as text: "image=3x224x224:float32@photo". See `InputSpec.from_text`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any

from explorer.base.full_width import to_half_width
from explorer.base.languages import join_list, tr

#: Number formats by name; "" is the module's own.
DTYPES = (
    *("float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"),
    *("complex64", "complex128"),
)

#: Most numbers that an input may have: 2 GiB of 32-bit floats.
MAX_ELEMENTS = 2**29

_IMAGE_SHAPE = (1, 3, 224, 224)

_NAME = re.compile(r"^[^\W\d]\w*(\[[^\[\]]+\])*$")
_PLACE = re.compile(r"\[([^\[\]]+)\]")
_RANGE = re.compile(r"^(-?\d{1,18})\.\.(-?\d{1,18})$")
_NUMBERS = re.compile(r"^[-+\d.eE,\s]+$")
_FILES = (".npy", ".pt", ".pth")
_PLAIN = {"none": None, "true": True, "false": False}


class InputError(ValueError):
    """Input that cannot be read or used. The message quotes it and says what is possible."""


@dataclass(frozen=True, slots=True)
class InputSpec:
    """One input: a tensor of a shape with numbers from a source, or (`is_plain`) a value that is no tensor.

    `name` is that of the argument of the forward, with places in lists and dicts in brackets: "features[0]",
    "batch[mask]"; without one it is the first argument. Sources are "photo" (the one that the window shows),
    "photo cat" and so on, "noise", "zeros", "ones", whole numbers of a range such as "0..999", a file (.npy, .pt),
    numbers such as "1, 2.5, 3"; and "" for the photo where the input is an image, noise elsewhere.
    """

    name: str = ""
    shape: tuple[int, ...] = _IMAGE_SHAPE  # batch included, where there is one
    dtype: str = ""  # one of DTYPES; "" for the module's own
    source: str = ""
    is_plain: bool = False
    plain_value: bool | int | float | str | None = None

    def __post_init__(self) -> None:
        """Raise InputError for what no input can be."""
        if self.name and not _NAME.match(self.name):
            raise InputError(
                tr('"{name}" is no name of an argument, such as image, features[0] or batch[mask]', name=self.name)
            )
        if self.dtype and self.dtype not in DTYPES:
            raise InputError(
                tr('"{dtype}" is no number format; there are {names}', dtype=self.dtype, names=join_list(DTYPES))
            )
        if any(side < 0 for side in self.shape) or len(self.shape) > 8 or prod(self.shape) > MAX_ELEMENTS:
            raise InputError(
                tr("{shape} is no shape: at most 8 sides and 2 GiB of numbers", shape="×".join(map(str, self.shape)))
            )
        if not self.is_plain:
            check_source(self.source)

    @classmethod
    def plain(cls, name: str, value: bool | int | float | str | None) -> InputSpec:
        """Return the input of a flag, a number, a text or None."""
        return cls(name, (), is_plain=True, plain_value=value)

    @classmethod
    def from_text(cls, text: str) -> InputSpec:
        """Return the input that "name=shape:dtype@source" describes; each part may be missing.

        A shape such as 3x224x224 is that of one example, to which a batch of one is added; [16x3] is taken as it is,
        and [] is one number. Plain values are None, True, False, or follow an @: "scale=@2", "mode=@'sum'". Digits and
        marks may be full width.
        Raises InputError.
        """
        name, equals, rest = _with_half_widths(text).partition("=")
        if not equals:
            name, rest = "", text
        name, rest = name.strip(), rest.strip()
        if rest.casefold() in _PLAIN:
            return cls.plain(name, _PLAIN[rest.casefold()])
        described, _, source = rest.partition("@")
        sides, _, dtype = described.partition(":")
        source = source.strip()
        if not described.strip() and not source.casefold().endswith(_FILES):
            value = _literal(source)
            if value is not _NO_LITERAL:
                return cls.plain(name, value)
        shape = _parse_shape(sides.strip(), text) if sides.strip() or not rest else _shape_of_source(source)
        return cls(name, shape, dtype.strip(), source)

    @property
    def text(self) -> str:
        """The input as `from_text` reads it."""
        start = f"{self.name}=" if self.name else ""
        if self.is_plain:
            plain = self.plain_value is None or isinstance(self.plain_value, bool)
            return f"{start}{'' if plain else '@'}{self.plain_value!r}"
        dtype = f":{self.dtype}" if self.dtype else ""
        return f"{start}{self.shape_text}{dtype}{f'@{self.source}' if self.source else ''}"

    @property
    def shape_text(self) -> str:
        """The shape as `from_text` reads it: without a batch of one where that is clear."""
        if len(self.shape) > 1 and self.shape[0] == 1:
            return "x".join(map(str, self.shape[1:]))
        return f"[{'x'.join(map(str, self.shape))}]"

    @property
    def argument(self) -> str:
        """Name of the argument that it is, or is in."""
        return self.name.partition("[")[0]

    @property
    def places(self) -> tuple[str | int, ...]:
        """Where it is in its argument: keys of dicts and indices of lists, outermost first."""
        found = (place.strip("'\" ") for place in _PLACE.findall(self.name))
        return tuple(int(place) if place.isdecimal() else place for place in found)

    @property
    def may_be_image(self) -> bool:
        """Whether a photo can be put in: (batch, 1 or 3 or 4, height, width) of fractions or bytes."""
        holds = not self.dtype or "float" in self.dtype or self.dtype == "uint8"
        return not self.is_plain and len(self.shape) == 4 and self.shape[1] in (1, 3, 4) and holds


def _with_half_widths(text: str) -> str:
    """A typed input without full-width characters, but for those in the name of a file."""
    described, at, source = re.split("([@＠]|$)", text, maxsplit=1)
    return to_half_width(described + at) + (source if is_file_source(source) else to_half_width(source))


def parse_inputs(inputs: str | InputSpec | Iterable[str | InputSpec]) -> tuple[InputSpec, ...]:
    """Return inputs given as texts or as specs. Raises InputError, also for a name that stands twice."""
    given = [inputs] if isinstance(inputs, (str, InputSpec)) else list(inputs)
    found = tuple(one if isinstance(one, InputSpec) else InputSpec.from_text(one) for one in given)
    names = [spec.name for spec in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(
            tr("two inputs are called {name!r}", name=twice)
            if twice
            else tr("several inputs need names: image=3x224x224")
        )
    return found


def single_input(shape: Sequence[int] = _IMAGE_SHAPE) -> tuple[InputSpec, ...]:
    """Return the inputs of a network that takes one tensor of this shape, batch included."""
    return (InputSpec(shape=tuple(shape)),)


def suggest_inputs(parameters: Iterable[tuple[str, str, bool]], shape: tuple[int, ...] = ()) -> tuple[InputSpec, ...]:
    """Return likely inputs of a forward: (name, annotation, whether it can be left out) of each parameter.

    Flags and numbers are recognised by their annotation, tokens, masks and time steps by their name. Whatever can be
    left out is. `shape` is that of the images.
    """
    needed = [(name, kind) for name, kind, optional in parameters if not optional and not name.startswith("*")]
    if len(needed) <= 1 and not any(_suggest(name, kind, shape) != InputSpec(name, shape) for name, kind in needed):
        return single_input(shape or _IMAGE_SHAPE)
    return tuple(_suggest(name, kind, shape or _IMAGE_SHAPE) for name, kind in needed)


_TOKENS = ("ids", "tokens", "token", "text", "caption", "captions", "labels", "words", "indices", "class", "label", "y")
_STEPS = ("t", "time", "timestep", "timesteps", "step", "sigma")
_NOISE = ("z", "latent", "noise", "code")


def _suggest(name: str, annotation: str, shape: tuple[int, ...]) -> InputSpec:
    kind = annotation.rpartition(".")[2].strip("'\" ").casefold()
    words = name.casefold().split("_")
    if name in ("H", "W"):  # sides of a map, whose places are the rows of another input
        return InputSpec.plain(name, 14)
    if kind in ("bool", "int", "float", "str"):
        likely: dict[str, bool | int | float | str] = {"bool": False, "int": 1, "float": 1.0, "str": ""}
        return InputSpec.plain(name, likely[kind])
    if kind.startswith(("list[", "sequence[", "tuple[")) or annotation.casefold().startswith(("list[", "tuple[")):
        return InputSpec(f"{name}[0]", shape)
    if words[-1] in ("mask", "masks"):
        return InputSpec(name, (*shape[:1], 1, *shape[2:]), source="ones")
    if words[-1] in _TOKENS:
        single = words[-1] in ("class", "label", "labels", "y")
        return InputSpec(name, (1,) if single else (1, 16), "int64", "0..9")
    if name.casefold() in _STEPS:
        return InputSpec(name, (1,), source="1")
    if name.casefold() in _NOISE:
        return InputSpec(name, (1, 100), source="noise")
    return InputSpec(name, shape)


def check_source(source: str) -> None:
    """Raise InputError for a source of numbers that there is not."""
    kind = source.strip()
    if kind in ("", "photo", "noise", "zeros", "ones") or kind.startswith("photo "):
        return
    span = _RANGE.match(kind)
    if span is not None:
        if int(span[1]) > int(span[2]):
            raise InputError(tr('the range "{kind}" ends before it begins', kind=kind))
        return
    if kind.casefold().endswith(_FILES) or (_NUMBERS.match(kind) and read_numbers(kind)):
        return
    raise InputError(
        tr(
            '"{kind}" is no source of numbers: it is photo, photo cat, noise, zeros, ones, a '
            "range of whole numbers such as 0..999, a file (.npy, .pt), or numbers such as 1, "
            "2.5, 3",
            kind=clip_text(kind),
        )
    )


def read_range(source: str) -> tuple[int, int] | None:
    """Return the first and the last of a range of whole numbers; None for another source."""
    span = _RANGE.match(source.strip())
    return None if span is None else (int(span[1]), int(span[2]))


def read_numbers(source: str) -> tuple[float, ...]:
    """Return the numbers of a text, which commas or spaces separate; none where it is another source."""
    try:
        return tuple(float(part) for part in source.replace(",", " ").split())
    except ValueError:
        return ()


def is_file_source(source: str) -> bool:
    """Return whether numbers come from a file."""
    return source.strip().casefold().endswith(_FILES)


def relocate(spec: InputSpec, folder: Path) -> InputSpec:
    """Return the input with its file, if it has one, looked for in a folder."""
    if spec.is_plain or not is_file_source(spec.source):
        return spec
    return replace(spec, source=str(folder / spec.source.strip()))


def clip_text(text: str) -> str:
    """Return at most 60 characters of a text."""
    return text if len(text) <= 60 else f"{text[:57]}…"


_NO_LITERAL: Any = object()


def _literal(text: str) -> Any:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return _NO_LITERAL
    return value if value is None or isinstance(value, (bool, int, float, str)) else _NO_LITERAL


def _parse_shape(text: str, whole: str) -> tuple[int, ...]:
    exact = text.startswith("[") and text.endswith("]")
    sides = re.split(r"[x×*, ]+", text.strip("[]() ")) if text.strip("[]() ") else []
    if not all(side.isdecimal() and len(side) < 10 for side in sides) or (not exact and not sides):
        raise InputError(
            tr(
                '"{whole}" is no input: it is written as name=3x224x224:float32@photo, with [16x3] '
                "for a shape without a batch, and None, True, False or @2 for what is no tensor",
                whole=clip_text(whole),
            )
        )
    shape = tuple(map(int, sides))
    return shape if exact else (1, *shape)


def _shape_of_source(source: str) -> tuple[int, ...]:
    """The shape where none is given: that of the numbers; of a file, what it holds, which () stands for."""
    if is_file_source(source):
        return ()
    numbers = read_numbers(source)
    return (1, len(numbers)) if numbers else _IMAGE_SHAPE
