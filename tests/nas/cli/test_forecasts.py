"""`nas rank --simulate`: a spec in, seeds and runs out, before anything is trained."""

import csv
import io
import json

import pytest

from nas.cli.main import run
from nas.tables.schemas import QUESTIONS, SCENARIOS

SPEC = ("rank", "--simulate", "quickstart", "--noise", "0.1,1")
SEEDS = ("search.seeds=6", "search.max_seeds=9")


def out(capsys, *arguments: str) -> str:
    assert run(arguments) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


@pytest.mark.slow
def test_the_answer_is_a_table_of_questions_one_of_studies_and_a_sentence(capsys):
    text = out(capsys, *SPEC, *SEEDS)
    assert "more than 9" in text
    last = text.splitlines()[-1]
    assert last.startswith("5 layouts with 6 to 9 seeds each: up to a noise of 0.1 points 100%")
    assert "; at 1 point only " in last
    assert last.endswith("raise search.max_seeds or ranking.margin")


@pytest.mark.slow
def test_json_carries_everything(capsys):
    found = json.loads(out(capsys, *SPEC, *SEEDS, "-o", "json"))
    assert (found["layouts"], found["until"]) == (5, "settled")
    assert (found["design"]["first"], found["design"]["last"]) == (6, 9)
    assert found["design"]["correction"] == "holm"
    small, large = found["scenarios"]
    assert (small["noise"], large["noise"]) == (0.001, 0.01)
    assert small["adaptive"]["decided"] > 0.99 > large["adaptive"]["decided"]
    assert small["adaptive"]["trials_mean"] < large["adaptive"]["trials_mean"]
    assert large["adaptive"]["trials_mean"] <= large["equal"]["trials_mean"] <= 45
    assert {row["claim"] for row in found["questions"]} == {">", "≈", "≫", "not ?"}
    assert found["conclusion"].startswith("5 layouts")


@pytest.mark.slow
def test_csv_is_one_row_a_question_with_the_study_beside_it(capsys):
    rows = list(csv.DictReader(io.StringIO(out(capsys, *SPEC, *SEEDS, "-o", "csv"))))
    assert {row["noise"] for row in rows} == {"0.001", "0.01"}
    assert list(rows[0]) == [*QUESTIONS.names, *SCENARIOS.names[1:]]
    first = rows[0]
    assert (first["claim"], float(first["true_difference"])) == (">", 0.0075)
    assert 6 <= int(first["seeds_median"]) <= int(first["seeds_80"]) <= 9
    assert float(first["trials_mean"]) >= 30


@pytest.mark.slow
def test_a_placebo_and_a_fine_tuning_are_no_layouts(capsys):
    text = out(capsys, *SPEC, *SEEDS, "search.placebo=C-C-T-T", "-o", "json")
    assert json.loads(text)["layouts"] == 5
    text = out(capsys, "rank", "--simulate", "paper_transfer", "--noise", "0.1", "-o", "json")
    assert json.loads(text)["layouts"] == 5


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((*SPEC, "search.seeds=1"), "search.seeds: one seed makes no claim"),
        ((*SPEC[:-1], "a"), "--noise: must be points of accuracy above 0 and up to 50"),
        ((*SPEC[:-1], "0,1"), "--noise: must be points"),
        ((*SPEC[:-1], "nan"), "--noise: must be points"),
        ((*SPEC, "--metric", "accuracy"), "--metric: is not for --simulate"),
        (("rank", "somewhere", "search.seeds=6"), "search.seeds=6: is only for --simulate"),
        (("rank", "somewhere", "--noise", "1"), "--noise: is only for --simulate"),
        (
            (*SPEC, "space.layouts={C-C-T-T: {depths: [2, 2, 1, 1]}}"),
            "space: a forecast is of 2 to 40 layouts",
        ),
    ],
)
def test_what_cannot_be_simulated_is_refused_in_one_line(arguments, error, capsys):
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"nas: {error}")
    assert captured.err.count("\n") == 1


def test_a_spec_that_is_not_there_is_not_found(capsys):
    assert run(("rank", "--simulate", "nowhere.yaml")) == 4
    assert "nowhere.yaml" in capsys.readouterr().err
