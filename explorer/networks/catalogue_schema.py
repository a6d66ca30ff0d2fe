"""The schema of resources/catalogue.json: which fields an entry has, of which types, within which bounds.

The catalogue itself is loaded without it (see `catalogue.all_entries`): importing pydantic takes 0.1 s, which the
window would wait for. The schema is applied by the tests, and to name what is wrong once loading has failed.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from explorer.base.validation_faults import describe_reason

_Text = Annotated[str, Field(min_length=1, max_length=1000)]
_Count = Annotated[int, Field(gt=0)]
_Percent = Annotated[float, Field(gt=0, le=100)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class PublishedValueFields(_Strict):
    """One published number of an entry; see `catalogue.PublishedValue`."""

    figure: Literal["params", "macs", "top1"]
    value: Annotated[float, Field(gt=0)]
    source: _Text
    note: str = ""


class BuildOptionFields(_Strict):
    """One build option of an entry; see `catalogue.BuildOption`."""

    name: Annotated[str, Field(pattern=r"^[a-z_]\w*$")]
    title: _Text
    choices: Annotated[list[bool | float], Field(min_length=2)]


class EntryFields(_Strict):
    """One entry; see `catalogue.CatalogueEntry`."""

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: _Text
    family: _Text
    year: Annotated[int, Field(ge=1980, le=2100)]
    paper: _Text  # a key of the file's "papers"
    input_size: Annotated[list[_Count], Field(min_length=3, max_length=3)]  # channels, height, width
    builder: Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")]  # "package.module:function"
    params: _Count
    macs: _Count
    activations: _Count
    top1: _Percent | None = None
    top1_source: str = ""
    published: list[PublishedValueFields] = []
    note: str = ""
    options: list[BuildOptionFields] = []
    weights: Annotated[str, Field(pattern=r"^\w+_Weights\.\w+$")] | None = None
    arguments: dict[str, Any] = {}

    @model_validator(mode="after")
    def _has_source(self) -> EntryFields:
        if self.top1 is not None and not self.top1_source:
            raise ValueError("top1 needs a top1_source")
        return self


class CatalogueFields(_Strict):
    """The whole file."""

    papers: dict[str, _Text]
    networks: list[EntryFields]


def find_catalogue_error(raw: Any) -> str | None:
    """Return the first fault of the file's parsed JSON as "resnet50, params: …"; None when there is none."""
    try:
        catalogue = CatalogueFields.model_validate(raw)
    except ValidationError as failure:
        return _describe(failure, raw)
    keys: set[str] = set()
    for entry in catalogue.networks:
        if entry.key in keys:
            return f"{entry.key}, key: another entry has it"
        if entry.paper not in catalogue.papers:
            return f"{entry.key}, paper: {entry.paper!r} is not among the papers"
        keys.add(entry.key)
    return None


def _describe(failure: ValidationError, raw: Any) -> str:
    error = failure.errors()[0]
    location = [str(part) for part in error["loc"]]
    if location[:1] == ["networks"] and len(location) > 1:
        entry = raw["networks"][int(location[1])]
        name = entry.get("key") if isinstance(entry, dict) else None
        location = [str(name) if name else f"entry {int(location[1]) + 1}", ".".join(location[2:])]
    return f"{', '.join(part for part in location if part) or 'the file'}: {describe_reason(error)}"
