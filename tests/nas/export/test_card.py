"""The card of an exported model says what it was trained on and how good it is."""

from dataclasses import replace

import pytest

from nas.driver.conclusion import rank_study
from nas.export.card import card, metadata, trained_on
from nas.ranking.answer import also
from nas.ranking.result import Symbol
from nas.spec.study import DataSpec, FineTuneSpec
from nas.study.folder import open_study

pytestmark = pytest.mark.slow


def test_the_card_says_data_recipe_score_and_interval(finished):
    study = open_study(finished)
    histories = study.histories()
    ranking = rank_study(study, histories)
    # its two-epoch trials do not all pass l*, so that the ranking itself gives no interval
    best = replace(ranking.layouts[0], low=0.05, high=0.15)
    assert best.low is not None
    assert best.high is not None
    trained = trained_on(study, histories[0])
    text = card(study, trained, ranking, best, histories[0], note="")
    assert f"{100 * best.score:.2f} % [{100 * best.low:.2f}, {100 * best.high:.2f}]" in text
    assert f"The layout ranked first: `{ranking.order}`" in text
    assert f"`{ranking.order}`\n\n{ranking.sentence}\n" in text
    more = replace(ranking, hidden=(replace(ranking.relations[0], symbol=Symbol.BETTER),))
    said = card(study, trained, more, best, histories[0], note="")
    assert f"`{ranking.order}`; {also(more)}\n" in said
    assert study.data.fingerprint in text
    assert '"batch_size": 16' in text
    assert "the best we have: `" in card(
        study, trained, ranking, best, histories[0], note="the best we have"
    )


def test_a_program_finds_what_it_must_know(finished):
    study = open_study(finished)
    histories = study.histories()
    ranking = rank_study(study, histories)
    score = replace(ranking.layouts[0], low=None)
    found = metadata(study, trained_on(study, histories[1]), ranking, score, histories[1])
    assert found["preprocessing"]["mean"] == list(study.data.mean)
    assert found["trial"]["id"] == histories[1].trial.id
    assert found["score"]["low"] is None


def test_a_fine_tuning_is_described_by_its_own_images(finished):
    study = open_study(finished)
    history = study.histories()[0]
    tuned = replace(history, trial=replace(history.trial, parent=history.trial.id))
    assert trained_on(study, tuned).recipe == study.spec.training  # it fine-tunes nothing
    other = replace(study.data, fingerprint="other")
    spec = study.spec.model_copy(update={"fine_tune": FineTuneSpec(data=DataSpec())})
    study = replace(study, fine_tuning_data=other, spec=spec)
    assert trained_on(study, tuned).facts.fingerprint == "other"
    assert trained_on(study, history).facts == study.data
