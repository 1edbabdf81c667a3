"""A sweep as anyone reads it: its studies beside each other, and the order against the key."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pandas as pd

from nas.errors import SpecError
from nas.reading.phase import (
    PhasePoint,
    members_frame,
    phase_frame,
    phase_points,
    write_phase,
)
from nas.reading.study import StudyReader
from nas.spec.study import Metric, Question
from nas.study.sweep import Sweep
from nas.tables.listings import sweep_status


@dataclass(frozen=True, kw_only=True, slots=True)
class SweepOrders:
    """What `nas rank` prints of a sweep: a ranking for each value of the key."""

    key: str  # dotted
    points: tuple[PhasePoint, ...]


class SweepReader:
    """Reads a sweep as the journals of its studies have it now; like `StudyReader`.

    `ranking`, `trials` and `epochs` have a first column `value`, that of the key.
    """

    def __init__(self, sweep: Sweep) -> None:
        """Read `sweep`."""
        self.sweep = sweep

    @property
    def folder(self) -> Path:
        """Where the sweep is."""
        return self.sweep.folder

    @property
    def studies(self) -> Mapping[str, StudyReader]:
        """The studies that have begun, by the key's value as in the folders' names."""
        opened = ((member.word, member.study()) for member in self.sweep.members)
        return {word: StudyReader(study) for word, study in opened if study is not None}

    @property
    def trials(self) -> pd.DataFrame:
        """One row a trial of any study."""
        return self._joined({word: reader.trials for word, reader in self.studies.items()})

    @property
    def epochs(self) -> pd.DataFrame:
        """One row an epoch measured, in any study."""
        return self._joined({word: reader.epochs for word, reader in self.studies.items()})

    @property
    def ranking(self) -> pd.DataFrame:
        """One row a value and layout, the best first."""
        return phase_frame(phase_points(self.sweep))

    def best(self) -> NoReturn:
        """Refuse: each study has a best network of its own.

        Raises:
            SpecError: always.
        """
        self.only_study("load")

    def report(self, to: Path | None = None) -> Path:
        """Write the phase diagram as it stands to `to`, or into the sweep; return its path."""
        return write_phase(self.sweep, phase_points(self.sweep), to=to)

    def headline(self) -> str:
        """Return where the sweep stands, in a line."""
        points = phase_points(self.sweep)
        begun = [point.status for point in points if point.ranking is not None]
        status = sweep_status(begun, len(points))
        hint = f"; `nas resume {self.folder}` goes on" if status == "interrupted" else ""
        return f"{self.sweep.spec.name}, a sweep of {self.sweep.key}: {status}{hint}"

    def status(self) -> pd.DataFrame:
        """One row a value: where its study stands."""
        return members_frame(phase_points(self.sweep))

    def answer(self, metric: Metric | None = None, question: Question | None = None) -> SweepOrders:
        """Return what `nas rank` prints."""
        points = phase_points(self.sweep, metric=metric, question=question)
        return SweepOrders(key=self.sweep.key, points=points)

    def only_study(self, what: str) -> NoReturn:
        """Refuse `what` can be done to one study only, and name one.

        Raises:
            SpecError: always.
        """
        one = self.sweep.members[0].folder
        raise SpecError(f"{self.folder} is a sweep: {what} one of its studies, such as {one}")

    def _joined(self, frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
        for word, frame in frames.items():
            frame.insert(0, "value", word)
        return pd.concat(frames.values(), ignore_index=True) if frames else pd.DataFrame()
