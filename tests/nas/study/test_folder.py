"""A study is created once, whole or not at all, and says in one line what is wrong with it."""

import fcntl
import json
import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from nas.errors import NotFoundError, SpecError, StudyExistsError
from nas.spec.study import StudySpec
from nas.study.facts import DataFacts
from nas.study.folder import STUDY, Follower, create_study, open_study
from nas.study.journal import FILE, LOCK, Journal
from nas.study.places import find_study, study_folder
from nas.study.records import (
    DataShape,
    Outcome,
    Record,
    SegmentEnded,
    SegmentStarted,
    StudyEnded,
    TrialStatus,
    TrialStopped,
)
from nas.study.state import StudyState
from tests.nas.builders import measured, planned
from tests.nas.journals import read_journal

FACTS = DataFacts(
    fingerprint="f" * 64,
    shape=DataShape(image_size=28, channels=1, classes=10),
    class_names=tuple("0123456789"),
    mean=(0.3,),
    std=(0.25,),
    train_images=1200,
    probe_images=512,
    evaluation_images=597,
)


@pytest.fixture
def spec() -> StudySpec:
    from nas.spec.file import load_spec

    return load_spec("quickstart", ["training.epochs=2"])


def test_what_is_created_is_opened_equal(tmp_path, spec):
    created = create_study(spec, FACTS, folder=tmp_path / "s")
    assert open_study(tmp_path / "s") == created
    assert [path.name for path in sorted((tmp_path / "s").iterdir())] == [
        "journal",
        "spec.json",
        "study.json",
        "trials",
    ]


@pytest.mark.parametrize("umask", [0o022, 0o002, 0o077])
def test_who_may_read_a_study_the_umask_says(tmp_path, spec, umask):
    before = os.umask(umask)
    try:
        study = create_study(spec, FACTS, folder=tmp_path / "above" / "s")
        Journal(study.journal).close()
    finally:
        os.umask(before)
    found = [tmp_path / "above", *(tmp_path / "above").rglob("*")]
    assert {path.name for path in found} >= {"s", "study.json", "journal", "records.jsonl", "lock"}
    for path in found:
        expected = (0o777 if path.is_dir() else 0o666) & ~umask
        assert path.stat().st_mode & 0o777 == expected, path


@pytest.mark.parametrize("uri", ["http://me:secret@host", "postgresql://host/x?password=secret"])
def test_a_study_that_holds_a_secret_is_private(tmp_path, spec, uri):
    tracking = spec.tracking.model_copy(update={"uri": uri})
    create_study(spec.model_copy(update={"tracking": tracking}), FACTS, folder=tmp_path / "s")
    assert (tmp_path / "s").stat().st_mode & 0o777 == 0o700


def test_its_spec_can_be_searched_again(tmp_path, spec):
    from nas.spec.file import load_spec

    create_study(spec, FACTS, folder=tmp_path / "s")
    assert load_spec(str(tmp_path / "s" / "spec.json")) == spec


def test_of_many_creators_one_succeeds(tmp_path, spec):
    def create(_):
        try:
            return create_study(spec, FACTS, folder=tmp_path / "s").id
        except StudyExistsError:
            return None

    with ThreadPoolExecutor(16) as pool:
        ids = [found for found in pool.map(create, range(16)) if found]
    assert ids == [open_study(tmp_path / "s").id]
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_a_folder_that_is_no_study_is_left_alone(tmp_path, spec):
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "thesis.txt").write_text("precious")
    with pytest.raises(StudyExistsError, match="is no study"):
        create_study(spec, FACTS, folder=tmp_path / "s")
    assert (tmp_path / "s" / "thesis.txt").read_text() == "precious"


@pytest.mark.parametrize(
    "name", ["../x", "a/../../b", "/etc/passwd", "..", ".", "a b", "\x00", "ü"]
)
def test_a_bare_name_never_leaves_the_folder(name):
    try:
        folder = study_folder("quickstart", name)
    except SpecError:
        return
    assert "/" in name or name in (".", ".."), "only what is visibly a path is taken as one"
    assert str(folder) == name.rstrip("/")


