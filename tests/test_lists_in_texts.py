"""Lists in texts are joined as their language does it, by one function."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import explorer
from explorer.base.languages import join_list, join_with_and, translator
from explorer.edits.inputs import SetInputSize

ROOT = Path(explorer.__file__).parent


def test_chinese_has_a_comma_for_lists() -> None:
    assert join_list(["a", "b", "c"]) == "a, b, c"
    assert join_with_and(["a", "b", "c"]) == "a, b and c"
    assert (join_with_and(["a"]), join_with_and([])) == ("a", "")
    title = SetInputSize(resolution=160, channels=1).title
    translator.set_language("zh")
    try:
        assert join_list(["a", "b", "c"]) == "a、b、c"
        assert join_with_and(["a", "b", "c"]) == "a、b 和 c"
        assert "、" in SetInputSize(resolution=160, channels=1).title
    finally:
        translator.set_language("en")
    assert ", " in title


def _own_joins(tree: ast.AST) -> list[int]:
    """The lines of what is joined by a comma of its own inside a translated text."""
    texts = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("tr", "tr_n", "Text")
    ]
    joins = [
        node
        for text in texts
        for node in ast.walk(text)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "join"
    ]
    return [
        node.lineno
        for node in joins
        if isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Constant)
        and node.func.value.value in (", ", " and ")
    ]


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_text_joins_its_list_itself(path: Path) -> None:
    assert not _own_joins(ast.parse(path.read_text(encoding="utf-8"))), "use join_list of explorer.base.languages"
