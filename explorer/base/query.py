"""The query language of the library's filter and the canvas's search: one grammar, one parser, one matcher.

A query is a list of terms separated by spaces, all of which must hold; `-` before a term excludes what it matches:

    word             in the text of an item: "resnet", "layer3.0"; a word that names a kind means the kind
    "two words"      the same with spaces, and never a kind
    kind:x           items of a kind
    figure:x         an equal figure: "year:2015"
    figure<5M        a comparison by < <= > >= = != (or ≤ ≥ ≠); spaces around it do not count;
                     units K, M, G, B (a billion) and T; "k=1x7" means both sides
    /expression/     a regular expression (RE2), looked for in path and title

Which kinds and figures there are is the caller's: a `QueryVocabulary`.
"""

from __future__ import annotations

import difflib
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from explorer.base.full_width import to_half_width
from explorer.base.languages import join_list, tr

MAX_QUERY_LENGTH = 500

#: A figure of an item: a number, or two where height and width may differ.
QueryFigure = float | tuple[float, float]


class QueryError(ValueError):
    """A query that cannot be understood. The message says which term, why, and what would do."""


class Searchable(Protocol):
    """An item that a query can match."""

    @property
    def kind(self) -> str:
        """Key of a kind of the vocabulary."""

    @property
    def title(self) -> str:
        """What it is called on the screen."""

    @property
    def path(self) -> str:
        """Its unique name."""

    @property
    def parent_path(self) -> str:
        """Path of the item it is part of: what only that matches is not matched itself."""

    @property
    def search_text(self) -> str:
        """Casefolded text that words are looked for in."""

    @property
    def figures(self) -> Mapping[str, QueryFigure]:
        """What can be compared, by the keys of the vocabulary."""


@dataclass(frozen=True)
class QueryVocabulary:
    """The names that queries about one sort of item can use."""

    figures: Mapping[str, str]  # a name as it is typed, casefolded -> key in `Searchable.figures`
    kinds: tuple[str, ...] = ()  # casefolded values of `Searchable.kind`
    kind_fields: tuple[str, ...] = ("kind",)  # names before ":" that stand for the kind
    kind_words: Mapping[str, frozenset[str]] = field(default_factory=dict)  # words that mean kinds: "conv"
    aggregate_kinds: frozenset[str] = frozenset()  # sums over other items: compared only where the kind is named
    ends_at_digits: bool = False  # whether "features.1" is not in "features.17"
    examples: tuple[str, ...] = ()


#: How an item matches a term: not, only through what it is part of, or itself.
MatchResult = Literal["no", "around", "itself"]
Matcher = Callable[[Searchable], MatchResult]


