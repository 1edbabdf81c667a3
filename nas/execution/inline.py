"""Runs segments one after another in this process: for tests, debugging and single machines."""

import time

from nas.execution.executor import Conductor, Job, guarded, interrupted
from nas.study.records import Pause, Segment


class InlineExecutor:
    """No Ray, no processes: what a debugger can step through."""

    def __init__(self, job: Job) -> None:
        """Run segments by calling `job`."""
        self._job = job

    def run(self, conductor: Conductor) -> None:
        """Run until DONE; Ctrl-C records the segment as interrupted and raises on."""
        while isinstance(segment := conductor.next_segment(), Segment):
            try:
                ended = guarded(self._job, segment, report=conductor.observe, clock=time.time)
            except BaseException:
                conductor.observe(interrupted(segment, at=time.time()))
                raise
            conductor.observe(ended)
        assert segment is Pause.DONE, "nothing runs, so there is nothing to wait for"
