"""What the commands print of a real finished study: tables for people, JSON and CSV for scripts."""

import csv
import io
import json
from dataclasses import replace

import pytest

from nas.cli.main import run
from nas.cli.output import print_ranking, words_beside
from nas.ranking.answer import also
from nas.ranking.groups import groups
from nas.ranking.objective import Objective
from nas.ranking.relations import rank
from nas.ranking.result import Ranking
from nas.ranking.scope import scope
from nas.spec.study import Metric, RankingSpec
from nas.study.folder import open_study
from tests.nas.rankings import ranking
from tests.nas.synthetic import SyntheticLayout, fine_tuned, study

pytestmark = pytest.mark.slow


def out(capsys, *arguments: str) -> str:
    assert run(arguments) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_rank_json_has_the_keys_scripts_rely_on(finished, capsys):
    found = json.loads(out(capsys, "rank", str(finished), "-o", "json"))
    assert list(found)[:4] == ["metric", "order", "layouts", "relations"]
    assert found["metric"] == "generalization"
    layout = found["layouts"][0]
    assert list(layout)[:8] == [
        "label",
        "layout",
        "score",
        "low",
        "high",
        "seeds",
        "parameters",
        "macs",
    ]
    assert layout["seeds"] == 2
    assert 0 <= layout["score"] <= 1
    assert layout["low"] is layout["high"] is None, "trained so briefly, a run begins below l*"
    relation = found["relations"][0]
    assert list(relation)[:6] == ["a", "b", "symbol", "difference", "low", "high"]
    # the two are not of a size, and so not compared
    assert found["order"] == " | ".join(layout["label"] for layout in found["layouts"])
    assert "sizes differ" in relation["withheld"]
    assert (relation["symbol"], found["looks"]) == ("?", [2, 2])
    assert found["preliminary"].startswith("preliminary: 2 paired seeds")


def test_rank_table_ends_with_the_order_and_what_it_means(finished, capsys):
    found = json.loads(out(capsys, "rank", str(finished), "-o", "json"))
    lines = out(capsys, "rank", str(finished)).splitlines()
    place = lines.index(f"preliminary: {found['order']}")
    end = lines.index("", place)  # the next command to type follows
    assert " ".join(lines[place + 1 : end]) == found["sentence"] != ""
    assert lines[end + 1].startswith("next: nas extend ")
    assert found["hidden"] == []
    assert any(line.startswith("note: preliminary: 2 paired seeds") for line in lines)
    assert any("not compared: " in line and "sizes differ" in line for line in lines)
    assert "diverged" in lines[0]
    assert "collapsed" in lines[0]
    assert lines[0].split()[:2] == ["label", "score"]
    assert "eval accuracy %  probe loss  accuracy gap" in lines[0]


def test_of_networks_fine_tuned_at_another_size_both_prices_are_printed(capsys):
    histories = fine_tuned(study(seeds=range(2)), macs={"C-C-C-C": 8_000_000})
    print_ranking(
        rank(histories, RankingSpec(metric=Metric.TRANSFER), evaluation_images=1000), "table"
    )
    lines = capsys.readouterr().out.splitlines()
    (tuned,) = [line for line in lines if line.startswith("C-C-C-C ")]
    assert tuned.endswith("8.00 (trained 2.00)")
    (other,) = [line for line in lines if line.startswith("C-C-C-T ")]
    assert other.endswith(" 2.00")


def test_what_the_order_hides_stands_below_it(capsys):
    found = ranking("C-C-C-C ? C-C-C-T ? C-C-T-T ? ViT_REL", "C-C-C-C > C-C-T-T")
    print_ranking(found, "table")
    assert capsys.readouterr().out.splitlines()[-6:] == [
        "C-C-C-C ? C-C-C-T ? C-C-T-T ? ViT_REL",
        "also: C-C-C-C > C-C-T-T",
        "C-C-C-C leads; it is certainly better than C-C-T-T, and not yet told apart from",
        "C-C-C-T and ViT_REL.",
        "The symbols are about new seeds on these 599 evaluation images. For new images",
        "as well: C-C-C-C > C-C-T-T.",
    ]


@pytest.mark.parametrize("length", range(1, 9))
def test_the_words_fit_a_terminal_where_names_do(length):
    labels = [f"{'C-' * length}{letter}" for letter in "ABCDEFGHIJKL"]
    claims = [f"{a} > {b}" for i, a in enumerate(labels) for b in labels[i + 2 :]]
    found = ranking(" ? ".join(labels), *claims)
    lines = words_beside(found)
    assert max(len(line) for line in lines) <= 80
    assert not any(line.endswith((" >", "-")) or line.startswith("> ") for line in lines)
    assert " ".join(lines) == f"{also(found)} {found.sentence} {scope(found)}"


