"""Which executor runs a study: Ray Tune, or this process alone."""

from nas.execution.executor import Executor
from nas.execution.inline import InlineExecutor
from nas.execution.ray_executor import RayExecutor


def make_executor(*, address: str | None = None, inline: bool = False) -> Executor:
    """Return the executor; nothing is reached before `prepare`, and whoever made it closes it.

    `address` is that of a Ray cluster (see `nas.execution.ray_cluster.connect`).
    """
    return InlineExecutor() if inline else RayExecutor(address)
