"""What is said of images beside a model is read back, and nothing else is believed."""

import json
from dataclasses import asdict, replace

import pytest

from nas.errors import NotFoundError, SpecError
from nas.export.preprocessing import Preprocessing, read_preprocessing
from tests.nas.export.models import PREPROCESSING
from tests.nas.journals import FACTS


def test_it_is_that_of_the_training():
    found = Preprocessing.of(FACTS)
    assert (found.image_size, found.channels, found.mean, found.std) == (8, 1, (0.3,), (0.25,))
    assert found.class_names == FACTS.class_names


def test_it_is_read_back(tmp_path):
    (tmp_path / "preprocessing.json").write_text(json.dumps(PREPROCESSING.to_json()))
    assert read_preprocessing(tmp_path) == PREPROCESSING


def test_a_folder_of_coatnet_alone_says_it_too(tmp_path):
    values = PREPROCESSING.to_json()
    names = values.pop("class_names")
    metadata = {"preprocessing": values, "class_names": names}
    (tmp_path / "config.json").write_text(json.dumps({"metadata": metadata}))
    assert read_preprocessing(tmp_path) == PREPROCESSING


def test_a_folder_that_says_nothing(tmp_path):
    with pytest.raises(NotFoundError, match=r"no preprocessing\.json"):
        read_preprocessing(tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"image_size": 0},
        {"image_size": 10**9},
        {"image_size": "64"},
        {"channels": 4},
        {"mean": []},
        {"mean": ["x"]},
        {"std": [0.0]},
        {"std": [float("nan")]},
        {"class_names": "0123"},
        {"class_names": [1]},
        {"class_names": None},
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, changes):
    values = {**asdict(PREPROCESSING), **changes}
    (tmp_path / "preprocessing.json").write_text(json.dumps(values))
    with pytest.raises(SpecError, match="not what `nas export` writes"):
        read_preprocessing(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 100_000, "{}"])
def test_what_is_no_record_is_refused(tmp_path, text):
    (tmp_path / "preprocessing.json").write_text(text)
    with pytest.raises(SpecError):
        read_preprocessing(tmp_path)


def test_the_steps_say_what_is_done():
    assert "stretch to 64 x 64 pixels" in PREPROCESSING.steps[2]
    assert "luma" in PREPROCESSING.steps[3]
    assert "RGB" in replace(PREPROCESSING, channels=3).steps[3]
