"""`nas pareto`: the sentence first, what to run next last, and the same as JSON and CSV."""

import json

from nas.cli.main import run
from tests.nas.reading.test_pareto import SIX, studied


def shown(capsys, *arguments, code=0):
    assert run(["pareto", *map(str, arguments)]) == code
    found = capsys.readouterr()
    return found.out if code == 0 else found.err


def test_a_front_is_told_and_drawn_as_a_table_of_80_columns(tmp_path, capsys):
    studied(tmp_path / "s", SIX, "search.seeds=6")
    lines = shown(capsys, tmp_path / "s").splitlines()
    assert " ".join(lines[:2]).strip() == (
        "2 of 3 candidates are on the front of accuracy against MACs by point estimates; "
        "2 certainly, 1 certainly not, 0 open."
    )
    row = next(line for line in lines if line.startswith("T-T"))
    assert row.split()[1] == "60.17"
    assert row.rstrip().endswith("below C-T")
    assert any(line.startswith("hypervolume: 0.6") for line in lines)
    assert lines[-2] == f"nas report {tmp_path / 's'}"
    assert all(len(line) <= 80 for line in lines[:-2])


def test_costs_are_columns_and_one_given_twice_is_one(tmp_path, capsys):
    studied(tmp_path / "s", SIX, "search.seeds=6")
    asked = ("--against", "parameters", "--against", "training_macs", "--against", "parameters")
    found = json.loads(shown(capsys, tmp_path / "s", *asked, "-o", "json"))
    assert found["against"] == ["parameters", "training_macs"]
    assert found["candidates"][0]["training_macs"] > 0
    assert found["growth"]["against"] == "parameters"
    assert " macs" not in shown(capsys, tmp_path / "s", "--against", "parameters")


def test_without_being_asked_it_is_against_what_the_spec_names(tmp_path, capsys):
    goals = "search.objectives=[accuracy, -parameters]"
    studied(tmp_path / "s", SIX, "search.seeds=6", goals)
    assert json.loads(shown(capsys, tmp_path / "s", "-o", "json"))["against"] == ["parameters"]


def test_what_was_explored_is_estimated_and_rank_comes_next(tmp_path, capsys):
    studied(tmp_path / "s", SIX, "search.seeds=6")
    text = shown(capsys, tmp_path / "s", "--explored")
    assert text.startswith("2 of 3 candidates are on the front")
    assert "nothing is claimed of them" in " ".join(text.split())
    assert "certain" not in text
    assert text.splitlines()[-2] == f"nas rank {tmp_path / 's'}"


def test_csv_has_the_columns_of_the_dictionary(tmp_path, capsys):
    studied(tmp_path / "s", SIX, "search.seeds=6")
    header, *rows = shown(capsys, tmp_path / "s", "-o", "csv").splitlines()
    assert header.startswith('"label","layout","score","low","high","seeds"')
    assert len(rows) == 3


def test_a_study_without_a_finished_trial_is_exit_code_4(tmp_path, capsys):
    studied(tmp_path / "s", {})
    error = shown(capsys, tmp_path / "s", code=4)
    assert error.startswith(f"nas: nothing in {tmp_path / 's'} has finished")
