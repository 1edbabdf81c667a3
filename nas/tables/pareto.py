"""Fronts, and how they grew, as tables and as JSON."""

from typing import Any

import pandas as pd

from nas.ranking.hypervolume import Growth
from nas.ranking.pareto import Front, Placed
from nas.tables.schemas import GROWTH, PARETO


def pareto_frame(front: Front) -> pd.DataFrame:
    """One row a candidate, the best score first; columns as in `PARETO`, costs not asked null."""
    return PARETO.frame(
        {**_values(each), "dominated_by": ", ".join(each.dominated_by)} for each in front.candidates
    )


def growth_frame(growth: Growth) -> pd.DataFrame:
    """One row a finish at which the value changed, and the last; columns as in `GROWTH`."""
    return GROWTH.frame(_steps(growth))


def front_json(front: Front, growth: Growth | None) -> dict[str, Any]:
    """Return the front, and how that of its first cost grew, as plain JSON values."""
    return {
        "metric": front.metric.value,
        "against": [price.value for price in front.prices],
        "sentence": front.sentence,
        "claimed": front.claimed,
        "preliminary": front.preliminary,
        "candidates": [
            {**_values(each), "dominated_by": list(each.dominated_by)} for each in front.candidates
        ],
        "left_out": list(front.left_out),
        "notes": list(front.notes),
        "growth": growth
        and {
            "against": growth.price.value,
            "low": growth.low,
            "reference_cost": growth.reference,
            "reference_score": 0.0,
            "hypervolume": growth.values[-1],
            "steps": _steps(growth),
        },
    }


def _values(placed: Placed) -> dict[str, Any]:
    return {
        "label": placed.label,
        "layout": placed.layout,
        "score": placed.score,
        "low": placed.low,
        "high": placed.high,
        "seeds": placed.seeds,
        **{price.value: value for price, value in placed.costs.items()},
        "on_front": placed.on_front,
        "front_share": placed.share,
        "standing": placed.standing and placed.standing.value,
    }


def _steps(growth: Growth) -> list[dict[str, Any]]:
    return [
        {
            "trial": finish.trial,
            "trials_finished": finish.trials,
            "epochs_spent": finish.epochs,
            "hypervolume": value,
        }
        for finish, value in growth.steps
    ]
