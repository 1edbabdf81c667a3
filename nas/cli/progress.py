"""What one sees while a study runs: a live table on a terminal, a line a trial elsewhere."""

import time
from collections.abc import Callable, Iterator

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from nas.cli.console import console
from nas.cli.formats import counted
from nas.search.budget import Allowance
from nas.search.search import Search
from nas.study.folder import Study
from nas.study.records import (
    FINAL,
    EpochMeasured,
    Outcome,
    Record,
    SegmentEnded,
    TrialHistory,
    TrialStatus,
    TrialStopped,
)
from nas.study.state import StudyState


class TerminalDisplay:
    """Shows a study on stderr (see `nas.driver.display.Display`)."""

    def __init__(self, *, quiet: bool) -> None:
        """Show notes only, if `quiet`."""
        self._quiet = quiet
        self._console = console(stderr=True)
        self._progress = Progress(0, clock=time.monotonic)
        self._expected = 0
        self._live: Live | None = None
        self._allowance: Allowance | None = None

    def begin(self, study: Study, search: Search) -> None:
        """Say what is to be done; on a terminal a live table follows."""
        facts = study.data, study.fine_tuning_data
        if not self._quiet:
            for word, each in zip(("data", "fine_tune.data"), facts, strict=True):
                if each is not None:
                    self._say(f"{word}: {each.words}")
        notes = [note for each in facts if each is not None for note in each.notes]
        for sentence in (*notes, *search.notes, *_unread(study), *study.left_out):
            self._say(f"note: {sentence}")
        if self._quiet:
            return
        self._expected, self._allowance = search.expected, search.allowance
        self._progress = Progress(search.expected_epochs, clock=time.monotonic)
        self._say(
            f"study {study.place}: {counted(self._expected, 'trial')}, "
            f"{counted(search.expected_epochs, 'epoch')} in all; Ctrl-C stops, `nas resume` goes on"
        )
        if search.allowance is not None:
            self._say(f"it ends at the latest by its budget: {search.allowance.words}")
        if self._console.is_terminal:
            self._live = Live(console=self._console, refresh_per_second=4, transient=True)
            self._live.start()
            self._live.update(Text("starting"))

    def observe(self, record: Record, state: StudyState) -> None:
        """Show a record: in the live table, or as a line where a segment ended."""
        if self._quiet:
            return
        self._progress.observe(record)
        if self._live is not None:
            self._live.update(_table(self._progress, state, self._expected))
        elif (line := _line(self._progress, record, state)) is not None:
            self._say(f"{line}{self._used(state)}")

    def _used(self, state: StudyState) -> str:
        if self._allowance is None:
            return ""
        return f", {self._allowance.share(state):.0%} of the budget"

    def note(self, sentence: str) -> None:
        """Say what is no record: that trials wait for room, for example."""
        self._say(f"note: {sentence}")

    def end(self) -> None:
        """Take the live table away."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _say(self, sentence: str) -> None:
        self._console.print(sentence, highlight=False, markup=False, soft_wrap=True)


def _unread(study: Study) -> Iterator[str]:
    """Say how many images are missing; `study.json` has the whole list."""
    bad = study.data.bad_files
    if bad:
        yield f"images left out because they cannot be read: {len(bad)}, the first {bad[0]}"


class Progress:
    """Counts epochs and guesses the time that is left from the pace of this run."""

    def __init__(self, epochs: int, *, clock: Callable[[], float]) -> None:
        """Expect so many epochs in all."""
        self.epochs = epochs
        self._clock = clock
        self._begun: float | None = None
        self._measured = 0

    def observe(self, record: Record) -> None:
        """Count; the clock starts at the first record, when workers begin to start."""
        if self._begun is None:
            self._begun = self._clock()
        self._measured += isinstance(record, EpochMeasured)

    def left(self, state: StudyState) -> float | None:
        """Return the seconds left, None before an epoch was measured."""
        if self._begun is None or not self._measured:
            return None
        pace = (self._clock() - self._begun) / self._measured
        return pace * max(0, self.epochs - self.done(state))

    def done(self, state: StudyState) -> int:
        """Return the epochs that need no more work."""
        return state.settled


def _table(progress: Progress, state: StudyState, expected: int) -> Group:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("trial")
    for name in ("epoch", "probe loss", "eval loss", "eval accuracy %"):
        table.add_column(name, justify="right")
    for history in state.present.having(TrialStatus.RUNNING):
        table.add_row(*_cells(history))
    bar = Table.grid()  # a row of its own: the bar itself ends no line
    bar.add_row(ProgressBar(total=progress.epochs or 1, completed=progress.done(state), width=60))
    return Group(Text(_summary(progress, state, expected)), bar, table)


def _summary(progress: Progress, state: StudyState, expected: int) -> str:
    ended = state.present.amount(FINAL)
    running = state.present.amount([TrialStatus.RUNNING])
    total = max(expected, len(state.present))
    # Tune takes the next segment before a slot is free: one more is under way than runs.
    line = f"{ended} of {counted(total, 'trial')}, {running} under way, {_left(progress, state)}"
    best = max(
        state.present.having(TrialStatus.FINISHED),
        key=lambda history: history.epochs[-1].evaluation_accuracy,
        default=None,
    )
    if best is None:
        return line
    accuracy = best.epochs[-1].evaluation_accuracy
    return f"{line}\nbest so far {best.trial.label}, {100 * accuracy:.1f} % ({best.trial.id})"


def _left(progress: Progress, state: StudyState) -> str:
    left = progress.left(state)
    if left is None:
        return "starting workers"
    return f"about {left / 60:.0f} min left" if left >= 90 else f"about {left:.0f} s left"


def _cells(history: TrialHistory) -> list[str]:
    epoch = f"{len(history.epochs)}/{history.trial.epochs}"
    if not history.epochs:
        return [history.trial.id, epoch, "-", "-", "-"]
    last = history.epochs[-1]
    return [
        history.trial.id,
        epoch,
        f"{last.probe_loss:.3f}",
        f"{last.evaluation_loss:.3f}",
        f"{100 * last.evaluation_accuracy:.1f}",
    ]


def _line(progress: Progress, record: Record, state: StudyState) -> str | None:
    """Return what is said of a record where there is no live table; None: nothing."""
    match record:
        case SegmentEnded(trial_id=trial_id, outcome=Outcome.REACHED):
            what = TrialStatus.PAUSED.value
        case SegmentEnded(trial_id=trial_id, outcome=outcome, message=message):
            what = outcome.value
            if outcome is not Outcome.FINISHED and message:
                what += f" ({message.splitlines()[0]})"
        case TrialStopped(trial_id=trial_id, reason=reason):
            what = f"{TrialStatus.STOPPED.value} ({reason})"
        case _:
            return None
    _, epoch, loss, _, accuracy = _cells(state.history(trial_id))
    ended = state.present.amount(FINAL)
    return (
        f"{trial_id} {what}: epoch {epoch}, probe loss {loss}, eval accuracy {accuracy} %"
        f"  [{counted(ended, 'trial')} done, {_left(progress, state)}]"
    )
