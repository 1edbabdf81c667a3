"""A study in an object store is read and driven like one in a folder; its copy is only a copy."""

import hashlib
import json
import shutil
import threading
from pathlib import Path

import pytest

from nas.errors import JournalError, MachineError, NotFoundError, StudyExistsError
from nas.objects.lease import Pace
from nas.spec.file import load_spec
from nas.study.copies import object_copy
from nas.study.folder import STUDY, Follower, create_study, open_study
from nas.study.journal import FILE
from nas.study.places import find_study
from nas.study.records import TrialStatus
from tests.nas.builders import measured, planned
from tests.nas.conftest import SMALL
from tests.nas.study.test_folder import FACTS

FAST = Pace(beat=0.1, dead=1.0, look=0.1)


@pytest.fixture
def uri(bucket):
    return f"{bucket}/studies/mine"


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    """Be another machine from now on: with a cache of its own."""

    def move(name):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / name))

    return move


def created(uri):
    copy = object_copy(uri, key="--study")
    create_study(load_spec(str(SMALL)), FACTS, folder=copy.folder)
    return copy


def records_of(folder: Path) -> bytes:
    return (folder / "journal" / FILE).read_bytes()


def test_what_is_created_here_is_opened_anywhere(uri, elsewhere):
    study = open_study(created(uri).folder)
    elsewhere("other")
    found = open_study(find_study(uri))
    assert found.folder != study.folder
    assert (found.id, found.spec, found.data) == (study.id, study.spec, study.data)
    assert found.place == study.place == uri
    assert not found.running


def test_of_two_machines_that_create_one_succeeds(uri, elsewhere):
    copy = created(uri)
    before = (copy.folder / STUDY.file).read_bytes()
    elsewhere("other")
    with pytest.raises(StudyExistsError, match=f"`nas resume {uri}` goes on") as raised:
        created(uri)
    assert str(raised.value).startswith(f"there is a study at {uri}")
    assert object_copy(uri, key="--study").store.read(STUDY.file).content == before
    with pytest.raises(StudyExistsError):
        object_copy(uri, key="--study").refuse_existing()


def test_what_was_acknowledged_is_read_anywhere_and_each_record_once(uri, elsewhere):
    copy = created(uri)
    with copy.driving() as journal:
        journal.append(planned(1))
        elsewhere("other")
        follower = Follower(open_study(find_study(uri)))
        assert [h.trial.id for h in follower.refresh().histories()] == [planned(1).trial.id]
        journal.append(planned(2))
        assert len(follower.refresh().histories()) == 2
        assert follower.study.running
    assert not follower.study.running
    assert records_of(follower.study.folder) == records_of(copy.folder)


def test_a_study_that_is_driven_is_refused_and_its_driver_named(uri, elsewhere):
    copy = created(uri)
    with copy.driving(pace=FAST):
        with pytest.raises(JournalError, match="another driver of this machine"), copy.driving():
            pass
        elsewhere("other")
        there = object_copy(uri, key="--study")
        watched = []
        with (
            pytest.raises(JournalError, match=r"process \d+\) since .* is running this study"),
            there.driving(lambda seconds, _: watched.append(seconds), pace=FAST),
        ):
            pass
        assert watched == [FAST.dead]


def test_a_driver_that_slept_appends_nothing_more_once_it_was_taken_over(uri, elsewhere):
    copy = created(uri)
    with copy.driving(pace=Pace(beat=60.0)) as asleep:
        asleep.append(planned(1))
        elsewhere("other")
        there = object_copy(uri, key="--study")
        with there.driving(pace=FAST) as journal:
            assert journal.records == [planned(1)]
            with pytest.raises(JournalError, match="taken this study over"):
                asleep.append(planned(2))
            journal.append(planned(2))
        with pytest.raises(JournalError, match="resume the study"):
            asleep.append(planned(3))
    elsewhere("third")
    assert len(open_study(find_study(uri)).histories()) == 2


def test_a_driver_that_died_before_it_noted_its_copy_leaves_a_good_one(uri):
    copy = created(uri)
    with copy.driving() as journal:
        journal.append(planned(1))
    state = (copy.folder.parent / "fetched.json").read_bytes()
    with copy.driving() as journal:
        journal.append(planned(2))
    whole = records_of(copy.folder)
    (copy.folder.parent / "fetched.json").write_bytes(state)
    for damage in (whole, whole[:-7], whole[:3], b"", whole + b"never acknowledged"):
        (copy.folder / "journal" / FILE).write_bytes(damage)
        copy.fetch()
        assert records_of(copy.folder) == whole


