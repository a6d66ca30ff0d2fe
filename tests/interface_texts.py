"""The texts of the interface: `python -m tests.interface_texts` lists them in `resources/texts/en.json`.

A text is the literal argument of `tr`, `tr_n` or `tr_noop` (`explorer.base.languages`), or of `live_text`
(`explorer.ui.base.live_texts`). The file lists each one with
its plural, where it has one, and the modules that use it: what a translator starts from.
"""

from __future__ import annotations

import ast
import json
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "explorer"
FILE = ROOT / "resources" / "texts" / "en.json"

CATALOGUE = ROOT / "resources" / "catalogue.json"
_MARKERS = ("tr", "tr_n", "tr_noop", "live_text")

#: Functions, methods and classes, Qt's and the window's own, whose texts a user reads.
_SHOW = frozenset(
    """QLabel QPushButton QAction QCheckBox QRadioButton QGroupBox QMenu QToolBar QTreeWidgetItem QTableWidgetItem
    setText setToolTip setStatusTip setWhatsThis setWindowTitle setPlaceholderText setTitle setInformativeText
    setAccessibleName setAccessibleDescription setHeaderLabels setHorizontalHeaderLabels setFormat setIconText
    addAction addMenu addItem addItems addTab addRow addButton insertItem setTabText setLabel setTabToolTip
    showMessage showText about question information warning critical drawText setPlainText
    getSaveFileName getOpenFileName getOpenFileNames getExistingDirectory
    text_label show_status show_message set_text""".split()  # noqa: SIM905 - one name a line would be long
)
_MARKUP = re.compile(r"<[^>]*>|&[a-z]+;|\{[^{}]*\}")
_SMALL_WORD = re.compile(r"\b[a-z]{3,}")
_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True)
class Use:
    """One call of a function of `_MARKERS` with a literal text."""

    text: str
    plural: str | None
    module: str
    line: int
    values: frozenset[str] | None  # names given to its placeholders; None where the call does not show them

    @property
    def placeholders(self) -> frozenset[str]:
        """Names in braces, of the singular and the plural together."""
        texts = filter(None, (self.text, self.plural))
        return frozenset(name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def find_uses(package: Path = PACKAGE) -> Iterator[Use]:
    """Yield every literal text that is translated in a package."""
    for path in sorted(package.rglob("*.py")):
        module = ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) in _MARKERS:
                yield from _read_call(node, module)


def find_catalogue_texts() -> Iterator[Use]:
    """Yield the texts of the catalogue: titles that are more than names, notes, sources, and the titles of options."""
    for entry in json.loads(CATALOGUE.read_text(encoding="utf-8"))["networks"]:
        options = [option["title"] for option in entry.get("options", ())]
        named = [entry["title"]] if _SMALL_WORD.search(entry["title"]) else []
        published = entry.get("published", ())
        cited = [entry.get("top1_source", ""), *(figure["source"] for figure in published)]
        sources = [source for source in cited if not source.startswith("torchvision")]  # names of weights are names
        notes = [entry.get("note"), *(figure.get("note") for figure in published)]
        for text in filter(None, (*named, *notes, *sources, *options)):
            yield Use(text, None, "catalogue.json", 0, None)


def _read_call(call: ast.Call, module: str) -> Iterator[Use]:
    marker = _name(call.func)
    literals = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    if not literals:
        return  # of a table whose texts `tr_noop` marks
    values = frozenset(keyword.arg for keyword in call.keywords if keyword.arg)
    values |= {"n"} if marker == "tr_n" else frozenset()
    plural = literals[1] if marker == "tr_n" else None
    unknown = marker == "tr_noop" or any(keyword.arg is None for keyword in call.keywords)
    yield Use(literals[0], plural, module, call.lineno, None if unknown else values)


def render_catalogue(package: Path = PACKAGE) -> str:
    """Return the content of `resources/texts/en.json`: every text once, sorted, with the modules that use it."""
    modules: dict[tuple[str, str], set[str]] = {}
    for use in (*find_uses(package), *find_catalogue_texts()):
        modules.setdefault((use.text, use.plural or ""), set()).add(use.module)
    entries = [
        {"text": text} | ({"plural": plural} if plural else {}) | {"modules": sorted(users)}
        for (text, plural), users in sorted(modules.items())
    ]
    return json.dumps(entries, indent=1, ensure_ascii=False) + "\n"


