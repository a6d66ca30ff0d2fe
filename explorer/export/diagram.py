"""From a network to its picture on a sheet, and into a file: what the dialog, the command line and Python use."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explorer import numbers
from explorer.diagram import COLOURS, Card, Colouring, Diagram
from explorer.export.page import ExportError, Page, one_of
from explorer.network import Network
from explorer.panels import Count
from explorer.present import at_level, diagram, revealed, summary
from explorer.present.stage_table import StageTable, stage_table
from explorer.present.volumes import volumes

if TYPE_CHECKING:
    from PySide6.QtGui import QGuiApplication

    from explorer.export.sheet import Content, Sheet, Words

_application: QGuiApplication | None = None  # fonts need one; kept for the life of the process


def save_diagram(
    network: Network, path: str | Path, page: Page = Page(), *, select: Collection[str] = (), **settings: Any
) -> None:
    """Write a picture of a network as PNG, SVG or PDF, by the suffix of `path`.

    Args:
        page: what it shows and how large it is; `settings` are fields of it: level="units", theme="dark", width=2000.
        select: layers, blocks or stages, if nothing else should be on it.

    Raises:
        ExportError: a setting there is no such value of, or a file that cannot be written as asked; nothing is
            written then. The message says the largest scale that works.
    """
    from explorer.export.image import export_image

    try:
        page = replace(page, **settings)
    except TypeError as failure:
        raise ExportError(f"no such setting: {failure}") from failure
    need_fonts()
    export_image(sheet(network, page, select), path)


def save_table(networks: Sequence[Network], table: StageTable, path: str | Path, page: Page = Page()) -> None:
    """Write a table of stages as PNG, SVG or PDF. Raises ExportError."""
    from explorer.export.image import export_image

    need_fonts()
    export_image(table_sheet(networks, table, page), path)


def table_sheet(networks: Sequence[Network], table: StageTable, page: Page) -> Sheet:
    """A table of stages on a page. Needs a QGuiApplication."""
    from explorer.export.sheet import Sheet, Words
    from explorer.export.table_image import TableImage

    single = words(networks[0]) if len(networks) == 1 else Words(table.title, " · ".join(table.notes))
    return Sheet(TableImage(table), page, single)


def sheet(network: Network, page: Page = Page(), select: Collection[str] = ()) -> Sheet:
    """The picture that a page wants, with what stands around it. Needs a QGuiApplication.

    Raises ExportError for a selection that is not in the network.
    """
    from explorer.export.sheet import Sheet

    return Sheet(content(network, page, select), page, words(network))


def content(network: Network, page: Page, select: Collection[str] = (), colouring: Colouring | None = None) -> Content:
    """The picture alone; `colouring` holds the numbers that the page names, where they are not those of `COLOURS`."""
    from explorer.drawing import compose
    from explorer.export.table_image import TableImage
    from explorer.export.volumes import VolumesImage

    study = network.study
    if page.kind == "table":
        return TableImage(stage_table([study]))
    if page.kind == "volumes":
        return VolumesImage(volumes(study, page.level or "blocks"))
    opened = at_level(study, page.level or "blocks")
    by: str | Colouring = colouring if colouring is not None and colouring.title == page.by else page.by
    if isinstance(by, str):
        one_of("colouring", by, tuple(COLOURS))
    if select:
        names = [_known(network, name) for name in select]
        groups = study.hierarchy.groups
        for name in names:
            opened = revealed(study, opened, name)
        opened |= {name for name in names if name in groups and groups[name].role != "unit"}
        return compose(only(diagram(study, opened, network.history.baseline, by), names), page.direction)
    return compose(diagram(study, opened, network.history.baseline, by), page.direction)


def _known(network: Network, name: str) -> str:
    hierarchy = network.study.hierarchy
    for id in (f"unit:{name}", name):  # a layer is shown with its norm and activation
        if id in hierarchy.parent:
            return id
    raise ExportError(f"there is no layer, block or stage {name!r} in {network.title}")


def only(whole: Diagram, ids: Collection[str]) -> Diagram:
    """The diagram of some of its cards and open groups, with what is in them and the links between. Where several of
    them read one map from outside, a card stands for that: else nothing would say that their ways begin together."""
    kept: set[str] = set()
    for id in ids:
        kept.update(_inside(whole, id))
    inner = {child for group, children in whole.children.items() if group in kept for child in children}
    entering = Counter(link.source for link in whole.links if link.target in kept and link.source not in kept)
    given = [id for id, readers in entering.items() if readers > 1]
    order = [*given, *(id for id in _inside(whole, whole.root) if id in kept and id not in inner)]
    children = {whole.root: tuple(order)} | {group: whole.children[group] for group in whole.children if group in kept}
    cards = {id: Card(id, "input", "Input", shape=whole.cards[id].shape) for id in given}
    cards |= {id: card for id, card in whole.cards.items() if id in kept}
    links = tuple(link for link in whole.links if link.source in cards and link.target in kept)
    return replace(whole, children=children, cards=cards, links=links)


def _inside(whole: Diagram, id: str) -> list[str]:
    """A card or group and everything in it, in execution order."""
    found = [id]
    for child in whole.children.get(id, ()):
        found += _inside(whole, child)
    return found


def words(network: Network) -> Words:
    """What is written around any picture of a network."""
    from explorer.export.sheet import Words

    counts = summary(network.study, network.baseline.study).counts
    return Words(network.title, caption(network), tuple((count.name, _said(count)) for count in counts))


def caption(network: Network) -> str:
    """The exact figures and their convention, for below a diagram."""
    total = network.figures.total
    shape = "×".join(map(str, network.architecture.input_shape[1:]))
    edits = len(network.history.in_force)
    edited = f" · {edits} edit{'s' if edits != 1 else ''}" if edits else ""
    return (
        f"{numbers.exact(total.params)} parameters · {numbers.exact(total.macs)} MACs "
        f"({numbers.short(total.flops)} FLOPs = 2 × MACs) · input {shape}{edited}"
    )


def _said(count: Count) -> str:
    now = numbers.size(count.now) if count.unit == "bytes" else numbers.exact(count.now)
    if count.unit == "px":
        now = f"{now} px" if count.now else "whole image"
    return now if count.now == count.before else f"{now} ({numbers.percent(count.now, count.before)})"


def need_fonts() -> None:
    """Make sure there is an application, without a screen if there is none."""
    global _application
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtGui import QGuiApplication

    if QGuiApplication.instance() is None:
        _application = QGuiApplication(["cnn-explorer"])
