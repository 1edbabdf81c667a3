"""Runs segments one after another in this process: for tests, debugging and single machines."""

import time
from contextlib import suppress
from pathlib import Path

from nas.errors import MachineError, SpecError
from nas.execution.executor import Conductor, Job, guarded, interrupted
from nas.spec.study import ResourcesSpec
from nas.study.records import Pause, Segment


class InlineExecutor:
    """No Ray, no processes: what a debugger can step through."""

    def prepare(self, resources: ResourcesSpec) -> None:
        """Nothing to reach.

        Raises:
            SpecError: a trial is to have several workers.
        """
        if resources.workers > 1:
            raise SpecError("must be 1 without Ray: leave out --inline", key="resources.workers")

    def run(
        self, job: Job, conductor: Conductor, *, resources: ResourcesSpec, scratch: Path
    ) -> None:
        """Run until DONE; Ctrl-C records the segment as interrupted and raises on."""
        while isinstance(segment := conductor.next_segment(), Segment):
            try:
                ended = guarded(job, segment, report=conductor.observe, clock=time.time)
            except BaseException:
                with suppress(MachineError):  # the first error is the one to tell
                    conductor.observe(interrupted(segment, at=time.time()))
                raise
            conductor.observe(ended)
        assert segment is Pause.DONE, "nothing runs, so there is nothing to wait for"

    def close(self) -> None:
        """Nothing to let go of."""
