"""The table that a spec names is read in place of its name, and belongs to the study."""

import json

import pytest

from nas.errors import SpecError
from nas.spec import block_times
from nas.spec.file import fingerprint, load_spec, resolved, spec_from_json, spec_of_values
from tests.nas.conftest import SMALL

TABLE = {"format": 1, "device": "a CPU", "times": ["120 head 8>10 4x4/1"]}
NAMED = ("space.latency=table.json",)


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "table.json"
    path.write_text(json.dumps(TABLE))
    return path


def test_a_spec_holds_the_content_and_needs_the_file_no_more(table):
    spec = load_spec(str(SMALL), NAMED)
    assert spec.space["latency"] == TABLE
    table.unlink()
    assert spec_from_json(resolved(spec), "study.json") == spec
    written = table.with_name("spec.json")
    written.write_text(json.dumps(resolved(spec)))
    assert load_spec(str(written)).space == spec.space


def test_another_table_is_another_study(table):
    before = load_spec(str(SMALL), NAMED)
    assert fingerprint(load_spec(str(SMALL), NAMED)) == fingerprint(before)
    table.write_text(json.dumps({**TABLE, "times": ["121 head 8>10 4x4/1"]}))
    assert fingerprint(load_spec(str(SMALL), NAMED)) != fingerprint(before)


def test_values_in_python_may_name_it_too(table):
    plain = {"name": "x", "space": {**load_spec(str(SMALL)).space, "latency": str(table)}}
    assert spec_of_values(plain).space["latency"] == TABLE
    assert plain["space"]["latency"] == str(table)


def test_a_mistake_in_a_file_has_its_line(table):
    spec = table.with_name("mine.yaml")
    spec.write_text(SMALL.read_text().replace("space:\n", "space:\n  latency: none.json\n"))
    with pytest.raises(SpecError) as caught:
        load_spec(str(spec))
    assert str(caught.value) == (
        f"{spec}:4: space.latency: cannot read 'none.json': No such file or directory; "
        "`nas space latency SPEC --to FILE` measures a table of block times"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("times:", "command line: space.latency: cannot read 'table.json': it is no JSON"),
        ("[1]", "space.latency: must name a file of block times, not a list"),
        ("{}", "space.latency: is no table of block times of format 1"),
        (json.dumps(TABLE) + " " * 300, "space.latency: 'table.json' is larger than 300 bytes"),
    ],
)
def test_what_is_no_table_is_one_line(table, monkeypatch, text, words):
    monkeypatch.setattr(block_times, "MAX_BYTES", 300)
    table.write_text(text)
    with pytest.raises(SpecError) as caught:
        load_spec(str(SMALL), NAMED)
    assert words in str(caught.value)
    assert "`nas space latency SPEC --to FILE`" in str(caught.value)


def test_a_limit_without_a_table_names_the_command(table):
    with pytest.raises(SpecError, match=r"space\.budget\.latency: needs a table .*nas space lat"):
        load_spec(str(SMALL), ["space.budget.latency=<=3ms"])


SEARCHED = (
    "search.sampler=random",
    "search.candidates=2",
    "search.objectives=[accuracy, -latency]",
)


def test_latency_is_an_objective_where_there_is_a_table(table):
    spec = load_spec(str(SMALL), (*NAMED, *SEARCHED))
    assert spec.search.objectives == ("accuracy", "-latency")
    with pytest.raises(
        SpecError, match=r"search\.objectives: latency needs a table .*nas space lat"
    ):
        load_spec(str(SMALL), SEARCHED)


def test_fine_tuned_networks_have_no_block_times(table):
    tuned = ("ranking.metric=transfer", "fine_tune={data: {image_size: 8}}")
    objectives = ("search.objectives=[transfer, -latency]",)
    with pytest.raises(SpecError, match="block times are of networks not fine-tuned yet"):
        load_spec(str(SMALL), (*NAMED, *SEARCHED[:2], *tuned, *objectives))
