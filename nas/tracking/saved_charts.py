"""The saved charts that MLflow's menu offers: layouts as mean curves, trials as a table.

MLflow calls the menu Views and keeps its entries as tags of the experiment. The format is that of
MLflow's pages and not documented (read off MLflow 3.17); a version that knows another one leaves
the entries out of the menu.
"""

import json
from collections.abc import Mapping
from typing import Any

_TAG = "mlflow.sharedViewState."
_COLUMNS = (
    "params.`layout`",
    "params.`seed`",
    "params.`depths`",
    "params.`widths`",
    "params.`parameters`",
    "tags.`nas.status`",
    "metrics.`progress/epoch`",
    "metrics.`eval/accuracy`",
    "metrics.`train/probe_loss`",
    "metrics.`gap/loss`",
    "metrics.`gap/accuracy`",
    "metrics.`convergence/area_log_loss`",
    "metrics.`convergence/seconds`",
)
_BY_LABEL = {  # what the ranking calls a layout, one of several of the same name included
    "aggregateFunction": "average",
    "groupByKeys": [{"mode": "tag", "groupByData": "nas.label"}],
}


def layouts_key(study_id: str) -> str:
    """Return the key of the saved charts with the mean curves of each layout."""
    return f"nas-layouts-{study_id}"


def trials_key(study_id: str) -> str:
    """Return the key of the saved charts with the table of the trials."""
    return f"nas-trials-{study_id}"


def saved_charts(*, study_id: str, name: str, at: int) -> dict[str, str]:
    """Return the experiment's tags that fill the menu; `at` is Unix time in milliseconds."""
    only = f"tags.`nas.study_id` = '{study_id}' AND tags.`nas.kind` = 'trial'"
    state = {
        "searchFilter": only,
        "orderByKey": "metrics.`eval/accuracy`",
        "orderByAsc": False,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "modelVersionFilter": "All Runs",
        "datasetsFilter": [],
        "selectedColumns": list(_COLUMNS),
        "runsHiddenMode": "SHOW_ALL",
        "groupBy": None,
    }
    return {
        _TAG + layouts_key(study_id): _saved(
            f"{name}: layouts", state | {"groupBy": _BY_LABEL}, at
        ),
        _TAG + trials_key(study_id): _saved(f"{name}: trials", state, at),
    }


def _saved(name: str, state: Mapping[str, Any], at: int) -> str:
    return json.dumps({"name": name, "createdAt": at, "updatedAt": at, "state": json.dumps(state)})
