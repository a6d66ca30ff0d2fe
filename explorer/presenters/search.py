"""Finding places by words, kinds, attributes, figures and regular expressions: "conv k>3", "params>1M /layer[34]/".

Words are separated by spaces and all must hold. A word that names a kind means the kind; any other is looked for in
titles, classes and paths. What is only *in* a place that was found is not found with it, unless something is said of
it too: "layer3.0" finds the block, "layer3.0 conv" its convolutions.
"""

from __future__ import annotations

import difflib
import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

from explorer.analysis.analysis import Analysis
from explorer.presenters.search_index import SearchEntry, search_index
from explorer.viewmodels.diagram import Kind

_MAX_QUERY_LENGTH = 500  # of a query


class QueryError(ValueError):
    """A query that means nothing. The message says which word, why, and what would do."""


#: How a place holds a term: not, only through what it is in, or itself.
MatchResult = Literal["no", "around", "itself"]


@dataclass(frozen=True)
class Query:
    terms: tuple[Callable[[SearchEntry], MatchResult], ...]
    excluded_terms: tuple[Callable[[SearchEntry], MatchResult], ...]
    only_ops: bool  # sums of groups are not asked for

    def matches(self, place: SearchEntry) -> bool:
        if self.only_ops and place.kind in _ROLES:
            return False
        held = [term(place) for term in self.terms]
        if "no" in held or (held and "itself" not in held):
            return False
        return all(term(place) == "no" for term in self.excluded_terms)


def search_cards(analysis: Analysis, text: str) -> tuple[str, ...]:
    """Ids of the places a query finds, in execution order; none for an empty one. Raises QueryError."""
    query = parse_query(text)
    if not query.terms and not query.excluded_terms:
        return ()
    return tuple(place.id for place in search_index(analysis) if query.matches(place))


def parse_query(text: str) -> Query:
    """What a query means. Raises QueryError."""
    if len(text) > _MAX_QUERY_LENGTH:
        raise QueryError(f"A search of {len(text):,} characters is too long; up to {_MAX_QUERY_LENGTH} are read")
    terms: list[Callable[[SearchEntry], MatchResult]] = []
    without: list[Callable[[SearchEntry], MatchResult]] = []
    compares = names_role = False
    for word in _tokens(text):
        negative = word.startswith("-") and len(word) > 1
        bare = word[1:] if negative else word
        (without if negative else terms).append(_parse_term(bare))
        compares = compares or _COMPARISON.fullmatch(bare) is not None
        names_role = names_role or bare.casefold().removeprefix("kind:") in _ROLES
    return Query(tuple(terms), tuple(without), only_ops=compares and not names_role)


# words

_QUOTED = re.compile(r'-?"([^"]*)("?)')
_SLASHED = re.compile(r"-?/((?:[^/\\]|\\.)*)(/?)(i?)(?=\s|$)")
_OPERATOR_SPACING = re.compile(r"\s*(<=|>=|!=|≤|≥|≠|=|<|>|:)\s*")
_OPERATOR_SYNONYMS = {"≤": "<=", "≥": ">=", "≠": "!="}


def _tokens(text: str) -> Iterator[str]:
    """The words of a query; spaces inside quotes and slashes belong to the word, those around signs do not count."""
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        whole = _QUOTED.match(text, at) or _SLASHED.match(text, at)
        if whole is not None:
            yield whole[0]
            at = whole.end()
            continue
        end = next((n for n in range(at, len(text)) if text[n] in '"' or _starts_regex(text, n, at)), len(text))
        end = max(end, at + 1)
        plain = _OPERATOR_SPACING.sub(lambda found: _OPERATOR_SYNONYMS.get(found[1], found[1]), text[at:end])
        yield from plain.split()
        at = end


def _starts_regex(text: str, at: int, begin: int) -> bool:
    after_space = at > begin and text[at - 1].isspace()
    return after_space and (text[at] == "/" or text[at : at + 2] in ("-/", '-"'))


def _parse_term(word: str) -> Callable[[SearchEntry], MatchResult]:
    if word.startswith("/"):
        return _regex_term(word)
    if word.startswith('"'):
        found = _QUOTED.fullmatch(word)
        if found is None or not found[2] or not found[1]:
            raise QueryError(f"{word} has no closing quotation mark, or nothing between the two")
        return _text_term(found[1].casefold())
    if word.casefold().startswith("kind:"):
        return _kind_term(word[len("kind:") :])
    if re.search(r"[<>=]", word):
        return _comparison_term(word)
    plain = word.casefold()
    return _kinds_term(_KIND_WORDS[plain]) if plain in _KIND_WORDS else _text_term(plain)


def _text_term(word: str) -> Callable[[SearchEntry], MatchResult]:
    end = r"(?!\d)" if word[-1].isdigit() else ""  # features.1 is not features.17
    found = re.compile(re.escape(word) + end)

    def held(place: SearchEntry) -> MatchResult:
        if found.search(place.search_text):
            return "itself"
        if not found.search(place.path.casefold()):
            return "no"
        return "around" if found.search(place.parent_path.casefold()) else "itself"

    return held


# kinds

