"""Which executor runs a study: Ray Tune, or this process alone."""

from nas.execution.executor import Executor
from nas.execution.inline import InlineExecutor
from nas.execution.ray_executor import RayExecutor, Say, nothing


def make_executor(
    *, address: str | None = None, inline: bool = False, say: Say = nothing
) -> Executor:
    """Return the executor; nothing is reached before `prepare`, and whoever made it closes it.

    `address` is that of a Ray cluster (see `nas.execution.ray_cluster.connect`); `say` is told
    where trials wait for room on it.
    """
    return InlineExecutor() if inline else RayExecutor(address, say=say)
