"""Independent reader of TikZ: where boxes, ways and words of a picture stand, and what the words print."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

Place = tuple[float, float]
Rect = tuple[float, float, float, float]  # left, top, width, height

_NUMBER = r"(-?[\d.]+)"
_WORDS = {
    "textbackslash": "\\", "textasciicircum": "^", "textasciitilde": "~", "textless": "<", "textgreater": ">",
    "textbar": "|", "ldots": "…", "times": "×", "to": "→", "cdot": "·", "pm": "±", "div": "÷", "le": "≤", "ge": "≥",
    "infty": "∞", "Delta": "Δ",
}  # fmt: skip
_SILENT = r"\\sized\{[\d.]+\}|\\(?:textbf|mbox|ensuremath|han)(?=\{)|\\ifdefined\\pdftexversion \?\\else |\\fi\{\}"
_ESCAPED = 0xE000  # signs that are no code, while braces are taken away


@dataclass
class TikzPicture:
    """What a picture shows, in its own units; nodes by their names."""

    boxes: dict[str, Rect] = field(default_factory=dict)
    words: dict[str, list[str]] = field(default_factory=dict)
    ways: list[tuple[str, str, list[Place]]] = field(default_factory=list)
    texts: list[tuple[Place, str]] = field(default_factory=list)  # left ends of baselines


def read_tikz_picture(text: str) -> TikzPicture:
    """Read a document with one picture."""
    found = TikzPicture()
    unit = float(_find(rf"\[x={_NUMBER}bp,y=-\1bp", text)[1])
    frame: Rect = (0.0, 0.0, 0.0, 0.0)
    for line in text.splitlines():
        if way := re.match(r"\\draw\[link[^\]]*\] (.*);$", line):
            found.ways.append(_read_way(found, way[1].split(" -- ")))
        elif rect := re.match(rf"\\draw\[.*\] \({_NUMBER},{_NUMBER}\) rectangle \({_NUMBER},{_NUMBER}\);", line):
            left, top, right, bottom = map(float, rect.groups())
            frame = left, top, right - left, bottom - top
        elif node := re.match(rf"\\node\[(.*?)\] \((n\d+)\) at \({_NUMBER},{_NUMBER}\) \{{(.*)\}};$", line):
            look, name, x, y = node[1], node[2], float(node[3]), float(node[4])
            found.words[name] = [printed(row) for row in re.split(r"\\\\(?=\\sized)", node[5])]
            size = [float(value) / unit for value in re.findall(rf"minimum (?:width|height)={_NUMBER}bp", look)]
            found.boxes[name] = (x - size[0] / 2, y - size[1] / 2, size[0], size[1]) if size else frame
        elif label := re.match(rf"\\node\[anchor=base west.*?\] at \({_NUMBER},{_NUMBER}\) \{{(.*)\}};$", line):
            found.texts.append(((float(label[1]), float(label[2])), printed(label[3])))
    return found


def printed(code: str) -> str:
    """What a line of TeX prints, with the letters that XeTeX has."""
    code = re.sub(_SILENT, "", code)
    code = re.sub(r"\\([A-Za-z]+)(?:\{\})?", lambda found: chr(_ESCAPED + ord(_WORDS[found[1]])), code)
    code = re.sub(r"\\([{}$&#%_])", lambda found: chr(_ESCAPED + ord(found[1])), code)
    for sign, letter in (("+\\!\\!+", "⧺"), ("^2", "²"), ("^3", "³"), ("---", "—"), ("--", "–"), ("''", "”")):
        code = code.replace(sign, letter)
    code = code.replace("{-}", "−").replace("``", "“").replace("~", "\xa0").replace("{", "").replace("}", "")
    return "".join(chr(ord(sign) - _ESCAPED) if _ESCAPED <= ord(sign) < 0xF900 + 0x1000 else sign for sign in code)


def _read_way(found: TikzPicture, stops: list[str]) -> tuple[str, str, list[Place]]:
    names, places = [], []
    for stop in stops:
        if anchor := re.fullmatch(rf"\((?:\[shift=\{{\({_NUMBER},{_NUMBER}\)\}}\])?(n\d+)\.(\w+)\)", stop):
            names.append(anchor[3])
            x, y = _anchor(found.boxes[anchor[3]], anchor[4])
            places.append((x + float(anchor[1] or 0), y + float(anchor[2] or 0)))
        else:
            at = _find(rf"\({_NUMBER},{_NUMBER}\)", stop)
            places.append((float(at[1]), float(at[2])))
    first, last = names
    return first, last, places


def _anchor(box: Rect, side: str) -> Place:
    left, top, width, height = box
    across, down = {"north": (0.5, 0), "south": (0.5, 1), "west": (0, 0.5), "east": (1, 0.5)}[side]
    return left + across * width, top + down * height


def _find(pattern: str, text: str) -> re.Match[str]:
    found = re.search(pattern, text)
    assert found is not None, text
    return found
