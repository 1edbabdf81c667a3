"""Ray as an executor: connected when first needed, for as many studies as follow."""

from collections.abc import Callable
from pathlib import Path

from nas.execution import ray_cluster
from nas.execution.executor import Conductor, Job
from nas.execution.heartbeat import PATIENCE
from nas.spec.study import ResourcesSpec

Say = Callable[[str], None]


def nothing(sentence: str) -> None:
    """Say nothing."""


class RayExecutor:
    """Segments are Ray Tune trials on the cluster at an address, or on this machine."""

    def __init__(
        self, address: str | None = None, *, patience: float = PATIENCE, say: Say = nothing
    ) -> None:
        """Use the cluster at `address`; None takes RAY_ADDRESS, or else this machine.

        A worker may always be silent for `patience` seconds; it is given up for lost after that, or
        after ten times its trial's slowest step. `say` takes a sentence where trials wait for room.
        """
        self._say = say
        self._patience = patience
        self._address = address
        self._reached = False
        self._ours = False  # connected by us, and so for us to disconnect

    def prepare(self, resources: ResourcesSpec) -> None:
        """Connect, the first time, and check that a trial fits on a node.

        Raises:
            NoClusterError: nobody answers there, or no node can ever hold one trial.
        """
        if not self._reached:
            self._ours = ray_cluster.connect(self._address)
            self._reached = True
        ray_cluster.check_fits(resources)

    def run(
        self, job: Job, conductor: Conductor, *, resources: ResourcesSpec, scratch: Path
    ) -> None:
        """Run until DONE; Ctrl-C or SIGTERM records what ran as interrupted and raises."""
        from nas.execution.ray_tune import run_segments  # noqa: PLC0415 - imports Ray Tune

        run_segments(
            job,
            conductor,
            resources=resources,
            scratch=scratch,
            patience=self._patience,
            say=self._say,
        )

    def close(self) -> None:
        """Disconnect; a Ray of this machine ends."""
        if self._ours:
            ray_cluster.disconnect()
        self._reached = self._ours = False
