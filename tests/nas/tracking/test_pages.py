"""The saved pages that open MLflow's pages on a study."""

import json

from nas.tracking.pages import layouts_key, saved_pages, trials_key


def test_a_study_has_a_view_of_its_layouts_and_one_of_its_trials() -> None:
    pages = saved_pages(study_id="ab", name="digits", at=7)
    assert set(pages) == {
        f"mlflow.sharedViewState.{key}" for key in (layouts_key("ab"), trials_key("ab"))
    }
    layouts = json.loads(pages[f"mlflow.sharedViewState.{layouts_key('ab')}"])
    assert (layouts["name"], layouts["createdAt"]) == ("digits: layouts", 7)
    state = json.loads(layouts["state"])
    assert state["groupBy"]["groupByKeys"] == [{"mode": "tag", "groupByData": "nas.label"}]
    assert state["searchFilter"] == "tags.`nas.study_id` = 'ab' AND tags.`nas.kind` = 'trial'"
    trials = json.loads(pages[f"mlflow.sharedViewState.{trials_key('ab')}"])
    assert json.loads(trials["state"])["groupBy"] is None
    assert "metrics.`gap/loss`" in json.loads(trials["state"])["selectedColumns"]


def test_a_view_fits_into_a_tag() -> None:
    pages = saved_pages(study_id="a" * 36, name="n" * 64, at=1_800_000_000_000)
    assert max(len(value) for value in pages.values()) < 5000  # MLflow's limit
    assert max(len(key) for key in pages) < 250
