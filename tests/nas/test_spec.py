"""Bounds and rules of the spec: every default is valid, what cannot run is refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from nas.recipe import TrainingSpec
from nas.spec import DataSpec, Metric, RankingSpec, ResourcesSpec, SearchSpec, StudySpec, check_name

SPACE: dict[str, Any] = {"layouts": []}


def test_defaults_are_valid_and_frozen() -> None:
    spec = StudySpec(name="a", space=SPACE)
    assert spec.training.betas == (0.9, 0.999)
    with pytest.raises(ValidationError):
        spec.name = "b"  # pyrefly: ignore


def test_whole_numbers_serve_where_numbers_are_asked_for_and_not_the_reverse() -> None:
    assert TrainingSpec(learning_rate=1).learning_rate == 1.0
    assert isinstance(TrainingSpec(learning_rate=1).learning_rate, float)
    for wrong in (True, 1.0, "3"):
        with pytest.raises(ValidationError):
            TrainingSpec.model_validate({"epochs": wrong})


def test_lists_serve_as_betas() -> None:
    assert TrainingSpec.model_validate({"betas": [0.8, 0.9]}).betas == (0.8, 0.9)


def test_metric_is_written_as_text() -> None:
    assert RankingSpec.model_validate({"metric": "accuracy"}).metric is Metric.ACCURACY


@pytest.mark.parametrize(
    ("section", "values", "words"),
    [
        (DataSpec, {"source": "idx"}, "path is required for source 'idx'"),
        (DataSpec, {"path": "x"}, "path is not used by source 'digits'"),
        (DataSpec, {"image_size": 5000}, "less than or equal to 4096"),
        (TrainingSpec, {"warmup_epochs": 15}, "must be less than epochs 15"),
        (TrainingSpec, {"min_learning_rate": 0.1}, "exceeds learning_rate 0.001"),
        (TrainingSpec, {"batch_size": 10, "accumulate": 3}, "must be a multiple of accumulate 3"),
        (TrainingSpec, {"learning_rate": float("nan")}, "finite"),
        (TrainingSpec, {"crop_padding": 10**9}, "less than or equal to 4096"),
        (SearchSpec, {"sampler": "tpe"}, "candidates is required for sampler 'tpe'"),
        (SearchSpec, {"seeds": 10**6}, "less than or equal to 10000"),
        (RankingSpec, {"margin": 0.05}, "large_margin 0.05 must exceed margin 0.05"),
        (ResourcesSpec, {"cpus": 0}, "greater than 0"),
        (ResourcesSpec, {"threads": 10**6}, "less than or equal to 1024"),
        (ResourcesSpec, {"cpu": 1}, "Extra inputs"),
    ],
)
def test_refused(section: type, values: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        section(**values)


@pytest.mark.parametrize("name", ["a", "A-1.b_c", "0", "x" * 64, "conv", "nulls", "com", "com10"])
def test_safe_names(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x", "a/../b", "/etc", "a/b", "a\\b", "..\\x", "a..b", "-a", "_a", ".a",
     "a b", " a", "a\n", "a\0b", "%2e%2e", "x" * 65, "x" * 300, "é", "ａ", "\u202ea", "😀", "~",
     "a:b", "a*", "CON", "con", "nul.txt", "Lpt1", "COM9.x", "$HOME", "`x`", "a'b"],
)  # fmt: skip
def test_unsafe_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        check_name(name)
