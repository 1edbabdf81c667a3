"""The study as a folder: created once, opened by anyone, its journal read into histories."""

import time
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nas.objects.folder import ObjectFolder
from nas.spec.file import fingerprint, resolved, spec_from_json
from nas.spec.study import StudySpec
from nas.study.copies import copy_at, place_of
from nas.study.declaration import Declaration
from nas.study.extension import declaration, extended_spec, journalled_extensions
from nas.study.facts import DataFacts, facts_from_json, facts_to_json, left_out_words
from nas.study.folded import FROM, keep, kept
from nas.study.journal import START, is_held, scan_from
from nas.study.origin import git_commit, versions
from nas.study.records import StudyExtended, TrialHistory
from nas.study.state import StudyState
from nas.study.storage import FolderKind, write_json

STUDY = FolderKind(
    word="study",
    file="study.json",
    format=2,  # 1: before trials could pause, and without the point of a trial
    reads=frozenset({1, 2}),
)
SPEC = "spec.json"  # for people: `nas search STUDY/spec.json` runs the same study again


@dataclass(frozen=True, kw_only=True, slots=True)
class Study:
    """An opened study. Reading takes no lock; only the driver writes."""

    folder: Path
    id: str
    created: float  # Unix time
    begun: StudySpec  # as `study.json` has it
    spec: StudySpec  # the same with the journal's extensions
    data: DataFacts
    versions: dict[str, str]
    commit: str | None  # of the folder the study was started in, "+changes" if not clean
    fine_tuning_data: DataFacts | None = None  # of a study that fine-tunes
    extensions: tuple[StudyExtended, ...] = ()

    @property
    def declared(self) -> Declaration:
        """The looks and the level that hold now."""
        return self.extensions[-1].declared if self.extensions else declaration(self.begun)

    def extended(self, extension: StudyExtended) -> "Study":
        """Return the study with one more extension.

        Raises:
            SpecError: it asks for what cannot be.
        """
        spec = extended_spec(self.spec, extension.changes, file=str(self.journal))
        return replace(self, spec=spec, extensions=(*self.extensions, extension))

    @property
    def place(self) -> str:
        """What a user calls it: its folder, or its URI in an object store."""
        return place_of(self.folder)

    @property
    def journal(self) -> Path:
        """The folder of the journal."""
        return self.folder / "journal"

    @property
    def trials(self) -> Path:
        """The folder of the trials' checkpoints."""
        return self.folder / "trials"

    @property
    def checkpoints(self) -> Path | ObjectFolder:
        """Where the trials' checkpoints are, a folder each."""
        copy = copy_at(self.folder)
        return self.trials if copy is None else copy.trials

    @property
    def tables(self) -> Path:
        """The folder of the views as tables."""
        return self.folder / "tables"

    @property
    def left_out(self) -> tuple[str, ...]:
        """What its tasks do not train on because it evaluates on it, a sentence each."""
        return left_out_words(self.data, self.fine_tuning_data)

    @property
    def running(self) -> bool:
        """Whether a living driver holds the study."""
        copy = copy_at(self.folder)
        return is_held(self.journal) or (copy is not None and copy.driver() is not None)

    def state(self) -> StudyState:
        """Fold the journal; trials of a driver that is gone count as interrupted.

        Raises:
            JournalError: the journal cannot be read.
            JournalCorruptError: a record was altered.
        """
        return Follower(self).refresh()

    def histories(self) -> tuple[TrialHistory, ...]:
        """Return all trials as the journal has them now."""
        return self.state().histories()


