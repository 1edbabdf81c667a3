"""A study as the page shows it: read when it has changed, and not more often than is cheap."""

import hashlib
import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from dashboards.figures import search_sections, trial_sections
from nas.ranking.confirmed import confirmed
from nas.ranking.result import Ranking
from nas.reading.pareto import study_fronts
from nas.reading.rungs import study_rungs
from nas.reading.study import StudyReader, rank_study
from nas.report.fronts import front_sections
from nas.report.sections import Section, in_figures, sections
from nas.search.allocation.rung_report import RungReport
from nas.study.folder import Study, open_study
from nas.study.records import TrialHistory, copied_label
from nas.tables.frames import epochs_frame, ranking_frame, relations_frame, trials_frame
from nas.tables.listings import study_status
from nas.tables.schemas import EPOCHS, RANKING, RELATIONS, TRIALS
from nas.tables.table import Table

SHARE = 40  # what took a second is done again after so many at the soonest: 2.5 % of a core
_AT_ONCE = 2000  # trials up to which whoever asks for figures waits for them
SOONEST = 1.0  # seconds between two readings


class Snapshot:
    """A study at one moment. What takes long to draw is drawn when it is first asked for."""

    def __init__(
        self,
        *,
        tag: str,
        study: Study,
        histories: tuple[TrialHistory, ...],
        best: Mapping[str, float],
        ended: bool,
    ) -> None:
        """Take what the journal holds; `best` is the best accuracy of each trial by id."""
        self.tag, self.study, self.histories = tag, study, histories
        self.ranking: Ranking = rank_study(study, histories)
        self.status = study_status(study, histories, ended=ended)
        frame = trials_frame(histories)
        self.trials: pd.DataFrame = frame.assign(best_accuracy=frame["trial"].map(dict(best)))
        self.by_number = {history.trial.number: history for history in histories}

    @property
    def labels(self) -> list[str]:
        """All labels that have a trial, those that are ranked first and in their order."""
        ranked = [layout.label for layout in self.ranking.layouts]
        rest = {copied_label(each) for each in self.trials["label"]} - set(ranked)
        return [*ranked, *sorted(rest)]

    @property
    def begun(self) -> str:
        """When it began, UTC."""
        return time.strftime("%Y-%m-%d %H:%M", time.gmtime(self.study.created))

    @cached_property
    def counted(self) -> tuple[TrialHistory, ...]:
        """The trials that the ranking rests on."""
        return confirmed(self.histories, self.study.spec.search)

    @cached_property
    def shown(self) -> Sequence[TrialHistory]:
        """The trials that figures show."""
        return in_figures(self.counted, self.ranking)

    def figures(self) -> dict[str, Section]:
        """Draw the report's figures."""
        return {each.name: each for each in sections(self.shown, self.ranking)}

    def search_figures(self) -> dict[str, Section]:
        """Draw what a search over many points is looked at in."""
        fronts = study_fronts(self.study, self.histories, self.ranking)
        found = [*search_sections(self.histories), *(front_sections(fronts) if fronts else [])]
        return {each.name: each for each in found}

    @cached_property
    def rungs(self) -> RungReport | None:
        """What was compared before its last epoch."""
        return study_rungs(self.study, self.histories)

    def trial_figures(self, history: TrialHistory) -> dict[str, Section]:
        """Return the figures of a trial."""
        return {each.name: each for each in trial_sections(history)}

    def table(self, name: str) -> pd.DataFrame:
        """Return a table of TABLES by name."""
        made = {
            "trials": lambda: trials_frame(self.histories),
            "epochs": lambda: epochs_frame(self.histories),
            "ranking": lambda: ranking_frame(self.ranking),
            "relations": lambda: relations_frame(self.ranking),
        }
        return made[name]()


TABLES: Mapping[str, Table] = {
    "trials": TRIALS,
    "epochs": EPOCHS,
    "ranking": RANKING,
    "relations": RELATIONS,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """Figures by name, of the snapshot with this tag, and from when on they may be drawn anew."""

    sections: Mapping[str, Section]
    tag: str
    due: float


class LiveStudy:
    """Hands out snapshots of one study; threads wait for each other, since a reader is one."""

    def __init__(self, folder: Path) -> None:
        """Read nothing yet."""
        self.folder = folder
        self.lock = threading.RLock()
        self._reader: StudyReader | None = None
        self._snapshot: Snapshot | None = None
        self._mark = ""
        self._due = 0.0
        self._drawn: dict[str, Drawn] = {}
        self._drawing: set[str] = set()  # which figures a thread draws
        self._best: dict[str, tuple[int, float]] = {}  # of a trial: epochs looked at, and the best

    def peek(self) -> Snapshot | None:
        """Return the newest snapshot there is; takes no time."""
        return self._snapshot

    def snapshot(self) -> Snapshot:
        """Return the study as it is, or as it was a moment ago.

        Raises:
            NasError: it cannot be read.
        """
        with self.lock:
            if self._reader is None:
                self._reader = StudyReader(open_study(self.folder))
            mark = self._marked(self._reader)
            known = self._snapshot
            if known is not None and (mark == self._mark or time.monotonic() < self._due):
                return known
            begun = time.monotonic()
            self._snapshot, self._mark = self._read(self._reader, mark), mark
            self._due = _again(begun)
            return self._snapshot

    def figures(self, *, of_search: bool = False) -> Drawn:
        """Return the figures of the newest snapshot, or of one before: drawing takes longest.

        Of a large study they are drawn in a thread; until they are there, there are none.

        Raises:
            NasError: the study cannot be read.
        """
        name = "search" if of_search else "answer"
        with self.lock:
            snapshot, known = self.snapshot(), self._drawn.get(name)
            if known and (known.tag == snapshot.tag or time.monotonic() < known.due):
                return known
            if len(snapshot.histories) <= _AT_ONCE:
                return self._draw(name, snapshot)
            if name not in self._drawing:
                self._drawing.add(name)
                threading.Thread(target=self._draw, args=(name, snapshot), daemon=True).start()
            return known or Drawn(sections={}, tag="", due=0.0)

    def _draw(self, name: str, snapshot: Snapshot) -> Drawn:
        begun = time.monotonic()
        try:
            made = snapshot.search_figures() if name == "search" else snapshot.figures()
            self._drawn[name] = Drawn(sections=made, tag=snapshot.tag, due=_again(begun))
            return self._drawn[name]
        finally:
            self._drawing.discard(name)

    def _read(self, reader: StudyReader, mark: str) -> Snapshot:
        study, (histories, ended) = reader.study, reader.standing
        for history in histories:
            seen, best = self._best.get(history.trial.id, (0, 0.0))
            if len(history.epochs) > seen:
                new = (each.evaluation_accuracy for each in history.epochs[seen:])
                self._best[history.trial.id] = len(history.epochs), max(best, *new)
        return Snapshot(
            tag=hashlib.sha256(mark.encode()).hexdigest()[:20],
            study=study,
            histories=histories,
            best={name: best for name, (_, best) in self._best.items()},
            ended=ended,
        )

    def _marked(self, reader: StudyReader) -> str:
        """Return what changes when the study does: its journal's files, and who holds it."""
        marks = [str(self.folder)]
        with os.scandir(self.folder / "journal") as files:
            for file in sorted(files, key=lambda each: each.name):
                found = file.stat()
                marks.append(f"{file.name} {found.st_size} {found.st_mtime_ns}")
        marks.append(str(reader.running))
        return "\n".join(marks)


def _again(begun: float) -> float:
    """Return from when on what began then may be done anew."""
    now = time.monotonic()
    return now + max(SOONEST, SHARE * (now - begun))
