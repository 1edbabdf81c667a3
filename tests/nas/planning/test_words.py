"""Numbers of a plan as people read them."""

import pytest

from nas.planning.words import duration, rows, sentence, size, written
from tests.nas.planning.test_bill import planned


@pytest.mark.parametrize(
    ("hours", "said"),
    [(2.5, "2.5 h"), (0.5, "30 min"), (0.002, "7.2 s"), (1e-5, "0.036 s"), (123.4, "123 h")],
)
def test_durations_have_the_unit_that_reads_best(hours, said):
    assert duration(hours) == said


@pytest.mark.parametrize(
    ("count", "said"), [(512, "0.5 KiB"), (3 * 2**20, "3 MiB"), (78.5 * 2**30, "78.5 GiB")]
)
def test_so_have_sizes(count, said):
    assert size(count) == said


def test_a_plan_is_a_row_a_quantity():
    plan = planned(price=2.0)
    assert [row["quantity"] for row in rows(plan)] == [
        *("candidates", "parameters", "macs", "seeds", "trials", "epochs"),
        *("device_hours", "wall_hours", "memory_bytes", "money"),
    ]
    table = {row["what"]: row for row in written(plan)}
    assert table["trials"] == {"what": "trials", "about": "4", "between": ""}
    assert " to " in table["device time"]["between"]


def test_too_little_memory_is_said():
    plan = planned()
    assert "are enough for the largest trial" in sentence(plan)
    from dataclasses import replace

    assert "are too little" in sentence(replace(plan, device_memory_bytes=10))
