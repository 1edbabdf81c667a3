"""Columns stand to scale where they can, with names below that can be read."""

import math

import pytest

from nas.report.phase_axis import Value, place_columns, tick


def values(*numbers):
    return [Value(word=f"v{i}", number=number) for i, number in enumerate(numbers)]


def places(*numbers):
    columns = place_columns(values(*numbers))
    return columns, [columns.at[value.word] for value in columns.values]


def test_logarithms_with_the_mean_distance_as_unit():
    columns, at = places(1000, 10, 100)
    assert [value.number for value in columns.values] == [10, 100, 1000]
    assert at == pytest.approx([0, 1, 2])
    assert (columns.even, columns.endless) == (False, None)
    _, at = places(10, 100, 10_000)
    assert at == pytest.approx([0, 2 / 3, 2])


def test_endless_data_stands_behind_the_largest():
    columns, at = places(math.inf, 300, 1000, 3000)
    assert columns.endless == columns.values[-1] == Value(word="v0", number=math.inf)
    assert at[-1] == pytest.approx(at[-2] + 1)


@pytest.mark.parametrize(
    "numbers",
    [(100, 110, 100_000), (1, None, 3), (0, 1, 2), (-1, 1, 2), (5, math.inf), (7, 7, 8), (None,)],
)
def test_evenly_in_their_order_where_there_is_no_scale(numbers):
    columns, at = places(*numbers)
    assert columns.even
    assert columns.endless is None
    assert [value.number for value in columns.values] == list(numbers)
    assert at == [float(i) for i in range(len(numbers))]


@pytest.mark.parametrize(
    ("word", "number", "shown"),
    [
        ("300", 300, "300"),
        ("10000", 10_000, "10,000"),
        ("all", 1198, "1,198 (all)"),
        ("endless", math.inf, "endless"),
        ("cosine", None, "cosine"),
        ("0.001", 0.001, "0.001"),
        ("1e-05", 1e-5, "1e-05"),
        ("0.50", 0.5, "0.5"),
    ],
)
def test_a_tick_says_the_number_and_the_word_where_it_says_more(word, number, shown):
    assert tick(Value(word=word, number=number)) == shown
