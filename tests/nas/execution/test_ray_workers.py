"""A trial of several workers, through Ray: the same answer, and nothing is left behind."""

from contextlib import closing

import pytest

from nas.driver.display import Silent
from nas.driver.study import begin_study
from nas.errors import NoClusterError, SpecError
from nas.execution.inline import InlineExecutor
from nas.execution.ray_executor import RayExecutor
from nas.spec.file import load_spec
from nas.spec.resources import ResourcesSpec
from nas.study.folder import open_study
from nas.study.records import TrialStatus
from tests.nas.conftest import SMALL

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.timeout(300)]
TWO = ("resources.workers=2", "resources.cpus=0.5")


@pytest.fixture(scope="module")
def executor():
    with closing(RayExecutor()) as executor:
        yield executor


@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_a_study_of_two_workers_a_trial_is_that_of_one(executor, tmp_path):
    overrides = ("search.seeds=1", "training.epochs=2")
    begin_study(
        load_spec(str(SMALL), overrides),
        folder=tmp_path / "one",
        executor=InlineExecutor(),
        display=Silent(),
    )
    begin_study(
        load_spec(str(SMALL), (*overrides, *TWO)),
        folder=tmp_path / "two",
        executor=executor,
        display=Silent(),
    )
    one, two = (open_study(tmp_path / name).histories() for name in ("one", "two"))
    assert [each.status for each in two] == [TrialStatus.FINISHED] * 2
    assert [each.attempts for each in two] == [1, 1]
    for here, there in zip(one, two, strict=True):
        for a, b in zip(here.epochs, there.epochs, strict=True):
            assert b.probe_loss == pytest.approx(a.probe_loss, rel=1e-4)
            assert b.evaluation_loss == pytest.approx(a.evaluation_loss, rel=1e-4)

    from ray.util import placement_group_table

    states = [each["state"] for each in placement_group_table().values()]
    assert states
    assert set(states) == {"REMOVED"}


@pytest.mark.filterwarnings("ignore")
def test_a_trial_that_no_cluster_can_hold_is_refused_at_once(executor):
    with pytest.raises(NoClusterError, match="asks for 64 workers of 1 CPU and 0 GPU each"):
        executor.prepare(ResourcesSpec(workers=64))


def test_without_ray_there_is_one_worker():
    with pytest.raises(SpecError, match=r"resources\.workers: must be 1 without Ray"):
        InlineExecutor().prepare(ResourcesSpec(workers=2))
