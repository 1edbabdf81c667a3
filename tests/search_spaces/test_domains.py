"""Domains: bounded, without repeats, in the order written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces.language.domains import MAX_SIZE, Choice, Domain, Fixed, Range

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
