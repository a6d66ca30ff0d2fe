"""Light and dark, and the contrast of both."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from explorer.ui.base import appearance


def luminance(colour: str) -> float:
    red, green, blue, _ = map(float, QColor(colour).getRgbF())  # type: ignore[call-overload]
    parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_the_user_chose_is_in_force(qapp: QApplication, scheme: str) -> None:
    appearance.apply_scheme(qapp, scheme)
    assert appearance.is_dark(qapp) == (scheme == "dark")
    window = qapp.palette().color(QPalette.ColorRole.Window).name()
    assert window == appearance.current_colours().background
    assert (luminance(window) < 0.2) == (scheme == "dark")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("part", ["text", "muted", "increase", "decrease"])
@pytest.mark.parametrize("ground", ["background", "surface"])
def test_text_can_be_read(qapp: QApplication, scheme: str, part: str, ground: str) -> None:
    appearance.apply_scheme(qapp, scheme)
    c = appearance.current_colours()
    assert contrast(getattr(c, part), getattr(c, ground)) >= 4.5
