"""The saved charts that MLflow's menu offers for a study."""

import json

from nas.tracking.saved_charts import layouts_key, saved_charts, trials_key


def test_a_study_has_charts_of_its_layouts_and_of_its_trials() -> None:
    charts = saved_charts(study_id="ab", name="digits", at=7)
    assert set(charts) == {
        f"mlflow.sharedViewState.{key}" for key in (layouts_key("ab"), trials_key("ab"))
    }
    layouts = json.loads(charts[f"mlflow.sharedViewState.{layouts_key('ab')}"])
    assert (layouts["name"], layouts["createdAt"]) == ("digits: layouts", 7)
    state = json.loads(layouts["state"])
    assert state["groupBy"]["groupByKeys"] == [{"mode": "tag", "groupByData": "nas.label"}]
    assert state["searchFilter"] == "tags.`nas.study_id` = 'ab' AND tags.`nas.kind` = 'trial'"
    trials = json.loads(charts[f"mlflow.sharedViewState.{trials_key('ab')}"])
    assert json.loads(trials["state"])["groupBy"] is None
    assert "metrics.`gap/loss`" in json.loads(trials["state"])["selectedColumns"]


def test_saved_charts_fit_into_a_tag() -> None:
    charts = saved_charts(study_id="a" * 36, name="n" * 64, at=1_800_000_000_000)
    assert max(len(value) for value in charts.values()) < 5000  # MLflow's limit
    assert max(len(key) for key in charts) < 250
