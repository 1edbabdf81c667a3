"""The saved views that open MLflow's pages on a study."""

import json

from nas.tracking.pages import layouts_key, saved_views, trials_key


def test_a_study_has_a_view_of_its_layouts_and_one_of_its_trials() -> None:
    views = saved_views(study_id="ab", name="digits", at=7)
    assert set(views) == {
        f"mlflow.sharedViewState.{key}" for key in (layouts_key("ab"), trials_key("ab"))
    }
    layouts = json.loads(views[f"mlflow.sharedViewState.{layouts_key('ab')}"])
    assert (layouts["name"], layouts["createdAt"]) == ("digits: layouts", 7)
    state = json.loads(layouts["state"])
    assert state["groupBy"]["groupByKeys"] == [{"mode": "tag", "groupByData": "nas.label"}]
    assert state["searchFilter"] == "tags.`nas.study_id` = 'ab' AND tags.`nas.kind` = 'trial'"
    trials = json.loads(views[f"mlflow.sharedViewState.{trials_key('ab')}"])
    assert json.loads(trials["state"])["groupBy"] is None
    assert "metrics.`gap/loss`" in json.loads(trials["state"])["selectedColumns"]


def test_a_view_fits_into_a_tag() -> None:
    views = saved_views(study_id="a" * 36, name="n" * 64, at=1_800_000_000_000)
    assert max(len(value) for value in views.values()) < 5000  # MLflow's limit
    assert max(len(key) for key in views) < 250
