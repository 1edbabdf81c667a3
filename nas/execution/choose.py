"""Which executor runs a study: Ray Tune, or this process alone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from nas.execution.executor import Executor, Job
from nas.execution.inline import InlineExecutor
from nas.spec.study import ResourcesSpec

ExecutorFactory = Callable[[Job, Path], Executor]  # the path is a scratch folder all nodes see


@contextmanager
def open_executors(
    resources: ResourcesSpec, *, address: str | None = None, inline: bool = False
) -> Iterator[ExecutorFactory]:
    """Be ready to execute inside the block: connected to the cluster, or needing none.

    Raises:
        NoClusterError: no cluster answers at `address`, or it can never hold one trial.
    """
    if inline:
        yield lambda job, _: InlineExecutor(job)
        return
    from nas.execution.ray_cluster import cluster  # noqa: PLC0415 - Ray only where it runs

    with cluster(address, resources):
        from nas.execution.ray_tune import RayTuneExecutor  # noqa: PLC0415 - imports Ray Tune

        yield lambda job, scratch: RayTuneExecutor(job, resources=resources, scratch=scratch)
