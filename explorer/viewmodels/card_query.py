"""Vocabulary of queries about cards: kinds of op, attributes, figures."""

from __future__ import annotations

from typing import get_args

from explorer.base.query import QueryVocabulary
from explorer.viewmodels.diagram import Kind

_KINDS = tuple(kind for kind in get_args(Kind) if kind not in ("network", "unit", "gate"))

CARD_VOCABULARY = QueryVocabulary(
    figures={
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
    },
    kinds=_KINDS,
    kind_words={
        **{kind: frozenset({kind}) for kind in _KINDS},
        **dict.fromkeys(("conv", "convs", "convolution", "convolutions"), frozenset({"conv", "depthwise"})),
        **dict.fromkeys(("fc", "linears"), frozenset({"linear"})),
        **dict.fromkeys(("bn", "norms", "batchnorm", "normalisation"), frozenset({"norm"})),
        **dict.fromkeys(("pooling", "pools"), frozenset({"pool"})),
        **dict.fromkeys(("addition", "adds"), frozenset({"add"})),
        **dict.fromkeys(("cat", "concatenation"), frozenset({"concat"})),
        "activations": frozenset({"activation"}),
        "blocks": frozenset({"block"}),
        "stages": frozenset({"stage"}),
    },
    aggregate_kinds=frozenset({"stem", "stage", "block", "branch", "head"}),
    ends_at_digits=True,
    examples=(
        "conv k>3 · params>1M · s=2 · out>=512 · groups>1 · k=1x7",
        "kind:depthwise · block params>1M · layer3.0 conv",
        '"max pool" · -relu · /layer[34]\\.0$/',
    ),
)
