"""Arguments of what builds a network, as text: what Python writes as a literal, read without running code."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias, TypeGuard

from explorer.base.full_width import to_half_width
from explorer.base.languages import tr

#: What an option of the catalogue or a setting of a part may be.
PlainValue = bool | int | float | str

#: What an argument of one's own module may be: also None, and tuples, lists and dicts of such values.
ArgumentValue: TypeAlias = (
    "PlainValue | tuple[ArgumentValue, ...] | list[ArgumentValue] | dict[PlainValue, ArgumentValue] | None"
)

#: Words of other languages, and of Python in another case, that would pass for texts.
_MISSPELT = {"true": "True", "false": "False", "none": "None", "null": "None"}
_NO_TEXTS = ("inf", "infinity", "nan")


class ArgumentError(ValueError):
    """Text that is no argument, or a value that is no literal. The message says which."""


def parse_arguments(text: str) -> dict[str, ArgumentValue]:
    """Parse keyword arguments such as "depths=(2, 2, 6), act='relu', norm=None" without running code.

    A word alone is a text, as command lines have it: name=hybrid. Full-width marks and digits are read as those of
    Python. Raises ArgumentError.
    """
    try:
        call = ast.parse(f"f({to_half_width(text)}\n)", mode="eval").body
        assert isinstance(call, ast.Call)
        if call.args or any(word.arg is None for word in call.keywords):
            raise ArgumentError(tr("Arguments are written with their names: classes=10, width=0.5"))
        return {str(word.arg): _read(str(word.arg), word.value) for word in call.keywords}
    except (SyntaxError, ValueError, AssertionError, RecursionError, MemoryError) as failure:
        if isinstance(failure, ArgumentError):
            raise
        raise ArgumentError(
            tr('"{text}" cannot be read as arguments, such as classes=10, width=0.5', text=text)
        ) from failure


#: Words in the name of an argument, and the value it is likely to have in a network for images.
_LIKELY = (
    (("class", "classes"), "10"),
    (("reduction", "ratio", "heads"), "4"),
    (("dim", "dims"), "64"),
    (("in", "inp", "input", "channels", "channel", "ch", "chans", "nc", "inplanes", "planes"), "3"),
    (("out", "output", "oup", "outplanes", "hidden", "width", "features", "filters"), "16"),
    (("kernel", "ksize"), "3"),
    (("stride", "groups", "dilation", "expansion"), "1"),
    (("padding", "drop", "dropout"), "0"),
    (("depth", "scale", "upscale", "factor"), "2"),
    (("patch",), "16"),
    (("image", "img"), "224"),
    (("frames", "length", "len"), "16"),
    (("vocab", "tokens", "embeddings"), "1000"),
)
#: What only a part inside of a network is told, which has many channels, as many as come out.
_OF_PARTS = frozenset(
    {"reduction", "ratio", "heads", "groups", "radix", "downsample", "squeeze", "expand", "expansion"}
)
_CHANNELS = frozenset(
    {"in", "inp", "channels", "channel", "ch", "chans", "inplanes", "planes", "out", "oup", "outplanes"}
)


def suggest_arguments(needed: Iterable[str], names: Iterable[str]) -> dict[str, str]:
    """Return likely values of arguments that have no default, as Python writes them; "" where a name tells none.

    Args:
        names: of all arguments, which tell a part inside of a network from a whole one.
    """
    is_part = any(_words(name) & _OF_PARTS for name in names)
    return {name: "64" if is_part and _words(name) & _CHANNELS else _suggest(name) for name in needed}


def _suggest(name: str) -> str:
    words = _words(name)
    if {"out", "output"} & words:
        return "16"
    return next((value for likely, value in _LIKELY if words.intersection(likely)), "")


def _words(name: str) -> set[str]:
    return set(re.split(r"[\W_\d]+", name.casefold()))


def parse_plain_arguments(text: str) -> dict[str, PlainValue]:
    """Parse keyword arguments that are numbers, texts, True or False. Raises ArgumentError."""
    found = parse_arguments(text)
    plain = {name: value for name, value in found.items() if _is_plain(value)}
    if nested := found.keys() - plain.keys():
        raise ArgumentError(tr("{name} must be a number, a text, True or False", name=min(nested)))
    return plain


def _read(name: str, expression: ast.expr) -> ArgumentValue:
    if isinstance(expression, ast.Name):
        if meant := _MISSPELT.get(expression.id.lower()):
            raise ArgumentError(tr("{name}: did you mean {meant}?", name=name, meant=meant))
        return _checked(name, math.nan if expression.id.lower() in _NO_TEXTS else expression.id)
    return _checked(name, ast.literal_eval(expression))


def _checked(name: str, value: Any) -> ArgumentValue:
    if isinstance(value, dict):
        return {_checked_key(name, key): _checked(name, inner) for key, inner in value.items()}
    if isinstance(value, (tuple, list)):
        inside = [_checked(name, inner) for inner in value]
        return tuple(inside) if isinstance(value, tuple) else inside
    if value is None or _is_plain(value):
        return value
    raise ArgumentError(
        tr("{name} must be a number, a text, True, False, None, or a tuple, list or dict of those", name=name)
    )


def _is_plain(value: object) -> TypeGuard[PlainValue]:
    return isinstance(value, (bool, int, str)) or (isinstance(value, float) and math.isfinite(value))


def _checked_key(name: str, key: Any) -> PlainValue:
    if _is_plain(key):
        return key
    raise ArgumentError(tr("{name}: the keys of a dict are numbers and texts", name=name))


def format_arguments(arguments: Mapping[str, Any]) -> str:
    """Return arguments as text that `parse_arguments` reads back."""
    return ", ".join(f"{name}={value!r}" for name, value in arguments.items())


def argument_to_json(name: str, value: Any) -> Any:
    """Return a value as JSON has it: what JSON does not tell apart, such as a tuple from a list, as Python's text.

    Raises ArgumentError for an object that is no literal: a file could not bring it back.
    """
    if _is_plain(value):
        return value
    return {"python": repr(_checked(name, value))}


def argument_from_text(name: str, text: str) -> ArgumentValue:
    """Return the value that a file gives as Python's text, which is read, not run. Raises ArgumentError."""
    try:
        return _checked(name, ast.literal_eval(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as failure:
        if isinstance(failure, ArgumentError):
            raise
        raise ArgumentError(tr("{name} is no value of Python", name=name)) from failure
