"""The exported winner is the network that was measured, and says of itself what is true."""

from dataclasses import replace

import pytest
import torch

import coatnet
from nas.data.load import load
from nas.driver.display import Silent
from nas.driver.study import begin_study
from nas.errors import NotFoundError
from nas.execution.inline import InlineExecutor
from nas.export.winner import export_winner, winner
from nas.ranking.relations import rank
from nas.reading.study import rank_study
from nas.spec.file import load_spec
from nas.spec.study import RankingSpec
from nas.study.folder import open_study
from nas.training.trial_state import load_weights
from tests.nas.conftest import SMALL

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


def test_the_lines_that_the_card_gives_run(finished, tmp_path, monkeypatch):
    study, _, history, exported = export(finished, tmp_path)
    card = (exported.folder / "README.md").read_text(encoding="utf-8")
    _, _, rest = card.partition("```python\n")
    lines, _, _ = rest.partition("```")
    data = load(study.spec.data)
    names = {"images_bchw": torch.tensor(data.evaluation.images)}
    monkeypatch.chdir(exported.folder)
    exec(lines, names)
    right = names["logits_bk"].argmax(1) == torch.tensor(data.evaluation.labels)
    assert right.float().mean().item() == pytest.approx(
        history.epochs[-1].evaluation_accuracy, abs=1e-6
    )


def test_it_is_the_best_seed_of_the_layout_ranked_first(finished, tmp_path):
    study, ranking, history, exported = export(finished, tmp_path)
    assert exported.trial_id == history.trial.id
    assert history.trial.label == ranking.layouts[0].label
    rivals = [h for h in study.histories() if h.trial.label == history.trial.label]
    assert history.epochs[-1].evaluation_accuracy == max(
        h.epochs[-1].evaluation_accuracy for h in rivals
    )


@pytest.fixture(scope="module")
def beside_a_vit(tmp_path_factory):
    """Return the folder of a finished study of two layouts and a small ViT."""
    folder = tmp_path_factory.mktemp("baselines") / "small"
    vit = "baselines=[{network: timm/test_vit, label: ViT, options: {patch_size: 8, depth: 1}}]"
    begin_study(
        load_spec(str(SMALL), [vit, "search.seeds=1", "training.epochs=2"]),
        folder=folder,
        executor=InlineExecutor(),
        display=Silent(),
    )
    return folder


def test_the_best_layout_goes_out_when_another_family_is_first(beside_a_vit, tmp_path):
    study = open_study(beside_a_vit)
    ranking = rank_study(study, study.histories())
    vit, *layouts = sorted(ranking.layouts, key=lambda score: not score.baseline)
    assert vit.layout == "ViT"
    first = replace(ranking, layouts=(vit, *layouts))
    exported = export_winner(study, first, study.histories(), to=tmp_path / "model")
    note = f"ViT, of another family, is ranked first; {layouts[0].label} is the best layout"
    assert exported.note == note
    assert f"-{layouts[0].label}-" in exported.trial_id
    assert f"{note}: `" in (exported.folder / "README.md").read_text()
    meta = coatnet.load_metadata(exported.folder)
    assert meta["score"]["value"] == layouts[0].score
    last = replace(ranking, layouts=(*layouts, vit))
    again = export_winner(study, last, study.histories(), to=tmp_path / "again")
    assert (again.note, again.trial_id) == ("", exported.trial_id)


def test_there_is_no_winner_among_other_families_alone(beside_a_vit):
    study = open_study(beside_a_vit)
    histories = tuple(h for h in study.histories() if h.trial.label == "ViT")
    ranking = rank_study(study, histories)
    assert [score.label for score in ranking.layouts] == ["ViT"]
    with pytest.raises(NotFoundError, match="no trial of a layout has finished"):
        winner(ranking, histories)


def test_the_study_shows_it_everywhere(beside_a_vit):
    assert "ViT" in (beside_a_vit / "report.html").read_text()
    study = open_study(beside_a_vit)
    [vit] = [h.trial for h in study.histories() if h.trial.label == "ViT"]
    assert vit.id == "0003-ViT-s0"
    assert (vit.parameters, vit.macs) == (47_050, 225_024)  # by hand


def test_no_finished_trial_no_winner():
    empty = rank([], RankingSpec(), evaluation_images=10)
    with pytest.raises(NotFoundError, match="no trial of a layout has finished"):
        winner(empty, ())


@pytest.fixture(scope="module")
def at_two_sizes(tmp_path_factory):
    """Return a finished study of networks for 12 and for 20 pixels, fine-tuned at 24."""
    folder = tmp_path_factory.mktemp("sizes") / "small"
    tuning = "fine_tune={data: {image_size: 24, train: 40, evaluation: 50}, training: {epochs: 1}}"
    changes = ("space.image_size=[12, 20]", "space.layouts=[C-T]", "search.seeds=1")
    spec = load_spec(str(SMALL), (*changes, "training.crop_padding=4", tuning))
    begin_study(spec, folder=folder, executor=InlineExecutor(), display=Silent())
    return folder


def test_a_network_is_trained_tuned_and_exported_at_its_size_of_images(at_two_sizes, tmp_path):
    study = open_study(at_two_sizes)
    found = {h.trial.label: h for h in study.histories() if h.trial.parent is None}
    sizes = {label: history.trial.config.image_size for label, history in found.items()}
    assert sizes == {"C-T#1": 12, "C-T#2": 20}
    tuned = [h.trial.config for h in study.histories() if h.trial.parent is not None]
    assert [(c.image_size, c.bias_image_size) for c in tuned] == [(24, 12), (24, 20)]
    ranking = rank_study(study, study.histories())
    for score in ranking.layouts:
        alone = replace(ranking, layouts=(score,))
        exported = export_winner(study, alone, study.histories(), to=tmp_path / score.label)
        size, measured = sizes[score.label], found[score.label].epochs[-1]
        meta = coatnet.load_metadata(exported.folder)["preprocessing"]
        data = load(study.spec.data.model_copy(update={"image_size": size}))
        assert (meta["image_size"], tuple(meta["mean"])) == (size, data.mean)
        mean, std = (torch.tensor(meta[key]).view(1, -1, 1, 1) for key in ("mean", "std"))
        with torch.inference_mode():
            model = coatnet.load(exported.folder)
            logits_bk = model((torch.tensor(data.evaluation.images) / 255 - mean) / std)
        hits = (logits_bk.argmax(1) == torch.tensor(data.evaluation.labels)).float().mean().item()
        assert hits == pytest.approx(measured.evaluation_accuracy, abs=1e-6)
        card = (exported.folder / "README.md").read_text(encoding="utf-8")
        assert f"10 classes, {size} pixels." in card
        assert f'"crop_padding": {size // 4},' in card
