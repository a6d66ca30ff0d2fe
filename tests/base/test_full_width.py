"""What a Chinese input method types is read like ASCII in every field for numbers, shapes, arguments and queries."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from explorer.base.full_width import to_half_width
from explorer.base.fuzzy_search import match_rank
from explorer.base.query import QueryFigure, QueryVocabulary, parse_query
from explorer.design import NetworkDesign
from explorer.design.network_design import DesignRow
from explorer.networks.arguments import parse_arguments
from explorer.networks.input_spec import InputSpec
from explorer.presenters.cell_values import normalise_entry
from explorer.ui.widgets.slider import find_nearest_choice

ASCII = "".join(map(chr, range(0x20, 0x7F)))


def widen(text: str) -> str:
    return "".join("　" if letter == " " else chr(ord(letter) + 0xFEE0) for letter in text)


def test_every_full_width_character_is_that_of_ascii() -> None:
    bare = ASCII.replace('"', "").replace("'", "")
    assert to_half_width(widen(bare)) == to_half_width(bare) == bare
    assert to_half_width("【2、3】《0。5》‘a’“b”drop——rate") == "[2,3]<0.5>'a'\"b\"drop_rate"


def test_what_is_in_quotes_stays() -> None:
    assert to_half_width('（‘甲，乙’，"it\'s（x）"，“１”）') == '(\'甲，乙\',"it\'s（x）","１")'
    assert to_half_width("通道数") == "通道数"


@pytest.mark.parametrize(
    "text", ["depths=（2，2，6），act=‘relu’", "depths＝(２,２,６)，act=relu", "depths=(2、2、6),act=“relu”"]
)
def test_arguments(text: str) -> None:
    assert parse_arguments(text) == {"depths": (2, 2, 6), "act": "relu"}


@pytest.mark.parametrize(
    "text",
    ["image＝３×３２×３２：float32＠photo", "image=（3，32，32）：float32@photo", "image=【1x3x32x32】:float32@photo"],
)
def test_inputs(text: str) -> None:
    assert InputSpec.from_text(text) == InputSpec("image", (1, 3, 32, 32), "float32", "photo")


def test_a_file_of_numbers_keeps_its_name() -> None:
    assert InputSpec.from_text("x=[]＠数据（１），新.npy").source == "数据（１），新.npy"
    assert (
        InputSpec.from_text("x=@１，2。5").plain_value == (1, 2.5)
        or InputSpec.from_text("x=[2]@１，2。5").source == "1,2.5"
    )


def test_values_of_cells_and_sliders() -> None:
    assert (normalise_entry("３ｘ３"), normalise_entry("×６"), normalise_entry("１／４")) == ("3", "6", "1/4")
    assert find_nearest_choice("０。７", ["0.5", "0.75", "1"]) == 1


def test_designs() -> None:
    first = NetworkDesign("新网络（一）", (3, 8, 8), 1, (), (DesignRow("conv_norm_act", "channels=１６，stride=２"),))
    made = first.with_options({"input": "３×６４×６４", "hidden": "５１２，２５６"})
    assert (made.title, made.input_size, made.hidden) == ("新网络（一）", (3, 64, 64), (512, 256))


@dataclass
class Item:
    title: str
    params: float
    kind: str = "conv"
    path: str = ""
    parent_path: str = ""
    figures: dict[str, QueryFigure] = field(default_factory=dict)

    @property
    def search_text(self) -> str:
        return self.title.casefold()

    def __post_init__(self) -> None:
        self.figures["params"] = self.params


def test_queries() -> None:
    words = QueryVocabulary({"params": "params"}, ("conv", "pool"))
    small, large = Item("网络（新）", 1e6), Item("ResNet", 1e7)

    def found(text: str) -> list[Item]:
        return [item for item in (small, large) if parse_query(text, words).matches(item)]

    for text in (
        "params＜５Ｍ",
        "params《 5M",
        "params ＜＝ 5M",
        "网络（新",
        "“网络（新）”",
        "网络(新)",
        "kind：conv －resnet",
    ):
        assert found(text) == [small], text
    assert found("ｒｅｓｎｅｔ") == [large]
    assert match_rank("ＲｅｓＮｅｔ５０", "ResNet-50") == 4
    assert match_rank("（新", "网络（新）") == match_rank("（新", "网络(新)") == 2