class Follower:
    """Keeps up with a study: each record of its journal is read once.

    A driver that is gone may come back (`nas resume`) and go on with what it left running. So the
    journal is folded twice: as it is, and with running trials released whenever nobody runs them.
    """

    def __init__(self, study: Study) -> None:
        """Read nothing yet."""
        self.study = study  # with the extensions read so far, if there are more than it had
        self._extensions = 0
        self._position = START
        self._kept = 0  # records up to which there is a view
        attempts = study.begun.resources.attempts
        self._driven = StudyState(attempts_allowed=attempts)
        self._abandoned = StudyState(attempts_allowed=attempts)

    def refresh(self) -> StudyState:
        """Return the study as it stands; trials of a driver that is gone count as interrupted.

        What is returned is good until the next call; apply nothing to it.

        Raises:
            JournalError: the journal cannot be read, or is shorter than it was.
            JournalCorruptError: a record was altered.
        """
        copy = copy_at(self.study.folder)
        if copy is not None:
            copy.fetch()
        # Asked before and after: the last records of a driver that ends meanwhile are read before
        # it counts as gone, and one that begins meanwhile does not.
        held = self.study.running
        if self._position == START:
            self._restore()
        for record, position in scan_from(self.study.journal, self._position):
            self._driven.apply(record)
            self._abandoned.apply(record)
            if isinstance(record, StudyExtended):
                self._extensions += 1
                if self._extensions > len(self.study.extensions):
                    self.study = self.study.extended(record)
            self._position = position
        if self._position.records - self._kept >= FROM:
            keep(
                self.study.tables,
                self.study.journal,
                self._driven,
                self._position,
                extensions=self.study.extensions[: self._extensions],
            )
            self._kept = self._position.records
        if held or self.study.running:
            return self._driven
        self._abandoned.release_running()
        return self._abandoned

    def _restore(self) -> None:
        """Begin where a view of the journal ends, if there is one."""
        found = kept(self.study.tables, self.study.journal)
        if found is None:
            return
        for extension in found.extensions[len(self.study.extensions) :]:
            self.study = self.study.extended(extension)
        self._driven, self._abandoned = found.state(), found.state()
        self._position, self._extensions = found.position, len(found.extensions)
        self._kept = found.position.records


def create_study(
    spec: StudySpec, data: DataFacts, *, folder: Path, fine_tuning: DataFacts | None = None
) -> Study:
    """Create the folder with its `study.json`; of several processes at once one succeeds.

    Raises:
        StudyExistsError: there is something at `folder` already.
        SpecError: the folder cannot be created.
    """
    study = Study(
        folder=folder,
        id=uuid.uuid4().hex,
        created=time.time(),
        begun=spec,
        spec=spec,
        data=data,
        versions=versions(),
        commit=git_commit(),
        fine_tuning_data=fine_tuning,
    )
    with STUDY.creating(folder, _to_json(study), private=has_secret(spec)) as staged:
        for part in ("journal", "trials"):
            (staged / part).mkdir()
        write_json(staged / SPEC, resolved(spec))
    copy = copy_at(folder)
    if copy is not None:
        copy.create(folder / SPEC, folder / STUDY.file)
    return study


def has_secret(spec: StudySpec) -> bool:
    """Tell whether a spec, which its folder holds, names a password, or what may be one."""
    return any(mark in (spec.tracking.uri or "") for mark in "@?")


def begun_study(folder: Path) -> Study:
    """Read `study.json` alone; a follower learns of extensions as it reads the journal.

    Raises:
        NotFoundError: there is none.
        SpecError: it is damaged, or of a newer format.
    """
    with STUDY.reading(folder) as values:
        return _from_json(values, folder)


def open_study(folder: Path) -> Study:
    """Read `study.json`, and what the journal says of extensions.

    Raises:
        NotFoundError: there is none.
        SpecError: it is damaged, or of a newer format.
        JournalError: the study was extended, and its journal cannot be read.
    """
    study = begun_study(folder)
    for extension in journalled_extensions(study.journal):
        study = study.extended(extension)
    return study


def _to_json(study: Study) -> dict[str, Any]:
    return {
        "id": study.id,
        "created": study.created,
        "fingerprint": fingerprint(study.begun),
        "spec": resolved(study.begun),
        "data": facts_to_json(study.data),
        "versions": study.versions,
        "commit": study.commit,
        "fine_tuning_data": study.fine_tuning_data and facts_to_json(study.fine_tuning_data),
    }


def _from_json(values: dict[str, Any], folder: Path) -> Study:
    tuning = values.get("fine_tuning_data")
    spec = spec_from_json(_as_begun(values["spec"]), str(folder / STUDY.file))
    return Study(
        folder=folder,
        id=str(values["id"]),
        created=float(values["created"]),
        begun=spec,
        spec=spec,
        data=facts_from_json(values["data"]),
        versions=dict(values["versions"]),
        commit=values["commit"],
        fine_tuning_data=None if tuning is None else facts_from_json(tuning),
    )


def _as_begun(spec: dict[str, Any]) -> dict[str, Any]:
    """Return the spec with the rule of measuring that 0.1 had no word for: a study keeps one."""
    old = {"batch_statistics": "running"}
    found = {**spec, "training": {**old, **spec["training"]}}
    tuning = spec.get("fine_tune")
    if tuning is not None:
        found["fine_tune"] = {**tuning, "training": {**old, **tuning["training"]}}
    return found
