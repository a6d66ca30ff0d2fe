"""What is wrong with a file or an argument, in one plain sentence: pydantic's own are English, for programmers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from explorer.base.languages import tr, tr_noop

if TYPE_CHECKING:
    from pydantic import ValidationError

_LONGEST = 60  # characters of what was found
_WHOLE, _NUMBER = tr_noop("must be a whole number, not {value}"), tr_noop("must be a number, not {value}")
_SWITCH, _TEXT = tr_noop("must be true or false, not {value}"), tr_noop("must be a text, not {value}")
_LIST, _OBJECT = tr_noop("must be a list, not {value}"), tr_noop("must be an object, not {value}")

#: By the beginning of pydantic's name of a fault.
_SENTENCES = {
    "missing": tr_noop("is missing"),
    "extra_forbidden": tr_noop("is not known"),
    "unexpected_keyword": tr_noop("is not known"),
    "int": _WHOLE,
    "float": _NUMBER,
    "finite": _NUMBER,
    "bool": _SWITCH,
    "string_type": _TEXT,
    "literal": tr_noop("must be {expected}, not {value}"),
    "list": _LIST,
    "tuple": _LIST,
    "frozen_set": _LIST,
    "dict": _OBJECT,
    "model": _OBJECT,
    "dataclass": _OBJECT,
    "greater_than_equal": tr_noop("is {value}; it must be {ge} at least"),
    "greater_than": tr_noop("is {value}; it must be more than {gt}"),
    "less_than_equal": tr_noop("is {value}; it must be {le} at most"),
    "less_than": tr_noop("is {value}; it must be less than {lt}"),
    "too_short": tr_noop("has fewer than {min_length} entries"),
    "too_long": tr_noop("has more than {max_length} entries"),
    "string_too_long": tr_noop("has more than {max_length} characters"),
    "string_pattern_mismatch": tr_noop("cannot be {value}"),
    "json_invalid": tr_noop("is not JSON: {error}"),
}


def describe_fault(failure: ValidationError) -> str:
    """Return the first fault with the field it is in: "epochs: must be a whole number, not 'many'"; of what a class of
    ours refused, its own words."""
    fault: Any = failure.errors(include_url=False)[0]
    place = ".".join(str(part)[:_LONGEST] for part in fault["loc"])
    return f"{place}: {describe_reason(fault)}" if place else describe_reason(fault)


def describe_reason(fault: Any) -> str:
    """Return what is wrong with a field, without its name. `fault` is one of pydantic's `ValidationError.errors()`."""
    kind, context = fault["type"], dict(fault.get("ctx", {}))
    if isinstance(context.get("error"), Exception):
        return str(context["error"])
    sentence = next((text for begin, text in _SENTENCES.items() if kind.startswith(begin)), "")
    if not sentence:
        return str(fault["msg"])[:1].lower() + str(fault["msg"])[1:]
    value = repr(fault["input"])
    return tr(sentence, **context | {"value": value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"})
