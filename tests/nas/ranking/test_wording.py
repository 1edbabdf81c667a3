"""Lists in sentences."""

from nas.ranking.wording import joined, listed


def test_a_list_counts_what_it_does_not_name():
    assert listed(["A"], 2) == "A"
    assert listed(["A", "B"], 2) == "A and B"
    assert listed(["A", "B", "C", "D"], 2) == "A, B and 2 others"


def test_parts_that_hold_lists_are_kept_apart():
    assert joined(["better than A and B", "within 1 point of C"]) == (
        "better than A and B, and within 1 point of C"
    )
