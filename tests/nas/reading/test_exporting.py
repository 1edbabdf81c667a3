"""A study's networks go out in every format, whole or not at all."""

import json
from pathlib import Path

import pytest

import coatnet
from nas.errors import NotFoundError, SpecError
from nas.export.formats import Format
from nas.reading.exporting import writers_of
from nas.reading.study import StudyReader
from nas.study.folder import open_study

pytestmark = pytest.mark.slow


def test_writers_come_once_and_safetensors_needs_none():
    assert len(writers_of(list(Format))) == len(Format) - 1
    assert writers_of([Format.SAFETENSORS]) == []
    assert len(writers_of([Format.ONNX, Format.ONNX])) == 1


@pytest.mark.mlflow
def test_several_formats_at_once_beside_the_folder_of_coatnet(finished, tmp_path):
    reader = StudyReader(open_study(finished))
    exported = reader.export(tmp_path / "m", formats=[Format.PT2, Format.ONNX, Format.MLFLOW])
    assert {each.name for each in exported.folder.iterdir()} == {
        "model.safetensors", "config.json", "README.md", "layout.svg", "preprocessing.json",
        "model.pt2", "model.onnx", "mlflow",
    }  # fmt: skip
    again = reader.export(tmp_path / "m", formats=[Format.MLFLOW])
    assert again.trial_id == exported.trial_id
    assert (tmp_path / "m" / "mlflow" / "MLmodel").is_file()


def test_a_trial_or_the_best_of_a_layout(finished, tmp_path):
    reader = StudyReader(open_study(finished))
    labels = set(reader.ranking["label"])
    for label in labels:
        exported = reader.export(tmp_path / label, layout=label)
        assert label in exported.trial_id
    every = [history.trial.id for history in reader.histories]
    for trial in every:
        assert reader.export(tmp_path / "t", trial=trial).trial_id == trial
        assert coatnet.load_metadata(tmp_path / "t")["trial"]["id"] == trial


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"layout": "T-T"}, "no layout T-T is ranked; there are: "),
        ({"trial": "0099"}, "no trial 0099"),
    ],
)
def test_what_is_not_there(finished, tmp_path, asked, words):
    with pytest.raises(NotFoundError, match=words):
        StudyReader(open_study(finished)).export(tmp_path / "m", **asked)
    assert not (tmp_path / "m").exists()


def test_a_format_that_cannot_hold_it_leaves_what_was_there(finished, tmp_path):
    reader = StudyReader(open_study(finished))
    reader.export(tmp_path / "m")
    before = {each.name: each.read_bytes() for each in (tmp_path / "m").iterdir()}
    with pytest.raises(SpecError, match="timm's MaxxVit cannot express"):
        reader.export(tmp_path / "m", formats=[Format.TIMM])
    assert {each.name: each.read_bytes() for each in (tmp_path / "m").iterdir()} == before


def test_where_nothing_can_be_written(finished):
    with pytest.raises(SpecError, match="--to: /proc/x: cannot be made"):
        StudyReader(open_study(finished)).export(Path("/proc/x"))


def test_the_card_says_how_files_become_pixels_and_what_it_took(finished, tmp_path):
    exported = StudyReader(open_study(finished)).export(tmp_path / "m")
    card = (exported.folder / "README.md").read_text()
    said = json.loads((exported.folder / "preprocessing.json").read_text())
    assert all(step in card for step in said["steps"])
    assert "Trained to find it: 2 networks in 4 trials, 12 epochs" in card
    assert "![Its stages](layout.svg)" in card
