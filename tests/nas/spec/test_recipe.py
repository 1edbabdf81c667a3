"""The recipe: what is refused, what the paper's fine-tuning is, and that sections are closed."""

from typing import Any

import pytest
from pydantic import ValidationError

from nas.spec.recipe import FineTuningSpec, RandAugmentSpec, TrainingSpec, changed_recipe
from search_spaces.language.recipe import KEYS


def test_whole_numbers_serve_where_numbers_are_asked_for_and_not_the_reverse() -> None:
    assert TrainingSpec(learning_rate=1).learning_rate == 1.0
    assert isinstance(TrainingSpec(learning_rate=1).learning_rate, float)
    for wrong in (True, 1.0, "3"):
        with pytest.raises(ValidationError):
            TrainingSpec.model_validate({"epochs": wrong})


def test_lists_serve_as_betas() -> None:
    assert TrainingSpec.model_validate({"betas": [0.8, 0.9]}).betas == (0.8, 0.9)


@pytest.mark.parametrize(
    ("section", "values", "words"),
    [
        (TrainingSpec, {"warmup_epochs": 15}, "must be less than epochs 15"),
        (TrainingSpec, {"min_learning_rate": 0.1}, "exceeds learning_rate 0.001"),
        (TrainingSpec, {"batch_size": 10, "accumulate": 3}, "must be a multiple of accumulate 3"),
        (TrainingSpec, {"learning_rate": float("nan")}, "finite"),
        (TrainingSpec, {"crop_padding": 10**9}, "less than or equal to 4096"),
        (TrainingSpec, {"epoch": 3}, "Extra inputs"),
        (RandAugmentSpec, {"magnitude": 31}, "less than or equal to 30"),
    ],
)
def test_refused(section: type[TrainingSpec], values: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        section(**values)


def test_fine_tuning_is_the_papers_by_default() -> None:
    recipe = FineTuningSpec()  # paper, Table 10, "1K fine-tune" and "JFT fine-tune"
    assert (recipe.epochs, recipe.batch_size, recipe.clip_norm) == (30, 512, 1.0)
    assert [recipe.learning_rate, recipe.min_learning_rate] == [5e-5, 5e-5]
    assert (recipe.schedule, recipe.warmup_epochs, recipe.weight_decay) == ("constant", 0.0, 1e-8)
    assert (recipe.label_smoothing, recipe.ema_decay) == (0.1, 0.9999)


def test_a_changed_recipe_keeps_all_else_and_its_rules() -> None:
    recipe = TrainingSpec(epochs=5, learning_rate=1e-3)
    changes = {"learning_rate": 0.01, "rand_augment.layers": 2, "drop_path": 0}
    changed = changed_recipe(recipe, changes)
    assert (changed.learning_rate, changed.rand_augment.layers, changed.drop_path) == (0.01, 2, 0)
    untouched = {"learning_rate": 1e-3, "rand_augment": recipe.rand_augment}
    assert changed.model_copy(update=untouched) == recipe
    with pytest.raises(ValidationError, match="exceeds learning_rate"):
        changed_recipe(recipe, {"learning_rate": 1e-6})
    with pytest.raises(ValidationError):
        changed_recipe(recipe, {"learning_rat": 1e-3})


def test_every_key_that_a_space_may_choose_is_one_of_the_recipe() -> None:
    values = {"learning_rate": 0.1, "min_learning_rate": 1e-9, "clip_norm": 2.0}
    for key in KEYS:
        value = values.get(key, 0)
        changed = changed_recipe(TrainingSpec(), {key: value}).model_dump()
        for part in key.split("."):
            changed = changed[part]
        assert changed == value
