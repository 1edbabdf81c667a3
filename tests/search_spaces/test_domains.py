"""Domains: bounded, without repeats, in the order written."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces.language.domains import (
    MAX_SIZE,
    Choice,
    Domain,
    Fixed,
    FloatRange,
    Range,
    chosen,
    draw,
    least_and_most,
)

DOMAINS = st.one_of(
    st.builds(Fixed, value=st.integers(1, 9)),
    st.builds(
        Choice, options=st.lists(st.integers(1, 9), min_size=1, unique=True).map(tuple)
    ),
    st.builds(
        lambda first, length, step: Range(first=first, last=first + length, step=step),
        st.integers(1, 9), st.integers(0, 20), st.integers(1, 5),
    ),
)  # fmt: skip


@given(DOMAINS)
def test_values_size_and_index_agree(domain: Domain) -> None:
    values = domain.values()
    assert domain.size == len(values) == len(set(values)) >= 1
    assert [domain.at(index) for index in range(domain.size)] == list(values)


def test_range_never_passes_its_end() -> None:
    assert Range(first=1, last=4).values() == (1, 2, 3, 4)
    assert Range(first=1, last=4, step=2).values() == (1, 3)
    assert Range(first=3, last=3, step=9).values() == (3,)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Range(first=2, last=1), "'from' 2 exceeds 'to' 1"),
        (lambda: Range(first=1, last=2, step=0), "step must be at least 1, not 0"),
        (lambda: Range(first=1, last=MAX_SIZE + 1), "at most 10000 values, not 10001"),
        (lambda: Choice(options=()), "at least one entry"),
        (lambda: Choice(options=(1, 2, 1)), "1 is listed twice"),
        (lambda: Choice(options=tuple(range(MAX_SIZE + 1))), "at most 10000 entries"),
    ],
)
def test_refused(make: object, words: str) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match=words):
        make()


def test_a_range_of_numbers_has_its_steps_and_no_more() -> None:
    domain = FloatRange(first=0.0, last=0.3, step=0.1)
    assert (domain.size, domain.values()) == (4, (0.0, 0.1, 0.2, 0.3))
    assert FloatRange(first=0.0, last=0.35, step=0.1).size == 4
    assert (FloatRange(first=1, last=2).size, FloatRange(first=1, last=2, log=True).size) == (1, 1)
    with pytest.raises(IndexError):
        domain.at(4)
    with pytest.raises(ValueError, match="holds at most 10000 values, not 100001"):
        FloatRange(first=0, last=1, step=1e-5)


@given(st.floats(1e-9, 1e3), st.floats(1.0001, 1e4), st.booleans(), st.integers())
def test_what_is_drawn_lies_within(first: float, ratio: float, log: bool, seed: int) -> None:
    domain = FloatRange(first=first, last=first * ratio, log=log)
    value = draw(domain, random.Random(seed))
    assert first <= value <= first * ratio
    assert chosen("x", domain, value) == value


def test_least_and_most() -> None:
    assert least_and_most(Choice(options=(3, 1, 2))) == (1, 3)
    assert least_and_most(FloatRange(first=0.5, last=2)) == (0.5, 2)
    assert least_and_most(Range(first=1, last=6, step=2)) == (1, 5)
