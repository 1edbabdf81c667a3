"""A study in an object store, and its copy on this machine that is read like any other study.

The store holds the truth: `study.json`, the records as numbered objects, the checkpoints. What it
has is fetched into a folder of this machine's cache, which may be removed at any time; views are
made there and put into the store for whoever looks in with other tools.
"""

import fcntl
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from nas.errors import JournalError, MachineError, NotFoundError, StudyExistsError
from nas.objects import lease
from nas.objects.conditions import check_conditions
from nas.objects.folder import ObjectFolder, StoreError
from nas.objects.lease import Holder, Lease, Pace
from nas.objects.log import RecordLog, read_after
from nas.study.faults import UNREACHED
from nas.study.journal import FILE, Journal, is_held
from nas.study.storage import write_json

JOURNAL, TRIALS = "journal", "trials"
_STATE, _LOCK = "fetched.json", "lock"
_NOT_VIEWS = frozenset({JOURNAL, TRIALS, "scratch", "mlflow-artifacts"})
_KEPT = "latency.json"  # measured, so that nothing tells it anew
Watching = Callable[[float, Holder], None]


def say_nothing(_seconds: float, _holder: Holder) -> None:
    """Say nothing."""


@contextmanager
def asking(*, then: str = "try again") -> Iterator[None]:
    """Turn what the store refuses into the error that says what to do.

    Raises:
        MachineError: it refused.
    """
    try:
        yield
    except StoreError as error:
        what = f"{error.filename}: {error.strerror}"
        raise MachineError(what, remedy=UNREACHED, then=then) from error


