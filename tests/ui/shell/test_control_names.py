"""Every control of every panel has a name that a screen reader can say."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QScrollBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from explorer.ui.shell.window import Window
from tests.ui.conftest import settled

_CONTROLS = (QAbstractButton, QComboBox, QAbstractSlider, QAbstractSpinBox, QLineEdit, QAbstractItemView)


def _name(control: QWidget) -> str:
    """Return what is said of a control: its own name or text, or that of its label or tooltip."""
    if control.accessibleName():
        return control.accessibleName()
    if isinstance(control, QAbstractButton) and any(letter.isalnum() for letter in control.text()):
        return control.text()
    if isinstance(control, QLineEdit) and control.placeholderText():
        return control.placeholderText()
    labels = [label for label in control.window().findChildren(QLabel) if label.buddy() is control]
    if labels:
        return labels[0].text()
    parent = control.parentWidget()
    layout = parent.layout() if parent is not None else None
    label = layout.labelForField(control) if isinstance(layout, QFormLayout) else None
    return label.text() if isinstance(label, QLabel) else ""


def _is_of_qt(control: QWidget) -> bool:
    """Whether it is part of a control of Qt's, which speaks for it."""
    parent = control.parentWidget()
    within = isinstance(parent, (QComboBox, QAbstractSpinBox, QAbstractItemView)) or control.objectName().startswith(
        "qt_"
    )
    return within or isinstance(control, QScrollBar)


def test_all_controls_have_names(window: Window, qtbot: QtBot) -> None:
    window.start("resnet18")
    settled(qtbot, window)
    window.session.select("layer1.0.conv1")
    for dock in window.tool_context.docks:
        dock.show()
    settled(qtbot, window)
    nameless = {
        f"{type(control).__name__} {control.toolTip()!r} in {type(control.parentWidget()).__name__}"
        for control in window.findChildren(QWidget)
        if isinstance(control, _CONTROLS) and control.isVisible() and not _is_of_qt(control) and not _name(control)
    }
    assert not nameless, "\n".join(sorted(nameless))
