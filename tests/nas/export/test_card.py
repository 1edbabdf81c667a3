"""The card of an exported model says what it was trained on and how good it is."""

from dataclasses import replace

import pytest

from nas.driver.conclusion import rank_study
from nas.export.card import card, metadata, trained_on
from nas.ranking.answer import also
from nas.ranking.result import Symbol
from nas.ranking.scope import scope
from nas.spec.study import DataSpec, FineTuneSpec
from nas.study.folder import open_study
from tests.nas.rankings import ranking as made

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
    assert f"`{ranking.order}`\n\n{ranking.sentence}\n" in text  # which claims nothing
    more = replace(ranking, hidden=(replace(ranking.relations[0], symbol=Symbol.BETTER),))
    said = card(study, trained, more, best, histories[0], note="")
    assert f"`{ranking.order}`; {also(more)}\n" in said
    assert study.data.fingerprint in text
    assert '"batch_size": 16' in text
    assert "the best we have: `" in card(
        study, trained, ranking, best, histories[0], note="the best we have"
    )


def test_the_card_says_what_each_interval_is_about(finished):
    study = open_study(finished)
    history = study.histories()[0]
    facts = replace(study.data, evaluation_images=599)
    trained = replace(trained_on(study, history), facts=facts)
    ranking = made("A > B")
    last = replace(history.epochs[-1], evaluation_accuracy=594 / 599)
    history = replace(history, epochs=(last,))
    text = card(study, trained, ranking, ranking.layouts[0], history, note="")
    row = f"| this network (`{history.trial.id}`): evaluation accuracy | "
    assert f"{row}99.17 % [98.06, 99.73]: 594 of 599 |\n" in text
    assert f"`A > B`\n\n{ranking.sentence} {scope(ranking)}\n" in text
    assert "more seeds, on these 599 images;" in text
    assert "(its weights, which were exported), on\n  new images" in text
    assert "That flatters the accuracy" in text
    averaged = replace(last, ema_evaluation_accuracy=599 / 599)
    history = replace(history, epochs=(averaged,))
    text = card(study, trained, ranking, ranking.layouts[0], history, note="")
    assert f"{row}100.00 % [99.39, 100.00]: 599 of 599 |\n" in text, "those go out"
    assert "(the averaged weights, which were exported)" in text


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