def test_a_long_name_stays_whole():
    long = words_beside(ranking(f"{'a' * 90} > {'b' * 90}"))
    assert "b" * 90 + "." in long


def test_nothing_to_rank_is_said_once(capsys):
    print_ranking(rank((), RankingSpec(), evaluation_images=9), "table")
    assert capsys.readouterr().out.splitlines()[-1] == "no ranking: no trial has finished"


def test_rank_by_each_metric(finished, capsys):
    for metric in ("generalization", "capacity", "accuracy"):
        found = json.loads(out(capsys, "rank", str(finished), "--metric", metric, "-o", "json"))
        assert found["spec"]["metric"] == found["metric"] == metric
    assert (
        json.loads(out(capsys, "rank", str(finished), "--metric", "accuracy", "-o", "json"))[
            "relations"
        ][0]["withheld"]
        == ""
    )
    assert "capacity: evaluation accuracy at the end" in out(
        capsys, "rank", str(finished), "--metric", "capacity"
    )


def test_a_study_without_fine_tuning_has_no_transfer(finished, capsys):
    assert run(("rank", str(finished), "--metric", "transfer")) == 2
    error = capsys.readouterr().err
    assert "small fine-tunes nothing" in error
    assert error.count("\n") == 1


def test_rank_by_another_metric(finished, capsys):
    by_accuracy = json.loads(
        out(capsys, "rank", str(finished), "--metric", "accuracy", "-o", "json")
    )
    assert by_accuracy["metric"] == "accuracy"
    final = {}
    for history in open_study(finished).histories():
        final.setdefault(history.trial.label, []).append(history.epochs[-1].evaluation_accuracy)
    means = {label: sum(values) / len(values) for label, values in final.items()}
    assert {x["label"]: x["score"] for x in by_accuracy["layouts"]} == pytest.approx(means)


def test_rank_by_another_question(finished, capsys):
    found = json.loads(out(capsys, "rank", str(finished), "--question", "winner", "-o", "json"))
    assert (found["question"], found["winner"]) == ("winner", None)
    assert set(found["contenders"]) == {layout["label"] for layout in found["layouts"]}


def test_of_the_winner_only_pairs_of_the_leader_are_printed(capsys):
    spec = RankingSpec(metric="accuracy", question="winner")
    print_ranking(rank(study(), spec, evaluation_images=599), "table")
    printed = capsys.readouterr().out
    assert "C-C-C-C ≫ C-C-T-T:" in printed
    assert "C-C-C-C ? ViT_REL:" in printed
    assert "C-T-T-T | ViT_REL:" not in printed
    assert "not asked" not in printed


def test_rank_csv_is_one_row_a_layout(finished, capsys):
    rows = list(csv.DictReader(io.StringIO(out(capsys, "rank", str(finished), "-o", "csv"))))
    assert {row["label"] for row in rows} == {"C-C", "C-T"}
    assert [row["collapsed_of"] for row in rows] == ["2", "2"]
    assert "sizes differ" in rows[0]["next_withheld"]
    assert rows[1]["next_withheld"] == ""


def explored(**candidates: int) -> Ranking:
    """Return a ranking by accuracy of so many candidates of each layout, of one seed each."""
    layouts = {
        f"{layout}#{k}": SyntheticLayout(accuracy=0.5 + k / 100, spread=0.0)
        for layout, count in candidates.items()
        for k in range(1, count + 1)
    }
    trials = tuple(
        replace(h, trial=replace(h.trial, layout=h.trial.label.partition("#")[0]))
        for h in study(layouts, seeds=[0])
    )
    objective = Objective(metric=Metric.ACCURACY)
    spec = RankingSpec(metric=Metric.ACCURACY)
    found = rank(trials, spec, evaluation_images=599)
    return replace(found, groups=groups(trials, objective))


def test_an_open_space_is_a_line_a_layout_and_few_lines_of_pairs(capsys):
    print_ranking(explored(CC=9, CT=9), "table")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:4] for line in lines[1:3]] == [
        ["CC", "9", "9", "0"],
        ["CT", "9", "9", "0"],
    ]
    assert [line for line in lines if line.startswith("  C")] == []  # 153 pairs are one line
    assert "  of 153 pairs 153 not compared; -o json lists them all" in lines


def test_groups_are_in_json(capsys):
    print_ranking(explored(CC=2, CT=1), "json")
    found = json.loads(capsys.readouterr().out)["groups"]
    assert [(group["layout"], group["candidates"], group["best"]) for group in found] == [
        ("CC", 2, "CC#2"),
        ("CT", 1, "CT#1"),
    ]
