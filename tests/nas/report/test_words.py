"""Claims and numbers in words."""

from dataclasses import replace

import pytest

from nas.ranking.relations import rank
from nas.ranking.result import WITHHELD, Interval, Rate, Relation, Symbol
from nas.report import words
from nas.spec.study import Correction, Metric, RankingSpec
from nas.study.records import TrialStatus
from tests.nas.synthetic import DIGITS, study

RANKING = rank(study(seeds=range(6)), RankingSpec(), evaluation_images=599)
RELATION = Relation(
    a="A",
    b="B",
    symbol=Symbol.BETTER,
    difference=0.012,
    low=0.004,
    high=0.02,
    paired_seeds=6,
    deviation=0.008,
    skewness=0.1,
    more_seeds=None,
)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "better by 1.20 points [0.40, 2.00], 6 paired seeds, sd 0.80 points"),
        (
            {"low": 1e-12, "p_adjusted": 0.0312},
            "better by 1.20 points (0.00, 2.00], 6 paired seeds, sd 0.80 points, p = 0.031",
        ),
        (
            {"high": 0.05 - 1e-12, "deviation": None, "p_adjusted": 1e-5},
            "better by 1.20 points [0.40, 5.00), 6 paired seeds, p < 0.001",
        ),
        (
            {"symbol": Symbol.MUCH_BETTER, "deviation": None},
            "much better by 1.20 points [0.40, 2.00], 6 paired seeds",
        ),
        (
            {"symbol": Symbol.EQUIVALENT, "deviation": None},
            "equivalent: the difference is 1.20 points [0.40, 2.00], 6 paired seeds",
        ),
        (
            {"symbol": Symbol.NOT_WORSE, "low": None, "paired_seeds": 1, "deviation": None},
            "not worse by more than 0.5 points: the difference is 1.20 points, 1 paired seed",
        ),
        (
            {"symbol": Symbol.UNDECIDED, "more_seeds": 3, "deviation": None},
            "not decided: 1.20 points [0.40, 2.00], 6 paired seeds; about 3 more may decide",
        ),
        (
            {
                "symbol": Symbol.UNDECIDED,
                "low": None,
                "high": None,
                "paired_seeds": 1,
                "deviation": None,
            },
            "not decided: 1.20 points, 1 paired seed",
        ),
        (
            {"symbol": Symbol.UNDECIDED, "deviation": None, "withheld": "B: overfits"},
            "not compared: 1.20 points [0.40, 2.00], 6 paired seeds; B: overfits",
        ),
    ],
)
def test_a_claim_is_said_with_its_size_and_evidence(changes, expected):
    assert words.claim(replace(RELATION, **changes), RANKING) == expected


def test_a_second_interval_is_in_points_or_a_dash():
    assert words.new_images(RELATION) == "–"
    known = replace(RELATION, new_images=Interval(low=-0.0012, high=0.0256))
    assert words.new_images(known) == "[-0.12, 2.56]"


def test_every_symbol_is_explained():
    assert set(words.symbols(RANKING)) == {*(symbol.value for symbol in Symbol), WITHHELD}


def test_the_lead_says_what_was_compared():
    assert f"l* = {RANKING.equal_loss:.4g} nats" in words.lead(RANKING)
    accuracy = replace(RANKING, spec=RankingSpec(metric=Metric.ACCURACY), equal_loss=None)
    assert words.lead(accuracy) == "Ranked by evaluation accuracy after the last epoch."
    assert words.lead(replace(RANKING, equal_loss=None)).startswith("To be ranked")
    for metric, said in ((Metric.CAPACITY, "by capacity"), (Metric.TRANSFER, "fine-tuning")):
        assert said in words.lead(replace(accuracy, spec=RankingSpec(metric=metric)))


def test_the_error_level_is_that_of_the_spec():
    strict = replace(RANKING, spec=RankingSpec(alpha=0.01))
    assert "together at 0.99" in words.reading(strict)
    assert "error of 0.01" in words.reading(strict)


def test_the_reading_follows_correction_and_looks():
    assert "Holm" in words.reading(RANKING)
    assert "about new seeds on these evaluation images" in words.reading(RANKING)
    assert "any number of seeds" not in words.reading(RANKING)
    joint = RankingSpec(correction=Correction.BONFERRONI)
    said = words.reading(replace(RANKING, spec=joint, looks=(6, 20)))
    assert "Holm" not in said
    assert "any number of seeds from 6 to 20" in said


def test_a_rate_has_its_interval_where_there_is_something_to_count():
    assert words.rate(Rate(count=0, of=6, low=0.0, high=0.46)) == "0"
    assert words.rate(Rate(count=1, of=6, low=0.004, high=0.64)) == "1 of 6 (0% to 64%)"


def test_a_layout_with_one_seed_has_a_dash_for_its_interval():
    cells = words.layout_cells(replace(RANKING.layouts[0], low=None, high=None))
    assert cells["interval"] == "–"
    assert cells["macs"] == "2.00 M"


def test_of_a_network_fine_tuned_at_another_size_both_prices_are_shown():
    larger = replace(RANKING.layouts[0], macs=8_000_000, trained_macs=2_000_000)
    assert words.layout_cells(larger)["macs"] == "8.00 M (trained 2.00 M)"


def test_a_planned_trial_has_dashes():
    layout = replace(DIGITS["C-C-T-T"], lost={0: TrialStatus.PLANNED})
    (row,) = words.trial_cells(study({"C-C-T-T": layout}, seeds=[0]))
    assert (row["epochs"], row["probe_loss"], row["evaluation_accuracy"], row["seconds"]) == (
        "0 of 15",
        *"–––",
    )
    assert not row["lost"]


@pytest.mark.parametrize(
    ("number", "text"),
    [(999, "999"), (1000, "1.00 k"), (2_090_000, "2.09 M"), (4_140_000_000, "4.14 G"), (0, "0")],
)
def test_counts_have_units(number, text):
    assert words.count(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (37.5, "37.5 s"), (59.7, "1:00"), (185.0, "3:05"), (3723.0, "1:02:03")],
)
def test_durations_read_like_clocks(seconds, text):
    assert words.duration(seconds) == text


def test_a_trial_that_paused_or_was_stopped_says_so():
    ended = {0: TrialStatus.PAUSED, 1: TrialStatus.STOPPED, 2: TrialStatus.DIVERGED}
    rows = words.trial_cells(study({"C-C-T-T": replace(DIGITS["C-C-T-T"], lost=ended)}))
    assert [row["status"] for row in rows] == ["paused", "stopped", "diverged"]
    assert [row["lost"] for row in rows] == [False, False, True]
    assert [row["epochs"] for row in rows] == ["7 of 15"] * 3
