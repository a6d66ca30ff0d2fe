"""Limits of own code, a setting: how long it may run and how much memory it may hold before its process is ended."""

from __future__ import annotations

import psutil
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QSpinBox, QWidget

from explorer.base.child_process import Limits
from explorer.base.languages import tr_noop
from explorer.ui.base.live_texts import live_text
from explorer.ui.base.settings import read_whole
from explorer.ui.widgets.number_boxes import DecimalBox, IntegerBox

_SECONDS_SETTING, _MEMORY_SETTING = "own code/seconds", "own code/memory"
_GIB = 2**30
_TIP = tr_noop("The code runs in a process of its own, which is ended when it takes longer or holds more memory.")


def read_limits() -> Limits:
    """Return the limits of the settings; those that are missing or absurd are the usual ones."""
    usual = Limits()
    seconds = read_whole(_SECONDS_SETTING, round(usual.seconds))
    memory = read_whole(_MEMORY_SETTING, usual.memory)
    return Limits(seconds, memory) if 1 <= seconds <= 86_400 and memory >= _GIB // 2 else usual


class LimitsRow(QWidget):
    """Two boxes, seconds and GB, that keep the settings."""

    def __init__(self) -> None:
        super().__init__()
        now = read_limits()
        self.seconds = IntegerBox(minimum=1, maximum=86_400, value=round(now.seconds))
        live_text(self.seconds, QSpinBox.setSuffix, " s")
        live_text(self.seconds, QWidget.setAccessibleName, "Time limit")
        most = max(psutil.virtual_memory().total / _GIB, 1.0)
        self.memory = DecimalBox(minimum=0.5, maximum=most, value=now.memory / _GIB, decimals=1)
        live_text(self.memory, QDoubleSpinBox.setSuffix, " GB")
        live_text(self.memory, QWidget.setAccessibleName, "Memory limit")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for box in (self.seconds, self.memory):
            live_text(box, QWidget.setToolTip, _TIP)
            row.addWidget(box)
        row.addStretch(1)
        self.seconds.valueChanged.connect(lambda value: QSettings().setValue(_SECONDS_SETTING, value))
        self.memory.valueChanged.connect(lambda value: QSettings().setValue(_MEMORY_SETTING, round(value * _GIB)))
