"""What the system refuses is said in the language in force, in whichever file it is said."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import explorer
from explorer.base.languages import translator
from explorer.base.safe_json import JsonError, read_json
from explorer.base.system_errors import REASONS, system_reason

ROOT = Path(explorer.__file__).parent
#: The command line, which is English, and what only raises such an error.
APART = {"base/system_errors.py", "base/atomic_write.py", "project/journal.py", "export/commands.py"}


@pytest.fixture
def chinese() -> Iterator[None]:
    translator.set_language("zh")
    yield
    translator.set_language("en")


@pytest.mark.parametrize("code", [errno.ENOENT, errno.EACCES, errno.ENOSPC, errno.EROFS, errno.EISDIR, errno.EIO])
def test_common_reasons_are_known(code: int, chinese: None) -> None:
    said = system_reason(OSError(code, os.strerror(code)))
    assert not said.isascii()
    translator.set_language("en")
    assert system_reason(OSError(code, os.strerror(code))) == os.strerror(code)


def test_others_say_what_they_say(chinese: None) -> None:
    assert system_reason(ValueError("no {braces} here")) == "no {braces} here"
    assert system_reason(OSError("cut off")) == "cut off"
    assert len(set(REASONS)) == len(REASONS)


def test_a_file_that_is_not_there_is_said_in_chinese(chinese: None, tmp_path: Path) -> None:
    folder = tmp_path / "文件夹"
    folder.mkdir()
    with pytest.raises(JsonError, match=r"没有权限|是文件夹"):
        read_json(folder)


def test_no_other_file_says_it_itself() -> None:
    found = {
        str(path.relative_to(ROOT)) for path in ROOT.rglob("*.py") if ".strerror" in path.read_text(encoding="utf-8")
    }
    assert found - APART == set()
