"""The schema accepts what the program accepts, and refuses the mistakes that editors can show."""

import json
from importlib import resources
from typing import Any

import jsonschema
import pytest

from nas.errors import SpecError
from nas.spec.file import shipped, spec_of_values
from nas.spec.schema import spec_schema
from nas.spec.study import StudySpec
from search_spaces.language.document import read_document
from search_spaces.language.parse import KEYS, STAGE_KEYS

SCHEMA = spec_schema()
CHECK = jsonschema.Draft202012Validator(SCHEMA)
SMALL: dict[str, Any] = {
    "name": "small",
    "space": {"stem": {"width": 8}, "stages": [{"type": "C", "depth": 1, "width": 8}]},
}


def small(**changes: Any) -> dict[str, Any]:
    return {**SMALL, "space": {**SMALL["space"], **changes}}


def test_the_schema_is_one_and_plain_json() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


@pytest.mark.parametrize("name", shipped())
def test_shipped_specs_are_accepted(name: str) -> None:
    text = (resources.files("search_spaces") / f"{name}.yaml").read_bytes()
    assert [error.message for error in CHECK.iter_errors(read_document(text, name).values)] == []


GOOD: list[dict[str, Any]] = [
    small(kernel=[3, 5], attention=["global", "linear"], relative_bias=["pre", "none"]),
    small(recipe={"learning_rate": {"from": 1e-4, "to": 1e-2, "log": True}}),
    small(stages=[{"type": ["C"], "depth": {"from": 1, "to": 3}, "width": {"times_previous": 2}}]),
    small(budget={"parameters": "<=25M", "macs": ["3G", "4.2G"]}),
    small(constraints={"total_depth": "<=9", "widths_do_not_shrink": True}),
    small(match={"parameters": "150k", "within": 0.2}),
    small(image_size=[20, 28]),
    small(image_size={"from": 16, "to": 32, "step": 8}),
    {**SMALL, "training": None},
]
BAD: list[dict[str, Any]] = [
    small(kernl=3),
    small(kernel=4),
    small(attention="windw"),
    small(image_size=[28, 0]),
    small(image_size="28px"),
    small(stages=[{"type": "X", "depth": 1, "width": 8}]),
    small(stages=[{"type": "C", "depth": 0, "width": 8}]),
    small(stages=[{"type": "C", "depth": 1, "width": {"times_previus": 2}}]),
    small(budget={"parameters": "<25M"}),
    small(recipe={"learning_rat": 1e-3}),
    {**SMALL, "training": {"epochs": 0}},
    {**SMALL, "search": {"sampler": "tp"}},
    {"name": "no-space"},
]


@pytest.mark.parametrize("values", GOOD)
def test_what_is_right_is_right_for_both(values: dict[str, Any]) -> None:
    spec_of_values(values)
    CHECK.validate(values)


@pytest.mark.parametrize("values", BAD)
def test_what_is_wrong_is_wrong_for_both(values: dict[str, Any]) -> None:
    with pytest.raises(SpecError):
        spec_of_values(values)
    with pytest.raises(jsonschema.ValidationError):
        CHECK.validate(values)


def test_every_key_of_the_language_is_in_the_schema() -> None:
    space = SCHEMA["properties"]["space"]
    assert set(space["properties"]) == set(KEYS)
    assert set(space["properties"]["stages"]["items"]["properties"]) == set(STAGE_KEYS)
    assert set(SCHEMA["properties"]) == set(StudySpec.model_fields)
