"""What pydantic finds wrong, in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from explorer.base.languages import translator
from explorer.base.validation_faults import describe_fault


@dataclass(frozen=True)
class Rate:
    value: float

    def __post_init__(self) -> None:
        if self.value <= 0:
            raise ValueError("a rate is more than 0")


class Plan(BaseModel, extra="forbid"):
    epochs: int = Field(ge=1)
    optimizer: Literal["sgd", "adamw"] = "sgd"
    flip: bool = False
    title: str = ""
    rates: list[Rate] = []


def fault(**fields: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Plan).validate_python(fields)
    return describe_fault(caught.value)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "epochs: is missing"),
        ({"epochs": "many"}, "epochs: must be a whole number, not 'many'"),
        ({"epochs": 0}, "epochs: is 0; it must be 1 at least"),
        ({"epochs": 1, "optimizer": "lion"}, "optimizer: must be 'sgd' or 'adamw', not 'lion'"),
        ({"epochs": 1, "flip": "perhaps"}, "flip: must be true or false, not 'perhaps'"),
        ({"epochs": 1, "title": 7}, "title: must be a text, not 7"),
        ({"epochs": 1, "rates": 7}, "rates: must be a list, not 7"),
        ({"epochs": 1, "width": 2}, "width: is not known"),
        ({"epochs": 1, "rates": [{"value": -1}]}, "rates.0: a rate is more than 0"),  # in the class's own words
    ],
)
def test_the_first_fault_is_said_with_its_field(fields: dict[str, Any], sentence: str) -> None:
    assert fault(**fields) == sentence


def test_what_is_long_is_cut() -> None:
    assert fault(epochs="9" * 70 + "x") == f"epochs: must be a whole number, not '{'9' * 59}…"


def test_it_is_said_in_the_language_of_the_window() -> None:
    translator.set_language("zh")
    try:
        assert fault(epochs="many") == "epochs: 必须是整数,不能是 'many'".replace(",", "，")
    finally:
        translator.set_language("en")


def test_what_has_no_sentence_keeps_pydantics_own() -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(complex).validate_python("one")
    assert describe_fault(caught.value).startswith("input should be a valid ")
