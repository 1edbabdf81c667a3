"""A study that waits for room says so, why, and once; then it runs."""

import pytest

from nas.execution.ray_executor import RayExecutor
from nas.spec.study import ResourcesSpec
from nas.study.records import TrialStatus
from tests.contracts.toy import ToyConductor, ToyJob


@pytest.mark.ray
@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_a_study_that_must_wait_says_so_and_why(tmp_path):
    said: list[str] = []

    def say(sentence: str) -> None:
        said.append(sentence)
        ray.kill(other)  # room at last

    executor = RayExecutor(say=say)
    executor.prepare(ResourcesSpec())
    try:
        import ray  # not before its environment is prepared

        class Other:
            def ready(self) -> None:
                """Nothing."""

        cpus = ray.cluster_resources()["CPU"]
        other = ray.remote(num_cpus=cpus)(Other).remote()
        ray.get(other.ready.remote())
        conductor = ToyConductor(2)
        scratch = tmp_path / "scratch"
        executor.run(ToyJob(folder=tmp_path), conductor, resources=ResourcesSpec(), scratch=scratch)
    finally:
        executor.close()
    assert [history.status for history in conductor.state.histories()] == [TrialStatus.FINISHED] * 2
    (sentence,) = said
    assert sentence == (
        f"waiting for room: a trial asks for 1 CPU and 0 GPU; the cluster has {cpus:g} CPU "
        "and 0 GPU, of which 0 CPU and 0 GPU are free; it starts when others have ended"
    )
