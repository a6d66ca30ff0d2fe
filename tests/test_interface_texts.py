"""Every text of the interface can be translated, and the catalogue of source texts is up to date."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from explorer.base.languages import translator
from explorer.edits import EDIT_KINDS, EditError
from explorer.network import Network
from explorer.presenters import build_inspection
from explorer.presenters.search_index import search_index
from tests.interface_texts import FILE, PACKAGE, find_errors, find_prose, find_untranslated, find_uses, render_catalogue

MODULES = sorted((PACKAGE / "ui").rglob("*.py"))

#: Modules without widgets whose texts the window shows.
ROOMS = (
    *("edits", "presenters", "graph", "weights", "analysis", "network", "opening", "project", "guide", "session.py"),
    *("export", "drawing", "viewmodels", "base/child_process.py", "base/safe_json.py"),
    *("desktop", "training", "document.py"),
    *("networks/by_name.py", "networks/input_spec.py", "networks/user_module.py"),
)
SPEAKING = sorted(
    path for room in ROOMS for path in {PACKAGE / room, *(PACKAGE / room).rglob("*.py")} if path.is_file()
)

#: Of them, those that write Python or documents in another syntax: only their errors are read by users. The command
#: line, whose options are English, speaks English altogether.
_WRITERS = (PACKAGE / "export" / "python_code", PACKAGE / "export" / "documents")
CODE = {*(path for room in _WRITERS for path in room.rglob("*.py")), PACKAGE / "project" / "python_script.py"}
COMMAND_LINE = {
    *(PACKAGE / room / "commands.py" for room in ("export", "desktop", "opening", "training")),
    PACKAGE / "export" / "printed_figures.py",
}

#: Not for translation: names of layers, of variables in formulas, of parts in code and of what code compares.
_TERMS = frozenset(
    """BatchNorm GroupNorm InstanceNorm LayerNorm LeakyReLU Hardswish Sigmoid Tanh Softmax Mish Hardtanh Softplus
    Softsign MatMul Einsum Cin Cout Block Branch Stage""".split()  # noqa: SIM905 - one name a line would be long
) | {
    *("this layer", "this part", "these cards", "this block", "this stage", "whole network"),
    *("Resources", "NodeManagerAddress", "NodeManagerPort", "Alive"),  # what Ray says of a machine
    *("ConnectionError", "LocalEntryNotFoundError"),  # classes of other libraries
    *("weights sliced", "weights extended", "weights new"),
    *("seeded weights", "photo distance", "not run", "Not run at inference"),  # keys of caches and of JSON
    *(
        "Loop",
        "Scan",
        "NonZero",
        "NonMaxSuppression",
        "Unique",
        "Compress",
        "Gemm",
        "Identity",
    ),
    *("Sequential", "ModuleList", "ModuleDict", "Network{}", "Out", "GoogLeNet_Weights.", "Inception_V3_Weights."),
    *("ImageNet", "ImageNet-1K", "FashionMNIST", "Imagenette", "Content-Length"),
    *("sudo apt-get install", "sudo dnf install", "sudo pacman -S"),
    "not enough memory",  # what torch says
    *("Inter", "Segoe UI", "SF Pro Text", "Helvetica Neue", "Noto Sans", "DejaVu Sans"),
    "conv k>3 · params>1M · s=2 · out>=512 · groups>1 · k=1x7",
    "kind:depthwise · block params>1M · layer3.0 conv",
    r'"max pool" · -relu · /layer[34]\.0$/',
}

#: Not for translation: names of files, keys of the keyboard, the name of the app.
_NAMES = re.compile(r"[\w{}]*\.\w+|.*\((Alt|Ctrl)\+.*\)|(<\w+>)*CNN Explorer(</?\w+>)*")


def test_the_catalogue_of_texts_is_up_to_date() -> None:
    """`python -m tests.interface_texts` writes it."""
    assert FILE.read_text(encoding="utf-8") == render_catalogue()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_what_a_user_reads_is_translated(path: Path) -> None:
    found = [f"line {line}: {text!r}" for line, text in find_untranslated(path) if not _NAMES.fullmatch(text)]
    assert not found, "pass these texts through tr (explorer.base.languages)"


@pytest.mark.parametrize("path", sorted({*SPEAKING} - COMMAND_LINE), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_texts_of_rooms_without_widgets_are_translated(path: Path) -> None:
    texts = find_errors(path) if path in CODE else find_prose(path)
    found = [f"line {line}: {text!r}" for line, text in texts if text not in _TERMS]
    assert not found, "pass these texts through tr (explorer.base.languages), or tr_noop in tables"


def test_terms_are_still_in_use() -> None:
    assert {text for path in SPEAKING for _, text in find_prose(path)} >= _TERMS


def test_texts_made_without_widgets_follow_the_language(opened: Callable[[str], Network]) -> None:
    """Whatever is remembered from another language: titles of edits, refusals, options, cards, search and inspector."""
    network = opened("mobilenet_v2")

    def read() -> list[str]:
        inspection = build_inspection(network.analysis, ("features.3",))
        assert inspection is not None
        texts = [inspection.title, inspection.description, *(name for name, _ in inspection.rows)]
        texts += [option.title for option in inspection.options]
        texts += [choice.edit.title for option in inspection.options for choice in option.choices if choice.edit]
        with pytest.raises(EditError) as refused:
            network.edit(EDIT_KINDS["toggle_channel_shuffle"]("features.3", True))
        return [*texts, str(refused.value), *(entry.title for entry in search_index(network.analysis))]

    english = read()
    texts = {use.text: f"‹{use.text}›" for use in find_uses() if use.plural is None}
    plurals = {use.text: [f"‹{use.text}›", f"‹{use.plural}›"] for use in find_uses() if use.plural is not None}
    translator.set_translations("test", texts | plurals)
    try:
        translated = read()
    finally:
        translator.set_translations("en", {})
    assert read() == english
    same = {text for text in english if text in translated} - {"MACs", "FLOPs (2 × MACs)", "BN", "ReLU6", "+"}
    assert not same
    assert len(translated) == len(english)


def test_placeholders_are_given_values() -> None:
    wrong = [use for use in find_uses() if use.values and use.values != use.placeholders]
    assert not wrong


def test_prose_is_found_in_modules_without_widgets(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        '"""Docstring of the module."""\nraise EditError("no such layer")\nraise EditError(f"{name} has no width")\n'
        'raise EditError(tr("no such layer"))\nraise ValueError("wrong call")\nTITLES = {"Key": "Depth"}\n'
        'if title == "Global avg pool":\n    x = "Norm" if y else tr("{n} of {m}", n=n, m="last one")\n'
        'z = texts["two words"] + kind("conv") + f"{tr(\'One two\')} · {name}"\n'
    )
    assert [line for line, _ in find_prose(path)] == [2, 3, 6, 8, 8]


def test_a_literal_is_found_wherever_it_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        'label.setText("Open")\nlabel.setText(f"<b>{n}</b> layers")\nQLabel("on" if x else tr("off"))\n'
        'label.setText("\\n".join(["Two words", tr("More")]))\nlabel.setText("× 3")\nlabel.setText(f"<b>{n}</b>")\n'
        'label.setObjectName("name")\nbox.addItems([tr("One")])\nlabel.setToolTip(names["key"])\n'
    )
    assert [line for line, _ in find_untranslated(path)] == [1, 2, 3, 4]