@dataclass(frozen=True)
class Query:
    """A query that was understood."""

    terms: tuple[Matcher, ...] = ()
    excluded_terms: tuple[Matcher, ...] = ()
    excluded_kinds: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether it asks for nothing in particular."""
        return not self.terms and not self.excluded_terms

    def matches(self, item: Searchable) -> bool:
        """Whether an item matches all terms, one of them itself, and none of the excluded ones."""
        if item.kind in self.excluded_kinds:
            return False
        results = [term(item) for term in self.terms]
        if "no" in results or (results and "itself" not in results):
            return False
        return all(term(item) == "no" for term in self.excluded_terms)


def parse_query(text: str, vocabulary: QueryVocabulary) -> Query:
    """Parse a query. Raises QueryError."""
    if len(text) > MAX_QUERY_LENGTH:
        raise QueryError(
            tr("A query of {length} characters is too long; up to {limit} are read", length=len(text), limit=500)
        )
    terms: list[Matcher] = []
    excluded: list[Matcher] = []
    has_comparison = names_aggregate = False
    for token in _tokens(to_half_width(text)):
        is_excluded = token.startswith("-") and len(token) > 1
        bare = token[1:] if is_excluded else token
        (excluded if is_excluded else terms).append(_parse_term(bare, vocabulary))
        has_comparison = has_comparison or (bare[0] not in '"/' and _COMPARISON.fullmatch(bare) is not None)
        kinds = vocabulary.kind_words.get(bare.casefold().removeprefix("kind:"), frozenset())
        names_aggregate = names_aggregate or not kinds.isdisjoint(vocabulary.aggregate_kinds)
    left_out = vocabulary.aggregate_kinds if has_comparison and not names_aggregate else frozenset[str]()
    return Query(tuple(terms), tuple(excluded), left_out)


def describe_syntax(vocabulary: QueryVocabulary) -> str:
    """Return a tip of a few lines: the grammar, the figures there are, examples."""
    figures = join_list(dict.fromkeys(vocabulary.figures.values()))
    lines = [
        tr('Words must all match · "two words" · -word excludes · kind:x · /regular expression/'),
        tr("Compare {figures} by < <= > >= = != with K, M, G or B: params < 5M", figures=figures),
        *vocabulary.examples,
    ]
    return "\n".join(lines)


# tokens

_QUOTED = re.compile(r'-?"([^"]*)("?)')
_SLASHED = re.compile(r"-?/((?:[^/\\]|\\.)*)(/?)(i?)(?=\s|$)")
_OPERATOR_SPACING = re.compile(r"\s*(<=|>=|!=|==|≤|≥|≠|=|<|>|:)\s*")
_OPERATOR_SYNONYMS = {"≤": "<=", "≥": ">=", "≠": "!=", "==": "="}
_UNIT_SPACING = re.compile(r"([<>=]\d[\d.,]*) +([KMGBT%])(?=\s|$)")


def _tokens(text: str) -> Iterator[str]:
    """Yield the terms of a query: spaces in quotes and slashes belong to them, those around operators do not count."""
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        whole = _QUOTED.match(text, position) or _SLASHED.match(text, position)
        if whole is not None:
            yield whole[0]
            position = whole.end()
            continue
        ends = (n for n in range(position, len(text)) if text[n] == '"' or _starts_delimited(text, n, position))
        end = max(next(ends, len(text)), position + 1)
        plain = _OPERATOR_SPACING.sub(lambda match: _OPERATOR_SYNONYMS.get(match[1], match[1]), text[position:end])
        yield from _UNIT_SPACING.sub(r"\1\2", plain).split()
        position = end


def _starts_delimited(text: str, position: int, start: int) -> bool:
    after_space = position > start and text[position - 1].isspace()
    return after_space and (text[position] == "/" or text[position : position + 2] in ("-/", '-"'))


def _parse_term(token: str, vocabulary: QueryVocabulary) -> Matcher:
    if token.startswith("/"):
        return _regex_term(token)
    if token.startswith('"'):
        found = _QUOTED.fullmatch(token)
        if found is None or not found[2] or not found[1]:
            raise QueryError(tr("{term} has no closing quotation mark, or nothing between the two", term=token))
        return _text_term(found[1].casefold(), vocabulary)
    name, colon, value = token.casefold().partition(":")
    if colon and name in vocabulary.kind_fields:
        return _kind_term(token, value, vocabulary)
    if re.search(r"[<>=]", token):
        return _comparison_term(token, vocabulary)
    if colon and name in vocabulary.figures:
        return _comparison_term(f"{name}={value}", vocabulary)
    plain = token.casefold()
    kinds = vocabulary.kind_words.get(plain)
    return _kinds_term(kinds) if kinds is not None else _text_term(plain, vocabulary)


# terms


def _text_term(word: str, vocabulary: QueryVocabulary) -> Matcher:
    word = to_half_width(word)
    end = r"(?!\d)" if vocabulary.ends_at_digits and word[-1].isdigit() else ""
    pattern = re.compile(re.escape(word) + end)

    def match(item: Searchable) -> MatchResult:
        if pattern.search(to_half_width(item.search_text)):
            return "itself"
        if not pattern.search(item.path.casefold()):
            return "no"
        return "around" if pattern.search(item.parent_path.casefold()) else "itself"

    return match


def _kind_term(token: str, name: str, vocabulary: QueryVocabulary) -> Matcher:
    """`kind:conv` may be narrower than the word "conv": depthwise convolutions are a kind of their own. A part of a
    name means all kinds that have it."""
    if name in vocabulary.kinds:
        return _kinds_term(frozenset({name}))
    if name in vocabulary.kind_words:
        return _kinds_term(vocabulary.kind_words[name])
    containing = frozenset(kind for kind in vocabulary.kinds if name and name in kind)
    if containing:
        return _kinds_term(containing)
    names = sorted(vocabulary.kinds)
    near = difflib.get_close_matches(name, names, 1)
    field_name = token.partition(":")[0]
    known = tr("there are {names}", names=join_list(names))
    hint = tr("did you mean {field}:{name}?", field=field_name, name=near[0]) if near else known
    raise QueryError(tr("{term} is unknown; {hint}", term=token, hint=hint))


def _kinds_term(kinds: frozenset[str]) -> Matcher:
    return lambda item: "itself" if item.kind in kinds else "no"


_COMPARISON = re.compile(r"([^<>=!]*)(<=|>=|!=|=|<|>)(.*)", re.DOTALL)
_NUMBER = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+(?:\.\d*)?|\.\d+)(?:e(\d{1,2}))?([kmgbt%]?)", re.IGNORECASE)
_PAIR = re.compile(r"(\d{1,6})[x×](\d{1,6})", re.IGNORECASE)
_UNIT_FACTORS = {"": 1.0, "%": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "b": 1e9, "t": 1e12}
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}


def _comparison_term(token: str, vocabulary: QueryVocabulary) -> Matcher:
    found = _COMPARISON.fullmatch(token)
    name, sign, text = (part.strip() for part in found.groups()) if found is not None else (token, "", "")
    key = vocabulary.figures.get(name.casefold())
    if key is None:
        raise QueryError(_unknown_figure(token, name, vocabulary))
    limit = _parse_number(token, text, sign)
    compare = _OPERATORS[sign]

    def match(item: Searchable) -> MatchResult:
        value = item.figures.get(key)
        if value is None:
            return "no"
        if isinstance(limit, tuple) or sign in ("=", "!="):
            return "itself" if (_as_pair(value) == _as_pair(limit)) == (sign == "=") else "no"
        return "itself" if compare(max(_as_pair(value)), limit) else "no"  # the larger side counts

    return match


def _unknown_figure(token: str, name: str, vocabulary: QueryVocabulary) -> str:
    if not name:
        return tr("{term}: there is no figure before the sign", term=token)
    near = difflib.get_close_matches(name.casefold(), vocabulary.figures, 1)
    keys = join_list(dict.fromkeys(vocabulary.figures.values()))
    hint = tr("did you mean {name}?", name=near[0]) if near else tr("there are {names}", names=keys)
    return tr("{term}: there is no figure {name}; {hint}", term=token, name=name, hint=hint)


def _parse_number(token: str, text: str, sign: str) -> QueryFigure:
    pair, single = _PAIR.fullmatch(text), _NUMBER.fullmatch(text)
    if pair is not None and sign in ("=", "!="):
        return float(pair[1]), float(pair[2])
    if single is None:
        hint = tr("1x7 can only be equal or not") if pair is not None else tr("try 3, 512, 1.5M or 2G")
        text = text or tr("nothing")
        raise QueryError(tr("{term}: {text} is no number to compare with; {hint}", term=token, text=text, hint=hint))
    digits = float(single[1].replace(",", ""))
    return digits * 10.0 ** int(single[2] or 0) * _UNIT_FACTORS[single[3].casefold()]


def _as_pair(value: QueryFigure) -> tuple[float, float]:
    return value if isinstance(value, tuple) else (value, value)


def _regex_term(token: str) -> Matcher:
    """Matched by RE2, which takes time linear in the text and bounded memory, whatever the expression."""
    import re2

    found = _SLASHED.fullmatch(token)
    if found is None or not found[2] or not found[1]:
        raise QueryError(tr("{term} has no closing slash, or nothing between the two", term=token))
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    try:
        compiled = re2.compile(found[1].replace(r"\/", "/"), options=options)
    except re2.error as failure:
        reason = failure.args[0].decode(errors="replace") if failure.args else tr("it cannot be read")
        raise QueryError(tr("{term} is no regular expression: {reason}", term=token, reason=reason)) from failure

    def match(item: Searchable) -> MatchResult:
        return "itself" if compiled.search(item.path) or compiled.search(item.title) else "no"

    return match
