"""Bounds and rules of the spec: every default is valid, what cannot run is refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from nas.spec.study import (
    Metric,
    RankingSpec,
    ResourcesSpec,
    SearchSpec,
    StudySpec,
    check_name,
)

SPACE: dict[str, Any] = {"layouts": []}


def test_defaults_are_valid_and_frozen() -> None:
    spec = StudySpec(name="a", space=SPACE)
    assert spec.training.betas == (0.9, 0.999)
    with pytest.raises(ValidationError):
        spec.name = "b"  # pyrefly: ignore


def test_metric_is_written_as_text() -> None:
    assert RankingSpec.model_validate({"metric": "accuracy"}).metric is Metric.ACCURACY


@pytest.mark.parametrize(
    ("section", "values", "words"),
    [
        (SearchSpec, {"sampler": "tpe"}, "candidates is required for sampler 'tpe'"),
        (
            SearchSpec,
            {"sampler": "evolution", "candidates": 9, "objectives": ["accuracy", "-macs"]},
            "sampler 'evolution' has one objective: use tpe, nsga2 or nsga3",
        ),
        (SearchSpec, {"objectives": ["accuracy", "accuracy"]}, "objectives names one twice"),
        (SearchSpec, {"objectives": ["-macs"]}, "objectives must name a metric: generalization"),
        (SearchSpec, {"objectives": ["-accuracy"]}, "'-accuracy' must be one of generalization, "),
        (SearchSpec, {"objectives": ["speed"]}, "must be one of .*, -macs, -training_macs"),
        (SearchSpec, {"objectives": [{"shrink": "macs"}]}, "should be a valid string"),
        (SearchSpec, {"lag": 0}, "greater than or equal to 1"),
        (SearchSpec, {"sampler": "best"}, "should be 'grid', 'random', 'tpe', 'gp'"),
        (SearchSpec, {"seeds": 10**6}, "less than or equal to 10000"),
        (SearchSpec, {"seeds": 6, "max_seeds": 5}, "max_seeds 5 is less than seeds 6"),
        (RankingSpec, {"margin": 0.05}, "large_margin 0.05 must exceed margin 0.05"),
        (ResourcesSpec, {"cpus": 0}, "greater than 0"),
        (ResourcesSpec, {"threads": 10**6}, "less than or equal to 1024"),
        (ResourcesSpec, {"cpu": 1}, "Extra inputs"),
    ],
)
def test_refused(section: type, values: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        section(**values)


def test_objectives_are_words_however_they_are_written() -> None:
    written = ["accuracy", {"minimize": "macs"}, {"maximize": "parameters"}]
    search = SearchSpec.model_validate({"objectives": written})
    assert search.objectives == ("accuracy", "-macs", "parameters")
    assert SearchSpec.model_validate(search.model_dump(mode="json")) == search


@pytest.mark.parametrize(
    ("metric", "objectives", "words"),
    [
        ("accuracy", ["transfer", "-macs"], "both of fine-tuned networks or neither"),
        ("transfer", ["accuracy", "-macs"], "both of fine-tuned networks or neither"),
        ("transfer", ["transfer", "accuracy"], "transfer is of other trials"),
    ],
)
def test_objectives_fit_what_is_ranked(metric: str, objectives: list[str], words: str) -> None:
    values = {
        "name": "a",
        "space": {},
        "fine_tune": {"data": {}},
        "search": {"objectives": objectives},
        "ranking": {"metric": metric},
    }
    with pytest.raises(ValidationError, match=words):
        StudySpec.model_validate(values)


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


def study(**sections: Any) -> StudySpec:
    return StudySpec.model_validate({"name": "a", "space": SPACE, **sections})


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"ranking": {"metric": "transfer"}}, "metric transfer needs a section fine_tune"),
        ({"data": {"source": "procedural"}}, "needs training.epoch_images"),
        (
            {"fine_tune": {"data": {"source": "procedural"}}},
            "needs fine_tune.training.epoch_images",
        ),
        ({"data": {"source": "procedural", "path": "x"}}, "not used by source 'procedural'"),
        ({"data": {"channels": 2}}, "Input should be 1 or 3"),
        ({"baselines": [{"network": "timm/x", "label": "../x"}]}, "name"),
        ({"sweep": {"key": "data.train", "values": [1]}}, "at least 2"),
    ],
)
def test_sections_that_do_not_fit_are_refused(sections: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        study(**sections)


def test_a_baseline_may_be_a_name_alone() -> None:
    one, two = study(baselines=["timm/x", {"network": "timm/y", "label": "Y"}]).baselines
    assert (one.network, one.label, one.options) == ("timm/x", None, {})
    assert (two.network, two.label) == ("timm/y", "Y")


def test_the_most_seeds_are_those_of_the_first_round_unless_more_are_allowed() -> None:
    assert SearchSpec(seeds=4).most_seeds == 4
    assert SearchSpec(seeds=4, max_seeds=9).most_seeds == 9
