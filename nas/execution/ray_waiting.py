"""Says why nothing runs: a trial that waits for room on the cluster looks like one that hangs."""

from collections.abc import Callable

import ray
from ray.util import placement_group_table

from nas.execution.ray_cluster import fits, free_and_total
from nas.spec.study import ResourcesSpec

PATIENCE = 5.0  # seconds without a running trial before it is said


class Waiting:
    """Watches whether trials wait for resources, and says so once each time."""

    def __init__(self, resources: ResourcesSpec, say: Callable[[str], None]) -> None:
        """Say why trials of `resources` wait."""
        self._resources, self._say = resources, say
        self._since: float | None = None
        self._said = False

    def look(self, *, pending: bool, running: bool, now: float) -> None:
        """Take note of whether trials are pending and running at a time of a monotonic clock."""
        if running or not pending:
            self._since, self._said = None, False
            return
        self._since = now if self._since is None else self._since
        if not self._said and now - self._since >= PATIENCE and _unplaced():
            self._said = True
            self._say(why(self._resources))


def _unplaced() -> bool:
    """Whether something waits for a place; a worker that only starts has one."""
    return any(each["state"] == "PENDING" for each in placement_group_table().values())


def why(resources: ResourcesSpec) -> str:
    """Return what a trial asks for and what the cluster has of it."""
    free, total = free_and_total()
    if fits(ray.nodes(), resources):
        then = "it starts when others have ended"
    else:
        then = "no node that is left can hold one: it starts when such a node joins"
    return (
        f"waiting for room: a trial asks for {resources.words(resources.asked)}; the cluster has "
        f"{resources.words(total)}, of which {resources.words(free)} are free; {then}"
    )
