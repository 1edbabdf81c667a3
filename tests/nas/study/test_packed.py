"""Epochs as columns are the records they were made of, to the last bit."""

from dataclasses import fields

import pytest

from nas.study.packed import NUMBERS, TEXTS, column, packed
from nas.study.records import EpochMeasured
from tests.nas.builders import measured

EPOCHS = tuple(
    measured(
        "0001-C-s0",
        epoch,
        attempt=1 + epoch // 3,
        samples=2**40 + epoch,
        train_loss=0.1 + 0.2 * epoch,
        ema_probe_loss=None if epoch == 2 else 0.3 / epoch,
        evaluation_loss_error=1e-9,
        evaluation_correct="eJxjYGAAAAADAAE=" if epoch != 3 else None,
    )
    for epoch in range(1, 5)
)


def test_every_record_comes_back_as_it_was():
    found = packed("0001-C-s0", EPOCHS)
    assert tuple(found) == EPOCHS
    assert found == EPOCHS
    assert found == packed("0001-C-s0", EPOCHS)
    assert found != EPOCHS[:3]
    assert found[-1] == EPOCHS[-1]
    assert found[1:3] == EPOCHS[1:3]
    assert len(found) == 4
    assert [type(each) for each in (found[0].step, found[0].attempt, found[0].at)] == [
        int,
        int,
        float,
    ]
    with pytest.raises(IndexError):
        found[4]


@pytest.mark.parametrize("name", [*NUMBERS, *TEXTS])
def test_a_column_is_that_field_of_all_records(name):
    plain = [getattr(each, name) for each in EPOCHS]
    assert column(packed("0001-C-s0", EPOCHS), name) == plain == column(EPOCHS, name)


def test_no_field_of_an_epoch_is_forgotten():
    names = {each.name for each in fields(EpochMeasured)}
    assert names == {"kind", "trial_id", *NUMBERS, *TEXTS}