def test_a_copy_of_another_study_or_a_damaged_one_is_made_anew(uri):
    copy = created(uri)
    with copy.driving() as journal:
        journal.append(planned(1))
    whole = records_of(copy.folder)
    for damage in (
        lambda: (copy.folder.parent / "fetched.json").write_text("{"),
        lambda: (copy.folder.parent / "fetched.json").unlink(),
        lambda: (copy.folder / STUDY.file).unlink(),
        lambda: shutil.rmtree(copy.folder),
        lambda: (copy.folder / "journal" / FILE).unlink(),
    ):
        damage()
        copy.fetch()
        assert records_of(copy.folder) == whole
    copy.store.remove(copy.store.names())
    copy.fetch()
    assert not copy.folder.exists()
    with pytest.raises(NotFoundError, match=f"no study at {uri}"):
        find_study(uri)
    with pytest.raises(NotFoundError), copy.driving():
        pass
    created(uri)
    copy.fetch()
    assert records_of(copy.folder) == b""


def test_a_store_that_refuses_stops_the_study_and_loses_nothing(uri, object_server):
    copy = created(uri)
    with copy.driving() as journal:
        journal.append(planned(1))
        object_server.refuse = lambda _request: 403
        with pytest.raises(MachineError, match=f"403 .*then `nas resume {uri}`"):
            journal.append(planned(2))
        object_server.refuse = None
        with pytest.raises(JournalError, match="resume the study"):
            journal.append(planned(2))
    with copy.driving() as journal:
        assert journal.records == [planned(1)]
        journal.append(planned(2))


def test_an_append_whose_answer_was_lost_is_found_at_the_next_start(uri, object_server):
    copy = created(uri)
    with copy.driving() as journal:
        before = len((copy.store / "journal").names())
        kept = threading.Event()

        def lose_the_answer(request):
            if kept.is_set():
                return 403
            if request["REQUEST_METHOD"] == "PUT" and "/journal/" in request["PATH_INFO"]:
                kept.set()
            return None

        object_server.refuse = lose_the_answer
        journal.append(planned(1))
        with pytest.raises(MachineError):
            journal.append(planned(2))
        object_server.refuse = None
        assert len((copy.store / "journal").names()) == before + 1


def test_views_and_what_was_measured_are_in_the_store(uri, elsewhere):
    copy = created(uri)
    for name in ("report.html", "tables/trials.parquet", "export/winner/model.safetensors"):
        (copy.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (copy.folder / name).write_bytes(name.encode())
    for name in (".hidden", "scratch/x", "mlflow-artifacts/x"):
        (copy.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (copy.folder / name).write_bytes(b"")
    copy.put_views()
    assert copy.store.read("tables/trials.parquet").content == b"tables/trials.parquet"
    assert copy.store.names() == [
        "export/winner/model.safetensors",
        "report.html",
        "spec.json",
        "study.json",
        "tables/trials.parquet",
    ]
    (copy.folder / "latency.json").write_text("{}")
    copy.put_kept()
    elsewhere("other")
    assert (find_study(uri) / "latency.json").read_text() == "{}"


def test_trials_of_a_driver_that_is_gone_count_as_interrupted(uri, elsewhere):
    copy = created(uri)
    record = planned(1)
    with copy.driving() as journal:
        journal.append(record)
        journal.append(started(record))
        journal.append(measured(record.trial.id, 1))
    elsewhere("other")
    (history,) = open_study(find_study(uri)).histories()
    assert history.status is TrialStatus.INTERRUPTED
    assert len(history.epochs) == 1


def started(record):
    from nas.study.records import SegmentStarted

    return SegmentStarted(at=2.0, trial_id=record.trial.id, attempt=1, until_epoch=2)


def test_the_state_of_a_copy_names_its_study(uri):
    copy = created(uri)
    copy.fetch()
    state = json.loads((copy.folder.parent / "fetched.json").read_bytes())
    content = copy.store.read(STUDY.file).content
    assert state == {"study": hashlib.sha256(content).hexdigest(), "following": 0, "size": 0}
