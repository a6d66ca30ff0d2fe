"""The command `worksheet`. Torch is imported when it runs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.base.atomic_write import write_atomic
from explorer.base.languages import LANGUAGES, translator

if TYPE_CHECKING:
    from explorer.network import Network

    _Opener = Callable[[argparse.Namespace, str], Network]


def add_worksheet_arguments(parser: argparse.ArgumentParser, opener: _Opener) -> None:
    """Add the arguments of `worksheet`. `opener` opens the network of a key."""
    parser.add_argument("--level", type=int, choices=(1, 2, 3), default=1, help="1 reads off, 2 computes, 3 compares")
    parser.add_argument("--count", type=int, default=8, help="exercises, at most")
    parser.add_argument("--seed", type=int, default=0, help="another sheet of the same level")
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of the sheet")
    parser.add_argument("--without-key", action="store_true", help="leave the answers out")
    parser.add_argument("--out", metavar="FILE", help=".md or .html; without it, Markdown is printed")
    parser.set_defaults(run=lambda parsed: _run(parsed, opener))


def _run(parsed: argparse.Namespace, opener: _Opener) -> None:
    from explorer.exercises.sheet_text import SHEET_SUFFIXES, sheet_as_html, sheet_as_markdown
    from explorer.exercises.worksheet import build_worksheet

    suffix = Path(parsed.out).suffix.lower() if parsed.out else ".md"
    if suffix not in SHEET_SUFFIXES:
        raise ValueError(f"{parsed.out}: a work sheet is written as {' or '.join(SHEET_SUFFIXES)}")
    if parsed.count < 1:
        raise ValueError("--count must be at least 1")
    before = translator.language
    translator.set_language(parsed.language)
    try:
        sheet = build_worksheet(opener(parsed, parsed.network), parsed.level, parsed.count, parsed.seed)
        write = sheet_as_html if suffix == ".html" else sheet_as_markdown
        text = write(sheet, with_key=not parsed.without_key)
    finally:
        translator.set_language(before)
    if parsed.out:
        write_atomic(Path(parsed.out), lambda path: path.write_text(text, encoding="utf-8"))
    else:
        print(text)
