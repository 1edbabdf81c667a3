"""A plan kept beside its study, and held to what trials took."""

import json
import math

import pytest

from nas.errors import SpecError
from nas.planning.forecast import check, keep, kept, plan_file
from nas.planning.plan import TRAINING
from nas.planning.seconds import EpochSeconds
from nas.planning.shapes import shape_of
from nas.study.records import TrialHistory, TrialStatus
from tests.nas.builders import measured, trial
from tests.nas.planning.test_bill import planned

HALF = math.log(1.2)


def clock(seconds: float) -> dict[str, EpochSeconds]:
    """Every epoch of the builders' trial takes so long, within a fifth."""
    return {
        TRAINING: EpochSeconds(
            measured={shape_of(trial()).key: seconds},
            coefficients=(0.0, 0.0, 0.0),
            factors={},
            again=HALF,
            others=HALF,
        )
    }


def history(number: int, epochs: int, *, seconds: float) -> TrialHistory:
    planned = trial(number)
    return TrialHistory(
        trial=planned,
        status=TrialStatus.FINISHED,
        epochs=tuple(
            measured(planned.id, epoch, seconds=seconds * epoch) for epoch in range(1, epochs + 1)
        ),
        attempts=1,
    )


def test_a_plan_is_kept_beside_the_folder_and_read_back(tmp_path):
    study, plan = tmp_path / "new" / "mine", planned()
    assert kept(study) is None
    assert keep(plan, study) == plan_file(study) == tmp_path / "new" / "mine.plan.json"
    assert kept(study) == plan.seconds
    assert not study.exists()
    assert json.loads(plan_file(study).read_text())["plan"] == json.loads(
        json.dumps(plan.to_json())
    )


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": 1, "seconds": {"training": {}}}'])
def test_a_damaged_file_is_one_line(tmp_path, text):
    plan_file(tmp_path / "mine").write_text(text)
    with pytest.raises(SpecError, match=r"mine\.plan\.json: is no plan"):
        kept(tmp_path / "mine")


def test_a_newer_one_is_refused(tmp_path):
    plan_file(tmp_path / "mine").write_text('{"format": 9}')
    with pytest.raises(SpecError, match="is of format 9"):
        kept(tmp_path / "mine")


def test_trials_are_held_to_their_intervals_as_far_as_they_went():
    found = check(
        [
            history(1, 3, seconds=1.0),
            history(2, 2, seconds=1.1),
            history(3, 3, seconds=2.0),
            history(4, 0, seconds=1.0),
        ],
        clock(1.0),
    )
    assert found is not None
    assert found.trials == 3
    assert found.covered == pytest.approx(2 / 3)
    assert found.median_error == pytest.approx(1 - 1 / 1.1)
    assert found.forecast_seconds == pytest.approx(8.0)
    assert found.seconds == pytest.approx(3.0 + 2.2 + 6.0)
    assert found.words() == (
        "8 s forecast, 11 s taken by 3 trials; 67% within their interval, median error 9.1%"
    )


def test_without_an_epoch_there_is_nothing_to_hold_it_to():
    assert check([history(1, 0, seconds=1.0)], clock(1.0)) is None
