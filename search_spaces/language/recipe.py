"""The parts of the recipe that a space may choose from: one recipe a candidate.

What each means is said where recipes are (`nas.spec.recipe`), which also checks the values; a space
knows their kinds alone.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from search_spaces.language.choices import domain, real_domain
from search_spaces.language.domains import AnyDomain, Value, least_and_most
from search_spaces.language.mistakes import Mistakes
from search_spaces.language.values import Bounds, Reals

PREFIX = "recipe."  # of a variable: recipe.learning_rate
_ANY = Reals(least=0.0, most=1e9, words="from 0 to 10^9")
_COUNT = Bounds(least=0, most=4_096)
REALS = (
    "learning_rate", "min_learning_rate", "warmup_epochs", "weight_decay", "label_smoothing",
    "mixup", "drop_path", "clip_norm",
)  # fmt: skip
COUNTS = ("crop_padding", "rand_augment.layers", "rand_augment.magnitude")
KEYS = (*REALS, *COUNTS)

RecipeSpace = tuple[tuple[str, AnyDomain], ...]  # by the recipe's own key


def recipe_space(value: Any, mistakes: Mistakes) -> RecipeSpace:
    """Return the domains of what the section `recipe` of a space chooses; mistakes are noted."""
    keys: Mapping[str, Any] = {}
    with mistakes.noted():
        keys = mistakes.known(value, ("recipe",), keys=KEYS)
    found: dict[str, AnyDomain] = {}
    for key, written in keys.items():
        path = ("recipe", key)
        with mistakes.noted():
            if key in COUNTS:
                found[key] = domain(written, path, bounds=_COUNT)
            else:
                found[key] = real_domain(written, path, reals=_ANY)
    return tuple(found.items())


def extremes(recipe: RecipeSpace) -> Iterator[Mapping[str, Value]]:
    """Yield the recipes at the ends of what may be chosen: rules of recipes are about bounds.

    Each key alone at its least and at its most, then the smallest learning rate with the largest
    that it is to end at.
    """
    ends = {key: least_and_most(each) for key, each in recipe}
    for key, (least, most) in ends.items():
        yield {key: least}
        yield {key: most}
    if "learning_rate" in ends and "min_learning_rate" in ends:
        yield {
            "learning_rate": ends["learning_rate"][0],
            "min_learning_rate": ends["min_learning_rate"][1],
        }
