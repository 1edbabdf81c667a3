"""The exported winner is the network that was measured, and says of itself what is true."""

import pytest
import torch

import coatnet
from nas.conclusion import rank_study
from nas.errors import NotFoundError
from nas.export import export_winner, winner
from nas.ranking.relations import rank
from nas.spec import RankingSpec
from nas.study import open_study
from nas.training.data import load
from nas.training.trial_state import load_weights

pytestmark = pytest.mark.slow


def export(finished, tmp_path):
    study = open_study(finished)
    histories = study.histories()
    ranking = rank_study(study, histories)
    exported = export_winner(study, ranking, histories, to=tmp_path / "model")
    return study, ranking, winner(ranking, histories), exported


def test_same_logits_and_the_accuracy_it_claims(finished, tmp_path):
    study, _, history, exported = export(finished, tmp_path)
    data = load(study.spec.data)
    meta = coatnet.load_metadata(exported.folder)
    mean, std = (
        torch.tensor(meta["preprocessing"][key]).view(1, -1, 1, 1) for key in ("mean", "std")
    )
    images_bchw = (torch.tensor(data.evaluation.images) / 255 - mean) / std
    trained = load_weights(study.trials / history.trial.id, history.trial.config, ema=False)
    with torch.inference_mode():
        logits_bk = coatnet.load(exported.folder)(images_bchw)
        assert torch.equal(logits_bk, trained(images_bchw))
    hits = (logits_bk.argmax(1) == torch.tensor(data.evaluation.labels)).float().mean().item()
    assert hits == pytest.approx(history.epochs[-1].evaluation_accuracy, abs=1e-6)
    assert meta["trial"]["evaluation_accuracy"] == history.epochs[-1].evaluation_accuracy


def test_it_is_the_best_seed_of_the_layout_ranked_first(finished, tmp_path):
    study, ranking, history, exported = export(finished, tmp_path)
    assert exported.trial_id == history.trial.id
    assert history.trial.label == ranking.layouts[0].layout
    rivals = [h for h in study.histories() if h.trial.label == history.trial.label]
    assert history.epochs[-1].evaluation_accuracy == max(
        h.epochs[-1].evaluation_accuracy for h in rivals
    )


def test_the_card_says_data_recipe_score_and_interval(finished, tmp_path):
    study, ranking, _, exported = export(finished, tmp_path)
    card = (exported.folder / "README.md").read_text()
    best = ranking.layouts[0]
    assert best.low is not None
    assert best.high is not None
    assert f"{100 * best.score:.2f} % [{100 * best.low:.2f}, {100 * best.high:.2f}]" in card
    assert ranking.order in card
    assert study.data.fingerprint in card
    assert '"batch_size": 16' in card


def test_no_finished_trial_no_winner():
    empty = rank([], RankingSpec(), evaluation_images=10)
    with pytest.raises(NotFoundError, match="no trial of a layout has finished"):
        winner(empty, ())
