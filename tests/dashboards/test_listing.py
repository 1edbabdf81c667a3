"""Filters, sorting, groups and pages."""

import pandas as pd
import pytest

from dashboards.listing import PER_PAGE, SORTS, Wanted, trial_facts, trials_page
from dashboards.live import LiveStudy
from tests.dashboards.served import FIXTURES, a_study, begun, epoch, some
from tests.nas.journals import journalled


@pytest.fixture(scope="module")
def trials(tmp_path_factory):
    """The trials of a study: C with 0.6 and a diverged one, T with 0.8 and 0.9."""
    folder = tmp_path_factory.mktemp("listing") / "a"
    return LiveStudy(a_study(folder, messages={2: "loss is NaN [at step 7]"})).snapshot().trials


def ids(trials: pd.DataFrame, **wanted: object) -> list[object]:
    return [row["trial"] for row in trials_page(trials, Wanted(**wanted)).rows]


def test_filters(trials):
    assert ids(trials) == ["0001-s0", "0002-s1", "0003-s0", "0004-s1"]
    assert ids(trials, status="diverged") == ["0002-s1"]
    assert ids(trials, layout="T") == ["0003-s0", "0004-s1"]
    assert ids(trials, text="-S1") == ["0002-s1", "0004-s1"]
    assert ids(trials, text="[at step") == ["0002-s1"], "a text and not a pattern"
    assert ids(trials, layout="none") == []


def test_every_column_sorts_both_ways(trials):
    for column in SORTS:
        up, down = ids(trials, sort=column), ids(trials, sort=f"-{column}")
        assert sorted(up) == sorted(down) == ids(trials)
    assert ids(trials, sort="-accuracy") == ["0004-s1", "0003-s0", "0002-s1", "0001-s0"]
    assert ids(trials, sort="label", layout="C") == ["0001-s0", "0002-s1"], "equals keep order"


def test_last_or_best(tmp_path):
    [one] = some(["C"], seeds=1)
    journalled(tmp_path / "a", [*begun(one), epoch(one, 1, 0.9), epoch(one, 2, 0.5)])
    trials = LiveStudy(tmp_path / "a").snapshot().trials
    shown = [
        trials_page(trials, Wanted(value=value)).rows[0]["shown_accuracy"]
        for value in ("last", "best")
    ]
    assert shown == [0.5, 0.9]


def test_groups(trials):
    first, second = trials_page(trials, Wanted(group="layout", sort="-accuracy")).rows
    assert (first["label"], first["trials"], first["finished"]) == ("T", 2, 2)
    assert first["shown_accuracy"] == pytest.approx(0.85)
    assert first["best_accuracy"] == pytest.approx(0.9)
    assert (second["label"], second["trials"], second["finished"]) == ("C", 2, 1)


def test_pages():
    frame = pd.DataFrame(
        {
            "trial": [f"t{i:03d}" for i in range(250)],
            "number": range(250),
            "label": "C",
            "status": "finished",
            "message": "",
            "evaluation_accuracy": 0.5,
        }
    )
    last = trials_page(frame, Wanted(page=99))
    assert (last.page, last.pages, last.found, last.of) == (3, 3, 250, 250)
    assert [row["trial"] for row in last.rows] == [f"t{i}" for i in range(2 * PER_PAGE, 250)]
    assert trials_page(frame.head(0), Wanted()).pages == 1


def test_addresses_are_short_and_say_all():
    assert Wanted().address() == "?"
    wanted = Wanted(status="failed", layout="C-C#1", text="a&b", sort="-loss", page=3)
    address = wanted.address()
    assert address == "?status=failed&layout=C-C%231&text=a%26b&sort=-loss&page=3"
    assert wanted.sorted_by("loss").endswith("sort=loss")
    assert "page" not in wanted.sorted_by("loss")
    assert (wanted.direction("loss"), wanted.direction("seed")) == ("descending", "none")
    assert Wanted(sort="seed").direction("seed") == "ascending"
    assert "sort=-seed" in Wanted(sort="seed").sorted_by("seed")


@pytest.mark.parametrize(
    "given",
    [{"sort": "evil"}, {"sort": "--number"}, {"value": "mean"}, {"group": "seed"}, {"page": "0"},
     {"page": "-1"}, {"page": "1e9"}, {"page": "9999999"}, {"page": "\u0663"}, {"other": "x"}],
)  # fmt: skip
def test_what_means_nothing_is_as_if_it_were_not_there(given):
    assert Wanted.of(given) == Wanted()


def test_long_texts_are_cut():
    assert len(Wanted.of({"text": "a" * 10_000}).text) == 100


def test_facts_are_words_and_short_numbers():
    trials = LiveStudy(FIXTURES / "finished").snapshot().trials
    facts = trial_facts(trials.iloc[0])
    assert "probe accuracy" in facts
    assert facts["probe accuracy"].endswith("%")
    assert not {"trial", "message", "label"} & facts.keys()
    assert facts["parameters"] == f"{trials.iloc[0]['parameters']:,}"
