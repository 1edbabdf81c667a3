"""Every rule refuses what breaks it, in one line that says it."""

from enum import StrEnum

import pytest

from coatnet.config import StemConfig
from coatnet.rules import (
    chosen,
    require_count,
    require_expansion,
    require_kernel,
    require_keys,
    require_squeeze_ratio,
)


class Colour(StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("rule", "kept", "broken"),
    [
        (require_count, [1, 10**6], [0, -1, 1.0, "1", True, None]),
        (require_kernel, [3, 5, 7], [1, 2, 4, 9, 3.0, "3", True, None]),
        (require_expansion, [1, 4, 8], [0, 9, 4.0, "4", True, None]),
        (require_squeeze_ratio, [0, 0.0, 0.25, 4], [-0.1, 4.1, float("nan")]),
    ],
)
def test_values(rule, kept, broken):
    for value in kept:
        rule("size", value)
    for value in broken:
        with pytest.raises(ValueError, match=r"^size must be .*, not ") as caught:
            rule("size", value)
        assert str(caught.value).isprintable()


def test_keys():
    require_keys(StemConfig, {"width": 1}, "stem")
    with pytest.raises(ValueError, match=r"stem has unknown keys \['hight'\]; known are \['type'"):
        require_keys(StemConfig, {"width": 1, "hight": 1}, "stem")
    with pytest.raises(ValueError, match=r"stem misses the keys \['width'\]"):
        require_keys(StemConfig, {}, "stem")
    with pytest.raises(ValueError, match="stem must be a mapping, not 3"):
        require_keys(StemConfig, 3, "stem")


def test_words():
    assert chosen(Colour, "colour", "red") is Colour.RED
    with pytest.raises(ValueError, match=r"colour must be one of \['red'\], not 'green'"):
        chosen(Colour, "colour", "green")