def test_names_and_paths_find_a_study(tmp_path, spec, monkeypatch):
    monkeypatch.chdir(tmp_path)
    create_study(spec, FACTS, folder=study_folder("q", None))
    assert find_study("q") == find_study("studies/q")
    assert list(STUDY.listed(tmp_path / "studies")) == [tmp_path / "studies" / "q"]
    with pytest.raises(NotFoundError, match="no study 'nope'"):
        find_study("nope")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "not a study file"),
        ("[]", "not a study file"),
        ("{}", "not a study file"),
        ('{"format": 99}', "format 99 is newer than format 2"),
        ("\x00\x01", "not a study file"),
    ],
)
def test_a_damaged_study_file_is_one_line(tmp_path, content, message):
    (tmp_path / "study.json").write_text(content)
    with pytest.raises(SpecError, match=message) as caught:
        open_study(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_spec_that_was_tampered_with_is_refused(tmp_path, spec):
    create_study(spec, FACTS, folder=tmp_path / "s")
    path = tmp_path / "s" / "study.json"
    values = json.loads(path.read_text())
    values["spec"]["training"]["epochs"] = -1
    path.write_text(json.dumps(values))
    with pytest.raises(SpecError, match="epochs"):
        open_study(tmp_path / "s")


TRIAL, OTHER = "0001-C-s0", "0002-C-s1"


def started(attempt: int, *, trial_id: str = TRIAL, until: int = 3) -> SegmentStarted:
    return SegmentStarted(at=0.0, trial_id=trial_id, attempt=attempt, until_epoch=until)


def ended(outcome: Outcome, *, attempt: int, trial_id: str = TRIAL) -> SegmentEnded:
    return SegmentEnded(at=0.0, trial_id=trial_id, attempt=attempt, outcome=outcome)


LIFE: tuple[Record, ...] = (  # of a study whose driver died after the fifth record
    planned(),
    started(1),
    measured(TRIAL, 1),
    planned(2, id=OTHER, seed=1),
    started(1, trial_id=OTHER, until=1),
    started(2),
    measured(TRIAL, 2, attempt=2),
    ended(Outcome.LOST, attempt=2),
    started(3),
    measured(TRIAL, 3, attempt=3),
    ended(Outcome.FINISHED, attempt=3),
    started(2, trial_id=OTHER, until=1),
    measured(OTHER, 1, attempt=2),
    ended(Outcome.REACHED, attempt=2, trial_id=OTHER),
    TrialStopped(at=0.0, trial_id=OTHER, reason="last of its rung"),
    StudyEnded(at=1.0),
)


@pytest.fixture
def study(tmp_path, spec):
    return create_study(spec, FACTS, folder=tmp_path / "s")


@contextmanager
def held(study, yes: bool = True) -> Iterator[None]:
    """Hold the journal as a living driver does."""
    with (study.journal / LOCK).open("wb") as lock:
        if yes:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def read_whole(study):
    """Fold the journal by itself, and say what `Follower` has to equal."""
    state = StudyState(read_journal(study.journal), attempts_allowed=study.spec.resources.attempts)
    if not study.running:
        state.release_running()
    return state.histories(), state.ended


def written(folder, records=LIFE) -> list[bytes]:
    """Write a journal into `folder` and return its lines."""
    with Journal(folder) as journal:
        for record in records:
            journal.append(record)
    return (folder / FILE).read_bytes().splitlines(keepends=True)


@pytest.mark.parametrize("seed", range(3))
def test_following_at_every_byte_equals_reading_the_whole(tmp_path, study, seed):
    """The driver dies and comes back at random bytes."""
    random_, follower, alive = random.Random(seed), Follower(study), False
    with (study.journal / FILE).open("ab", buffering=0) as file:
        for line in written(tmp_path):
            expected = {}  # by whether the driver lives: until the line is whole it adds nothing
            for byte in line:
                alive ^= random_.random() < 0.01
                with held(study, alive):
                    expected[alive] = expected.get(alive) or read_whole(study)
                    state = follower.refresh()
                    assert (state.histories(), state.ended) == expected[alive]
                file.write(bytes([byte]))
    assert follower.refresh().histories() == read_whole(study)[0]
    assert follower.refresh().ended


def test_a_driver_that_comes_back_goes_on_with_what_it_left_running(tmp_path, study):
    lines, follower = written(tmp_path), Follower(study)

    def status():
        return follower.refresh().history(TRIAL).status

    with held(study):
        (study.journal / FILE).write_bytes(b"".join(lines[:3]))
        assert status() is TrialStatus.RUNNING
    assert status() is TrialStatus.INTERRUPTED
    assert status() is TrialStatus.INTERRUPTED
    with held(study):
        assert status() is TrialStatus.RUNNING
        (study.journal / FILE).write_bytes(b"".join(lines[:7]))
        assert status() is TrialStatus.RUNNING
        assert len(follower.refresh().history(TRIAL).epochs) == 2
    assert status() is TrialStatus.INTERRUPTED


def test_what_was_followed_is_not_read_again(tmp_path, study):
    lines, follower = written(tmp_path), Follower(study)
    path = study.journal / FILE
    path.touch()
    for line in lines:
        with path.open("r+b") as file:
            file.write(bytes(path.stat().st_size))  # all that was followed becomes zeros
            file.write(line)
        state = follower.refresh()
    assert state.ended
    assert state.history(OTHER).status is TrialStatus.STOPPED


@pytest.mark.parametrize("moment", ["ends", "begins"])
def test_a_driver_that_ends_or_begins_while_the_journal_is_read(
    tmp_path, study, monkeypatch, moment
):
    """Neither makes a trial interrupted that is not."""
    lines, path = written(tmp_path), study.journal / FILE
    answers = iter([True, False] if moment == "ends" else [False, True])
    monkeypatch.setattr("nas.study.folder.is_held", lambda _: next(answers))
    path.write_bytes(b"".join(lines[:6]))
    assert Follower(study).refresh().history(TRIAL).status is TrialStatus.RUNNING


def test_ten_thousand_records_are_followed_one_at_a_time(study, monkeypatch):
    monkeypatch.setattr("os.fsync", lambda _: None)
    follower = Follower(study)
    with Journal(study.journal) as journal:
        for number in range(1, 2501):
            id_ = f"{number:04d}-C-s0"
            for record in (
                planned(number, id=id_, epochs=1),
                started(1, trial_id=id_, until=1),
                measured(id_, 1),
                ended(Outcome.FINISHED, attempt=1, trial_id=id_),
            ):
                journal.append(record)
                state = follower.refresh()
            assert state.history(id_).status is TrialStatus.FINISHED
    assert follower.refresh().histories() == read_whole(study)[0]


def test_a_record_that_is_refused_is_refused_again(study):
    written(study.journal, [planned(), planned()])
    follower = Follower(study)
    for _ in range(2):
        with pytest.raises(ValueError, match="planned twice"):
            follower.refresh()
