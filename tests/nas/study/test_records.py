"""Records refuse what nothing may be built on; a twin's label leads to what it copies."""

import math

import pytest

from nas.spec.names import check_name
from nas.study.records import TWIN, copied_label, twin_label
from search_spaces.language.layouts import NAME_PATTERN
from tests.nas.builders import measured


@pytest.mark.parametrize("name", ["train_loss", "probe_loss", "evaluation_accuracy", "seconds"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_no_epoch(name, value):
    with pytest.raises(ValueError, match=f"{name} must be finite"):
        measured("0001-C-s0", 1, **{name: value})


@pytest.mark.parametrize("name", ["probe_loss_error", "evaluation_loss_error"])
def test_an_error_is_a_size_or_unknown(name):
    for value in (math.nan, math.inf, -0.1):
        with pytest.raises(ValueError, match=f"{name} must be finite and not negative"):
            measured("0001-C-s0", 1, **{name: value})
    assert getattr(measured("0001-C-s0", 1), name) is None
    assert getattr(measured("0001-C-s0", 1, **{name: 0.0}), name) == 0.0


def test_epochs_count_from_one():
    with pytest.raises(ValueError, match="at least 1, not -1"):
        measured("0001-C-s0", -1)


@pytest.mark.parametrize("label", ["C-C-T-T", "C-C-T-T#2", "cvt-13", "a.b_c"])
def test_a_twin_is_named_after_what_it_copies(label):
    assert twin_label(label) != label
    assert copied_label(twin_label(label)) == label
    assert copied_label(label) == label


@pytest.mark.parametrize("name", ["A", "C-C-T-T", "cvt-13"])
def test_nothing_but_a_twin_can_have_such_a_label(name):
    """Names of layouts and of baselines have no "~"; a layout's label adds "#k" at most."""
    assert NAME_PATTERN.fullmatch(name)
    assert not NAME_PATTERN.fullmatch(twin_label(name))
    assert check_name(name) == name
    with pytest.raises(ValueError, match="must be 1 to 64 letters"):
        check_name(twin_label(name))
    assert "~" in TWIN
