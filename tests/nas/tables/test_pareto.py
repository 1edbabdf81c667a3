"""Fronts as tables and JSON: what was not asked for or not claimed is null."""

import json

import pandas as pd

from nas.ranking.hypervolume import Finish, growth
from nas.ranking.pareto import claimed_front
from nas.spec.choices import Price
from nas.tables.pareto import front_json, growth_frame, pareto_frame
from nas.tables.schemas import GROWTH, PARETO
from tests.nas.rankings import ranking

PRICES = {"A": {Price.MACS: 5}, "B": {Price.MACS: 7}}
FRONT = claimed_front(ranking("A > B"), {}, PRICES, [Price.MACS])
FINISHES = [Finish(trial=f"t{i}", trials=i, epochs=i) for i in (1, 2)]
GROWN = growth(FINISHES, {"t1": ("A", 0.5), "t2": ("B", 0.9)}, {"A": 5, "B": 7}, price=Price.MACS)


def test_a_front_is_a_row_a_candidate():
    frame = pareto_frame(FRONT)
    assert frame.columns.tolist() == PARETO.names
    assert frame["label"].tolist() == ["A", "B"]
    assert frame["standing"].tolist() == ["front", "dominated"]
    assert frame["dominated_by"].tolist() == ["", "A"]
    assert frame["macs"].tolist() == [5, 7]
    assert frame["activation_memory"].isna().all()


def test_growth_is_a_row_a_step():
    assert GROWN is not None
    frame = growth_frame(GROWN)
    assert frame.columns.tolist() == GROWTH.names
    assert frame["epochs_spent"].tolist() == [1, 2]
    assert pd.api.types.is_float_dtype(frame["hypervolume"])


def test_json_has_the_sentence_the_candidates_and_the_growth():
    found = json.loads(json.dumps(front_json(FRONT, GROWN)))
    assert found["sentence"] == FRONT.sentence
    assert found["candidates"][1]["dominated_by"] == ["A"]
    assert found["candidates"][0]["macs"] == 5
    assert found["growth"]["reference_score"] == 0
    assert found["growth"]["hypervolume"] == found["growth"]["steps"][-1]["hypervolume"]
    assert front_json(FRONT, None)["growth"] is None
