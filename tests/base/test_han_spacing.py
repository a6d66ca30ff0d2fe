"""Spaces between Chinese and other scripts where a placeholder is filled."""

from __future__ import annotations

import pytest

from explorer.base.han_spacing import join_spaced
from explorer.base.languages import Translator


@pytest.mark.parametrize(
    ("parts", "joined"),
    [
        (("没有", "1×1 卷积"), "没有 1×1 卷积"),
        (("没有 ", "带窗口的卷积"), "没有带窗口的卷积"),
        (("", "layer1.0", " 中", "去除捷径"), "layer1.0 中去除捷径"),
        (("激活：", "ReLU"), "激活：ReLU"),
        (("激活： ", "无"), "激活：无"),
        (("共 ", "3", " 层"), "共 3 层"),
        (("“", "猫", "”"), "“猫”"),
        (("MACs ", "of", " it"), "MACs of it"),
        (("a", "", "b"), "ab"),
    ],
)
def test_a_space_stands_between_the_scripts_and_nowhere_else(parts: tuple[str, ...], joined: str) -> None:
    assert join_spaced(parts) == joined


def test_what_fills_a_placeholder_keeps_its_own_spaces() -> None:
    chinese = Translator()
    chinese.set_translations("zh", {"Saved {path}": "已保存 {path}"})
    assert chinese.translate("Saved {path}", {"path": "我 的/a b.cnnx"}) == "已保存我 的/a b.cnnx"


def test_other_languages_are_left_alone() -> None:
    german = Translator()
    german.set_translations("de", {"{n} layers": "{n}-schichtig"})
    assert german.translate("{n} layers", {"n": 3}) == "3-schichtig"
