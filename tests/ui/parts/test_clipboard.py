"""Blocks on the clipboard: what was put is taken, other texts are left, and the program ends as it should."""

from __future__ import annotations

import subprocess
import sys

import pytest
from PySide6.QtGui import QGuiApplication

from explorer.ui.parts.clipboard import CopiedBlock, put_block, take_block


def test_what_was_put_is_taken() -> None:
    block = CopiedBlock("layer1.0,layer1.1", "resnet18", 7, True)
    put_block(block)
    assert take_block() == block


@pytest.mark.parametrize("text", ["", "layer1.0", '{"cnn_explorer_block": 3}', '{"cnn_explorer_block": {"place": 1}}'])
def test_other_texts_are_no_blocks(text: str) -> None:
    QGuiApplication.clipboard().setText(text)
    assert take_block() is None


def test_a_program_with_a_block_on_the_clipboard_ends_without_a_crash() -> None:
    code = "from PySide6.QtWidgets import QApplication as A\nfrom explorer.ui.parts.clipboard import *\n"
    code += "a = A([])\nput_block(CopiedBlock('a', 'b', 1))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
