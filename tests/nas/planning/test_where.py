"""How many trials a machine or a cluster holds, and which of them share what."""

import os

import pytest

from nas.errors import NoClusterError
from nas.planning import where
from nas.planning.shapes import shapes_of
from nas.planning.where import Here, beside, open_place
from nas.spec.recipe import TrainingSpec
from nas.spec.resources import ResourcesSpec
from nas.training.task import Task
from tests.nas.tiny import make_data, make_trial


def test_whoever_shares_cores_or_a_gpu_slows_the_others():
    assert beside(4, ResourcesSpec()) == 3
    assert beside(8, ResourcesSpec(gpus=0.25)) == 3
    assert beside(8, ResourcesSpec(gpus=1.0)) == 0


def test_this_machine_has_its_cores_and_inline_one_trial(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert Here(ResourcesSpec(cpus=2.0), inline=False, say=print).room.workers == 3
    assert Here(ResourcesSpec(cpus=2.0), inline=True, say=print).room.workers == 1
    assert Here(ResourcesSpec(cpus=2.0), inline=False, say=print).room.lent is None


def test_a_machine_too_small_for_a_trial_lends_it_what_there_is(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    monkeypatch.setattr(where, "_gpus", lambda _: 1)
    room = Here(ResourcesSpec(cpus=8.0), inline=False, say=print).room
    assert room.lent == ResourcesSpec(cpus=6.0)
    assert (room.workers, room.neighbours) == (1, 0)
    lent = Here(ResourcesSpec(cpus=4.0, gpus=8.0), inline=True, say=print).room.lent
    assert lent == ResourcesSpec(cpus=4.0, gpus=1.0)


def test_a_cluster_that_is_not_there_is_one_line(monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    assert isinstance(open_place(ResourcesSpec(), address=None, inline=False, say=print), Here)
    with pytest.raises(NoClusterError):
        open_place(ResourcesSpec(), address="nonsense", inline=False, say=print)


@pytest.mark.slow
@pytest.mark.ray
def test_a_worker_of_a_cluster_measures(monkeypatch):
    import ray

    from nas.execution import ray_cluster

    assert ray_cluster.connect(None)
    try:
        monkeypatch.setattr(ray_cluster, "connect", lambda address: False)
        place = where.Cluster(ResourcesSpec(concurrent=1), address="here", say=print)
        assert (place.room.workers, place.room.neighbours) == (1, 0)
        task = Task(data=make_data(16), recipe=TrainingSpec(epochs=2, batch_size=8))
        found = place.measure(shapes_of([make_trial()]), task, ResourcesSpec(), neighbours=0)
        assert found.timed[0][0].epoch > 0
        place.close()
        assert ray.is_initialized()
    finally:
        ray_cluster.disconnect()
