"""Scenes as a LaTeX document of TikZ pictures, one to a page, which pdflatex compiles with what every TeX has.

Cards are named nodes, links are drawn between their anchors; texts are in the document's own sans serif.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from explorer.base.han_spacing import FIRST_IDEOGRAPH
from explorer.base.languages import find_languages
from explorer.export.documents.scene import SceneCard, SceneLink, SceneSwatch, SceneText, SheetScene

_MAX_SIDE = 5000.0  # big points: TeX knows no length of more than 16,383 points
_POINTS = 0.75  # big points in a unit of the sheet
_TITLE, _LINE = 13.0, 11.0  # units of type on cards at zoom 1

_SIGNS = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': "''", "\n": " ", "\t": " ", "×": r"\ensuremath{\times}", "→": r"\ensuremath{\to}",
    "·": r"\ensuremath{\cdot}", "…": r"\ldots{}", "–": "--{}", "—": "---{}", "−": r"\ensuremath{-}",
    "±": r"\ensuremath{\pm}", "⧺": r"\ensuremath{+\!\!+}", "÷": r"\ensuremath{\div}", "≤": r"\ensuremath{\le}",
    "≥": r"\ensuremath{\ge}", "∞": r"\ensuremath{\infty}", "Δ": r"\ensuremath{\Delta}", "²": r"\ensuremath{^2}",
    "³": r"\ensuremath{^3}", "’": "'", "‘": "`", "“": "``", "”": "''", "\xa0": "~", "\0": "{}",
}  # fmt: skip
#: Chinese letters: of CJKutf8 for pdfTeX, of the first font there is for others.
_HAN_COMMAND = (
    r"\newcommand{\han}[1]{\ifdefined\pdftexversion ?\else #1\fi}",
    r"\ifdefined\pdftexversion\IfFileExists{CJKutf8.sty}{\usepackage{CJKutf8}"
    r"\renewcommand{\han}[1]{\begin{CJK}{UTF8}{gbsn}##1\end{CJK}}}{}\else",
    r"\suppressfontnotfounderror=1",
    r'\newcommand{\tryfont}[1]{\ifdefined\hanfont\else\font\tried="#1" at 10bp '
    r'\ifx\tried\nullfont\else\def\hanfont{"#1"}\fi\fi}',
)
_HAN_FONT = (
    r"\suppressfontnotfounderror=0",
    r"\ifdefined\hanfont",
    r"\DeclareFontFamily{TU}{han}{}\edef\declare{\noexpand\DeclareFontShape{TU}{han}{m}{n}{<->\hanfont}{}}\declare",
    r"\DeclareFontShape{TU}{han}{bx}{n}{<->ssub*han/m/n}{}",
    r"\renewcommand{\han}[1]{{\fontencoding{TU}\fontfamily{han}\selectfont #1}}",
    r"\fi\fi",
)
#: Between signs that TeX would set as one other.
_LIGATURE = re.compile(r"(?<=-)(?=-)|(?<=')(?=')|(?<=[`?!])(?=`)")


def write_tikz(scenes: Sequence[SheetScene]) -> str:
    """Return the document. pdfTeX sets Latin letters, and Simplified Chinese ones where it has the package CJKutf8; for
    others it writes "?". XeTeX and LuaTeX set those in the first Chinese font that they find."""
    pages = "\n\\clearpage\n".join(map(_picture, scenes))
    return "\n".join([_document_head(scenes[0], has_han=r"\han{" in pages), pages, r"\end{document}", ""])


def _scale(scene: SheetScene) -> float:
    """Big points for each unit of the sheet."""
    return min(_POINTS, _MAX_SIDE / max(scene.width, scene.height))


def _document_head(scene: SheetScene, *, has_han: bool) -> str:
    width, height = scene.width * _scale(scene) + 2, scene.height * _scale(scene) + 2
    return "\n".join(
        [
            r"\documentclass{article}",
            rf"\usepackage[paperwidth={width:.2f}bp,paperheight={height:.2f}bp,margin=1bp,headheight=0pt,headsep=0pt,"
            r"footskip=0pt]{geometry}",
            r"\usepackage{fix-cm}",
            r"\usepackage{tikz}",
            r"\pagestyle{empty}\parindent=0pt\topskip=0pt\hfuzz=3pt\vfuzz=3pt\hbadness=10000",
            r"\newcommand{\sized}[1]{\fontsize{#1bp}{1.18\dimexpr #1bp}\selectfont}",
            *(_han_lines() if has_han else ()),
            r"\begin{document}\sffamily",
        ]
    )


def _han_lines() -> Iterator[str]:
    fonts = [font for language in find_languages().values() for font in language.fonts]
    yield from (*_HAN_COMMAND, *(rf"\tryfont{{{font}}}" for font in fonts), *_HAN_FONT)


def _picture(scene: SheetScene) -> str:
    scale = _scale(scene)
    lines = list(_colours(scene))
    lines.append(
        rf"\noindent\begin{{tikzpicture}}[x={scale:.5f}bp,y=-{scale:.5f}bp,inner sep=0pt,outer sep=0pt,"
        r"every node/.style={align=left},link/.style={->,>=latex,rounded corners=3pt}]"
    )
    ground = f",fill={_colour(scene.background)}" if scene.background is not None else ""
    lines.append(rf"\path[use as bounding box{ground}] (0,0) rectangle ({_n(scene.width)},{_n(scene.height)});")
    lines += [_frame(scene, card) for card in scene.cards if card.is_frame]
    lines += [_card(scene, card) for card in scene.cards if not card.is_frame]
    lines += [_link(scene, link) for link in scene.links]
    lines += [line for swatch in scene.swatches for line in _swatch(swatch)]
    lines += [_text(scene, text) for text in (*scene.heads, *scene.texts)]
    return "\n".join([*lines, r"\end{tikzpicture}"])


def _colours(scene: SheetScene) -> Iterator[str]:
    used = [scene.background, scene.text_colour, scene.muted_colour, scene.link_colour, scene.skip_colour]
    used += [colour for card in scene.cards for colour in (card.fill, card.line, card.ink)]
    used += [colour for swatch in scene.swatches for colour in swatch.colours]
    used += [text.colour for text in (*scene.heads, *scene.texts)]
    for colour in dict.fromkeys(filter(None, used)):
        yield rf"\definecolor{{{_colour(colour)}}}{{HTML}}{{{colour[1:].upper()}}}"


def _colour(colour: str | None) -> str:
    return f"c{(colour or '#ffffff')[1:]}"


def _look(scene: SheetScene, card: SceneCard) -> str:
    width = (1.4 if card.change != "same" else 0.8) * scene.zoom * _scale(scene)
    dashes = ",dashed" if card.is_dashed else ""
    return f"draw={_colour(card.line)},fill={_colour(card.fill)},line width={width:.2f}bp{dashes}"


def _frame(scene: SheetScene, card: SceneCard) -> str:
    box, zoom, scale = card.box, scene.zoom, _scale(scene)
    shape = (
        rf"\draw[{_look(scene, card)},rounded corners={4 * zoom * scale:.2f}bp] ({_n(box.x)},{_n(box.y)}) rectangle "
        rf"({_n(box.x + box.width)},{_n(box.y + box.height)});"
    )
    words = rf"\sized{{{_TITLE * zoom * scale:.2f}}}\textbf{{{escape_tex(card.rows[0])}}}"
    if len(card.rows) > 1:
        words += rf" \sized{{{_LINE * zoom * scale:.2f}}}{escape_tex(card.rows[1])}"
    return (
        f"% {_comment(card.id)}\n{shape}\n"
        rf"\node[anchor=west,text={_colour(card.ink)}] (n{card.number}) at "
        rf"({_n(box.x + 12 * zoom)},{_n(box.y + 15 * zoom)}) {{{words}}};"
    )


def _card(scene: SheetScene, card: SceneCard) -> str:
    box, zoom, scale = card.box, scene.zoom, _scale(scene)
    size = f"minimum width={box.width * scale:.2f}bp,minimum height={box.height * scale:.2f}bp"
    if card.is_round:
        shape, words = "circle", rf"\sized{{{_TITLE * zoom * scale:.2f}}}{escape_tex(card.rows[0])}"
    else:
        inset = 8 * zoom * scale
        shape = f"rounded corners={3.5 * zoom * scale:.2f}bp,text width={box.width * scale - 2 * inset:.2f}bp"
        title, *rest = map(escape_tex, card.rows)
        words = rf"\sized{{{_TITLE * zoom * scale:.2f}}}\mbox{{\textbf{{{title}}}}}"
        words += "".join(rf"\\\sized{{{_LINE * zoom * scale:.2f}}}\mbox{{{row}}}" for row in rest)
    centre = f"({_n(box.x + box.width / 2)},{_n(box.y + box.height / 2)})"
    look = f"{_look(scene, card)},text={_colour(card.ink)}"
    return (
        f"% {_comment(card.id)}\n"
        rf"\node[{shape},{size},{look}] (n{card.number}) at {centre} {{{words}}};"
    )


def _link(scene: SheetScene, link: SceneLink) -> str:
    colour = scene.skip_colour if link.is_skip else scene.link_colour
    start = "south" if link.points[0][0] == link.points[1][0] else "east"
    points = "".join(f" -- ({_n(x)},{_n(y)})" for x, y in link.points[1:-1])
    end, box = link.points[-1], scene.cards[link.target].box
    # Two links from one card to another end beside each other, off the middle, where no anchor is.
    side, off = ("north", end[0] - box.x - box.width / 2)
    if link.points[-1][1] == link.points[-2][1]:
        side, off = "west", end[1] - box.y - box.height / 2
    target = f"(n{link.target}.{side})"
    if abs(off) > 0.5:
        shift = f"{_n(off)},0" if side == "north" else f"0,{_n(off)}"
        target = f"([shift={{({shift})}}]n{link.target}.{side})"
    width = 1.1 * scene.zoom * _scale(scene)
    look = f"link,draw={_colour(colour)},line width={width:.2f}bp"
    return rf"\draw[{look}] (n{link.source}.{start}){points} -- {target};"


def _swatch(swatch: SceneSwatch) -> Iterator[str]:
    box, count = swatch.box, len(swatch.colours)
    for part, colour in enumerate(swatch.colours):
        left, right = (box.x + box.width * place / count for place in (part, part + 1))
        dashes = ",dashed" if swatch.is_dashed else ""
        if swatch.is_line:
            middle = _n(box.y + box.height / 2)
            yield rf"\draw[draw={_colour(colour)}{dashes}] ({_n(left)},{middle}) -- ({_n(right)},{middle});"
        else:
            paint = f"draw={_colour(colour)}{dashes}" if swatch.is_dashed else f"fill={_colour(colour)}"
            yield rf"\path[{paint}] ({_n(left)},{_n(box.y)}) rectangle ({_n(right)},{_n(box.y + box.height)});"


def _text(scene: SheetScene, text: SceneText) -> str:
    words = escape_tex(text.text)
    words = rf"\textbf{{{words}}}" if text.is_bold else words
    return (
        rf"\node[anchor=base west,text={_colour(text.colour)}] at ({_n(text.x)},{_n(text.y)}) "
        rf"{{\sized{{{text.size * _scale(scene):.2f}}}{words}}};"
    )


def escape_tex(text: str) -> str:
    """Return a text such that TeX sets it as it is; what pdfTeX has no letter for, as "?" there."""
    runs = ((is_han, "".join(signs)) for is_han, signs in groupby(_LIGATURE.sub("\0", text), _is_simplified_han))
    return "".join(rf"\han{{{run}}}" if is_han else "".join(map(_escape_sign, run)) for is_han, run in runs)


def _is_simplified_han(sign: str) -> bool:
    """Whether the Chinese font that comes with TeX has a sign: it fails on any other."""
    try:
        return sign >= FIRST_IDEOGRAPH and len(sign.encode("gb2312")) == 2
    except UnicodeEncodeError:
        return False


def _escape_sign(sign: str) -> str:
    if sign in _SIGNS:
        return _SIGNS[sign]
    if sign.isascii() or "\xc0" <= sign <= "\xff":
        return sign
    return rf"\ifdefined\pdftexversion ?\else {sign}\fi{{}}"


def _comment(text: str) -> str:
    return " ".join(text.split())


def _n(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