@dataclass(frozen=True, kw_only=True, slots=True)
class _Fetched:
    """How far a copy goes."""

    study: str = ""  # the sha256 of its `study.json`
    following: int = 0  # number of the first object that is not in it
    size: int = 0  # bytes of the journal that the objects before made


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectCopy:
    """The copy of one study."""

    store: ObjectFolder
    folder: Path  # of the copy

    @property
    def uri(self) -> str:
        """Where the study is."""
        return str(self.store)

    @property
    def trials(self) -> ObjectFolder:
        """The folder of the trials' checkpoints, which are not copied."""
        return self.store / TRIALS

    def fetch(self) -> None:
        """Bring the copy up to date; what a driver of this machine holds it keeps so itself.

        Raises:
            MachineError: the store does not answer, or does not let us.
            JournalCorruptError: a record is missing.
        """
        with self._locked(), asking():
            if not is_held(self.folder / JOURNAL):
                self._fetch()

    def create(self, *files: Path) -> None:
        """Put files of a new study; of several processes at once one succeeds.

        The last file names the study: without it there is none.

        Raises:
            StudyExistsError: there is one already.
            MachineError: the store does not answer, or does not let us.
        """
        *others, last = files
        with asking():
            check_conditions(self.store)
            if self.store.put_new(last.name, last.read_bytes()):
                for path in others:
                    self.store.put(path.name, path.read_bytes())
                return
        shutil.rmtree(self.folder, ignore_errors=True)
        raise self._exists()

    def refuse_existing(self) -> None:
        """Check that there is no study yet.

        Raises:
            StudyExistsError: there is one.
            MachineError: the store does not answer, or does not let us.
        """
        self.fetch()
        if self.folder.is_dir():
            raise self._exists()

    def _exists(self) -> StudyExistsError:
        return StudyExistsError(
            f"there is a study at {self.uri}; `nas resume {self.uri}` goes on with it, "
            "`--study OTHER` begins another"
        )

    def driver(self) -> Holder | None:
        """Return who drives the study now, as far as can be told from here.

        Raises:
            MachineError: the store does not answer, or does not let us.
        """
        with asking():
            return lease.holder(self.store)

    @contextmanager
    def driving(
        self, waiting: Watching = say_nothing, *, pace: Pace | None = None
    ) -> Iterator[Journal]:
        """Hold the study and its journal, up to date; earlier drivers can append nothing more.

        Raises:
            JournalError: a living driver holds it.
            MachineError: the store does not answer, or does not let us.
        """
        if is_held(self.folder / JOURNAL):
            raise JournalError(
                f"{self.uri}: another driver of this machine is running this study; wait for it "
                "or stop it"
            )
        with asking():
            held = lease.take(self.store, waiting=waiting, pace=pace)
        try:
            with self._claimed(held) as journal:
                yield journal
        finally:
            held.release()

    @contextmanager
    def _claimed(self, held: Lease) -> Iterator[Journal]:
        with self._locked():
            with asking():
                log = self._claim(held.holder.id)
            journal = Journal(
                self.folder / JOURNAL,
                place=self.uri,
                publish=lambda line: self._publish(log, line),
            )
        try:
            yield journal
        finally:
            journal.close()
            self._keep(self._state().study, log.next_number)

    def _claim(self, writer: str) -> RecordLog:
        while True:
            self._fetch()
            if not self.folder.is_dir():
                raise NotFoundError(f"no study at {self.uri}")
            following = self._state().following
            log = RecordLog(self.store / JOURNAL, writer=writer, next_number=following)
            if log.claim():
                return log

    def _publish(self, log: RecordLog, line: bytes) -> None:
        with asking(then=f"`nas resume {self.uri}`"):
            log.append(line)

    def put_kept(self) -> None:
        """Put what was measured in the copy.

        Raises:
            MachineError: the store does not answer, or does not let us.
        """
        with asking():
            self.store.put(_KEPT, (self.folder / _KEPT).read_bytes())

    def put_views(self) -> None:
        """Put what was made in the copy into the store: tables, report, model, MLflow's database.

        Raises:
            MachineError: the store does not answer, or does not let us.
        """
        with asking():
            for path in sorted(self.folder.rglob("*")):
                parts = path.relative_to(self.folder).parts
                hidden = any(part.startswith(".") for part in parts)
                if parts[0] in _NOT_VIEWS or hidden or not path.is_file():
                    continue
                if parts not in (("study.json",), ("spec.json",)):
                    self.store.put("/".join(parts), path.read_bytes())

    def _fetch(self) -> None:
        found = self.store.read("study.json")
        if found is None:
            shutil.rmtree(self.folder, ignore_errors=True)
            return
        digest = hashlib.sha256(found.content).hexdigest()
        state, file = self._state(), self.folder / JOURNAL / FILE
        if state.study != digest or _size(file) < state.size or not self._whole():
            shutil.rmtree(self.folder, ignore_errors=True)
            for part in (JOURNAL, TRIALS):
                (self.folder / part).mkdir(parents=True)
            spec = self.store.read("spec.json")
            if spec is not None:
                (self.folder / "spec.json").write_bytes(spec.content)
            (self.folder / "study.json").write_bytes(found.content)
            state = _Fetched(study=digest)
        if (kept := self.store.read(_KEPT)) is not None:
            (self.folder / _KEPT).write_bytes(kept.content)
        lines, following = read_after(self.store / JOURNAL, state.following)
        # What is behind it was appended by a driver that died before it noted that.
        with file.open("ab") as records:
            records.truncate(state.size)
            records.write(lines)
        self._keep(digest, following)

    def _whole(self) -> bool:
        return (self.folder / "study.json").is_file()

    def _state(self) -> "_Fetched":
        try:
            return _Fetched(**json.loads((self.folder.parent / _STATE).read_bytes()))
        except (OSError, ValueError, TypeError):
            return _Fetched()

    def _keep(self, study: str, following: int) -> None:
        size = _size(self.folder / JOURNAL / FILE)
        state = _Fetched(study=study, following=following, size=size)
        write_json(self.folder.parent / _STATE, asdict(state))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep other processes of this machine from the copy for as long as it is written."""
        with (self.folder.parent / _LOCK).open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _size(file: Path) -> int:
    with suppress(OSError):
        return file.stat().st_size
    return 0
