"""Figures of a trial and of a search."""

from dataclasses import replace

import pandas as pd
import pytest

from dashboards.figures import (
    MOST_LINES,
    choices_frame,
    explained,
    search_sections,
    trial_sections,
)
from nas.study.records import TrialStatus
from tests.nas.synthetic import DIGITS, SyntheticLayout, study


def test_a_trial_is_drawn_once_it_has_measured():
    finished = study(epochs=4)[0]
    assert [each.name for each in trial_sections(finished)] == ["curves", "rates"]
    assert trial_sections(replace(finished, epochs=())) == []
    rates = trial_sections(finished)[1].figure
    assert list(rates.data[0].y) == [each.learning_rate for each in finished.epochs]
    assert list(rates.data[1].y) == [each.gradient_norm for each in finished.epochs]


def test_the_best_so_far_never_falls_and_counts_all_the_time():
    histories = study(epochs=4)
    [first, *_] = search_sections(histories)
    points, line = first.figure.data
    assert len(points.x) == len(histories)
    assert list(line.y) == sorted(line.y, reverse=line.y[0] > line.y[-1])
    assert list(line.x) == sorted(line.x)
    total = sum(each.epochs[-1].seconds for each in histories)
    assert any(line.x[-1] == pytest.approx(total / unit) for unit in (1, 60, 3600))


def test_nothing_is_drawn_of_fewer_than_two():
    assert search_sections(study(epochs=4)[:1]) == []
    lost = {"A": replace(DIGITS["C-C-T-T"], lost=dict.fromkeys(range(3), TrialStatus.DIVERGED))}
    assert search_sections(study(lost)) == []


def test_what_a_choice_explains():
    scores = [0.1, 0.1, 0.9, 0.9]
    frame = pd.DataFrame(
        {"all": ["a", "a", "b", "b"], "nothing": ["a", "b", "a", "b"], "each": [1, 2, 3, 4]}
    ).assign(**{"evaluation accuracy": scores})
    shares = explained(frame, ["nothing", "all", "each"])
    assert shares.index[0] == "all"
    assert shares["all"] == pytest.approx(1.0)
    assert shares["nothing"] == 0.0
    assert shares["each"] == 0.0, "as many values as trials explain nothing"
    same = frame.assign(**{"evaluation accuracy": 0.5})
    assert explained(same, ["all"])["all"] == 0.0


def test_a_share_by_hand():
    frame = pd.DataFrame({"a": ["x", "x", "y", "y"], "evaluation accuracy": [1.0, 2.0, 3.0, 4.0]})
    # total 5 over 3, within 1 over 2: 1 - 0.5 / (5 / 3)
    assert explained(frame, ["a"])["a"] == pytest.approx(0.7)


def test_choices_are_what_tells_networks_apart():
    frame = choices_frame(study(epochs=4))
    assert {"layout", "depths", "widths", "seed", "evaluation accuracy"} <= set(frame)
    assert frame["layout"].nunique() == 5


def test_parallel_lines_are_few_enough_to_draw():
    many = {f"C#{i}": SyntheticLayout(accuracy=0.5 + i / 1000, spread=0.01) for i in range(220)}
    sections = {each.name: each for each in search_sections(study(many, epochs=2))}
    figure = sections["parallel"].figure
    lines = sum(list(trace.x).count(None) for trace in figure.data)
    assert MOST_LINES * 0.7 < lines <= MOST_LINES
    assert "660" in sections["parallel"].caption