def find_untranslated(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and text of each literal with words that a call shows without translating it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and _name(node.func) in _SHOW:
            shown = node.args[:1] if _name(node.func) == "text_label" else node.args
            for argument in (*shown, *(keyword.value for keyword in node.keywords)):
                for literal in _literals(argument):
                    if _WORD.search(_MARKUP.sub(" ", literal)):
                        yield node.lineno, literal


#: In rooms without widgets: arguments of these are names that code compares, not texts.
_NAMING = frozenset(
    """tr tr_n tr_noop cast startswith endswith removeprefix removesuffix memoise getattr register_edit compile warn
    TypeVar ValueError KeyError TypeError AttributeError NotImplementedError TransportError PageError NoFingerprint
    with_changes setattr search filterwarnings""".split()  # noqa: SIM905 - one name a line would be long
)
_PROSE = re.compile(r"[^\W\d_]{2,}[,:;]? [^\W\d_]+|^\s*[A-Z][a-z]{2,}")


def find_prose(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and text of each literal of a module without widgets that reads like a text and is not translated.

    Rule: two words in a row, or a capital and small letters at the beginning. What code compares, keys, docstrings and
    `__repr__` are none; nor are messages of Python's own errors, and of errors that never leave the code, which tell
    programmers of a mistake.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {id(node) for part in ast.walk(tree) for child in _naming_parts(part) for node in ast.walk(child)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and id(node) not in names:
            names.update(id(part) for part in node.values)
        elif not (isinstance(node, ast.Constant) and isinstance(node.value, str)) or id(node) in names:
            continue
        text = next(_literals(node))
        if _PROSE.search(_MARKUP.sub(" ", text)):
            yield node.lineno, text


def find_errors(path: Path) -> Iterator[tuple[int, str]]:
    """Yield what `find_prose` does where an error is raised: for modules whose other texts are code."""
    raised = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Raise)]
    for line, text in find_prose(path):
        if any(node.lineno <= line <= (node.end_lineno or line) for node in raised):
            yield line, text


def _naming_parts(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts of a piece of code in which a literal is a name, a docstring or an annotation."""
    if isinstance(node, ast.Call) and _name(node.func) in _NAMING:
        yield from (arg for arg in node.args if not isinstance(arg, ast.Lambda))
        yield from (keyword for keyword in node.keywords if _name(node.func) not in ("tr", "tr_n"))
    elif isinstance(node, (ast.Expr, ast.Compare, ast.Assert)):
        yield from (child for child in ast.iter_child_nodes(node) if not isinstance(child, (ast.Yield, ast.Call)))
    elif isinstance(node, ast.FunctionDef) and node.name == "__repr__":
        yield from node.body
    elif isinstance(node, ast.Subscript):
        yield node.slice
    elif isinstance(node, ast.Dict):
        yield from (key for key in node.keys if isinstance(key, ast.Constant))
    elif isinstance(node, ast.Assign) and any(_name(target) == "__all__" for target in node.targets):
        yield node.value
    yield from filter(None, (getattr(node, "annotation", None), getattr(node, "returns", None)))


def _literals(node: ast.AST) -> Iterator[str]:
    """Yield the texts that an expression may have; what other calls return is not looked into, but for `join`."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from _literals(part.value)
    elif isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("join", "format"):
            for argument in (node.func.value, *node.args):
                yield from _literals(argument)
    elif isinstance(node, ast.IfExp):
        yield from (text for branch in (node.body, node.orelse) for text in _literals(branch))
    elif isinstance(node, (ast.BinOp, ast.BoolOp, ast.List, ast.Tuple, ast.Starred, ast.NamedExpr)):
        yield from (text for child in ast.iter_child_nodes(node) for text in _literals(child))
    elif isinstance(node, (ast.GeneratorExp, ast.ListComp)):
        yield from _literals(node.elt)


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


if __name__ == "__main__":
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(render_catalogue(), encoding="utf-8")
    print(f"Wrote {FILE.relative_to(ROOT)}")