_ROLES = frozenset({"stem", "stage", "block", "branch", "head"})
_NOT_OPS = frozenset({"network", "unit", "gate"})
_KIND_WORDS: dict[str, frozenset[str]] = {
    **{kind: frozenset({kind}) for kind in get_args(Kind) if kind not in _NOT_OPS},
    **dict.fromkeys(("conv", "convs", "convolution", "convolutions"), frozenset({"conv", "depthwise"})),
    **dict.fromkeys(("fc", "linears"), frozenset({"linear"})),
    **dict.fromkeys(("bn", "norms", "batchnorm", "normalisation"), frozenset({"norm"})),
    **dict.fromkeys(("pooling", "pools"), frozenset({"pool"})),
    **dict.fromkeys(("addition", "adds"), frozenset({"add"})),
    **dict.fromkeys(("cat", "concatenation"), frozenset({"concat"})),
    "activations": frozenset({"activation"}),
    "blocks": frozenset({"block"}),
    "stages": frozenset({"stage"}),
}


def _kind_term(name: str) -> Callable[[SearchEntry], MatchResult]:
    """`kind:conv` is narrower than the word "conv": depthwise ones are a kind of their own."""
    wanted = name.casefold()
    if wanted in get_args(Kind) and wanted not in _NOT_OPS:
        return _kinds_term(frozenset({wanted}))
    if wanted in _KIND_WORDS:
        return _kinds_term(_KIND_WORDS[wanted])
    names = sorted(kind for kind in get_args(Kind) if kind not in _NOT_OPS)
    near = difflib.get_close_matches(wanted, names, 1)
    said = f"did you mean kind:{near[0]}?" if near else f"there are {', '.join(names)}"
    raise QueryError(f"kind:{name} is unknown; {said}")


def _kinds_term(kinds: frozenset[str]) -> Callable[[SearchEntry], MatchResult]:
    return lambda place: "itself" if place.kind in kinds else "no"


# attributes and figures

#: Names by which numbers are asked for.
_FIGURE_NAMES: dict[str, str] = {
    **dict.fromkeys(("k", "kernel"), "k"),
    **dict.fromkeys(("s", "stride"), "s"),
    **dict.fromkeys(("d", "dilation"), "d"),
    **dict.fromkeys(("p", "padding"), "p"),
    **dict.fromkeys(("g", "groups", "cardinality"), "groups"),
    "in": "in",
    **dict.fromkeys(("out", "channels", "width"), "out"),
    **dict.fromkeys(("size", "map"), "size"),
    **dict.fromkeys(("params", "parameters"), "params"),
    "macs": "macs",
    "flops": "flops",
    **dict.fromkeys(("act", "activations"), "activations"),
    **dict.fromkeys(("rf", "field"), "rf"),
}
_COMPARISON = re.compile(r"([^<>=!:]*)(<=|>=|!=|=|<|>)(.*)", re.DOTALL)
_VALUE = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(?:e(\d{1,2}))?([kmgt]?)", re.IGNORECASE)
_PAIR = re.compile(r"(\d{1,6})[x×](\d{1,6})", re.IGNORECASE)
_UNIT_FACTORS = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}


def _comparison_term(word: str) -> Callable[[SearchEntry], MatchResult]:
    found = _COMPARISON.fullmatch(word)
    name, sign, text = (part.strip() for part in found.groups()) if found is not None else (word, "", "")
    number = _FIGURE_NAMES.get(name.casefold())
    if number is None:
        near = difflib.get_close_matches(name.casefold(), _FIGURE_NAMES, 1)
        said = f"did you mean {near[0]}?" if near else "there are k, s, d, p, groups, in, out, size, params, macs, …"
        raise QueryError(f"{word}: there is no figure {name or 'before the sign'}; {said}")
    wanted = _parse_value(word, text, sign)
    holds = _OPERATORS[sign]

    def held(place: SearchEntry) -> MatchResult:
        value = place.figures.get(number)
        if value is None:
            return "no"
        if isinstance(wanted, tuple) or sign in ("=", "!="):
            same = _as_pair(value) == _as_pair(wanted)
            return "itself" if same == (sign == "=") else "no"
        return "itself" if holds(max(_as_pair(value)), wanted) else "no"  # the larger side counts

    return held


def _parse_value(word: str, text: str, sign: str) -> float | tuple[float, float]:
    pair, single = _PAIR.fullmatch(text), _VALUE.fullmatch(text)
    if pair is not None and sign in ("=", "!="):
        return float(pair[1]), float(pair[2])
    if single is None:
        example = "1x7 can only be equal or not" if pair is not None else "try 3, 512, 1.5M or 2G"
        raise QueryError(f"{word}: {text or 'nothing'} is no number to compare with; {example}")
    return float(single[1]) * 10.0 ** int(single[2] or 0) * _UNIT_FACTORS[single[3].casefold()]


def _as_pair(value: float | tuple[float, float]) -> tuple[float, float]:
    return value if isinstance(value, tuple) else (value, value)


# regular expressions


def _regex_term(word: str) -> Callable[[SearchEntry], MatchResult]:
    """Matched by RE2, which takes time linear in the text and bounded memory, whatever the expression."""
    import re2

    found = _SLASHED.fullmatch(word)
    if found is None or not found[2] or not found[1]:
        raise QueryError(f"{word} has no closing slash, or nothing between the two")
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    try:
        compiled = re2.compile(found[1].replace(r"\/", "/"), options=options)
    except re2.error as failure:
        reason = failure.args[0].decode(errors="replace") if failure.args else "it cannot be read"
        raise QueryError(f"{word} is no regular expression: {reason}") from failure

    def held(place: SearchEntry) -> MatchResult:
        return "itself" if compiled.search(place.path) or compiled.search(place.title) else "no"

    return held


__all__ = ["Query", "QueryError", "parse_query", "search_cards"]
