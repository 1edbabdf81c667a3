"""A disk that is full in mid-study costs nothing: one line, no attempt, and the same ranking."""

import pytest

from nas.study.folder import open_study
from nas.study.journal import FILE
from nas.study.records import Outcome, SegmentEnded, TrialStatus
from tests.end_to_end.command import nas, ranking
from tests.nas.conftest import SMALL
from tests.nas.journals import read_journal

ROOMY = 3 << 20  # for the tables and the export, but not for the report


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    """Return the folder of a study that nothing disturbed."""
    folder = tmp_path_factory.mktemp("calm")
    nas("search", str(SMALL), "--study", "./calm", "--inline", "--quiet", cwd=folder)
    return folder / "calm"


def stopped(small_disk, *arguments, cwd):
    """Run `nas` on the full disk; its one line."""
    done = nas(*arguments, "--quiet", cwd=cwd, code=1)
    (line,) = done.stderr.splitlines()
    assert line.endswith(f"free some space, then `nas resume {small_disk.folder / 's'}`")
    assert ": No space left on device (" in line
    assert " bytes free); " in line
    return line


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("room", "executor"),
    [
        pytest.param(60_000, ["--inline"], id="first checkpoint"),
        pytest.param(200_000, ["--inline"], id="a later one"),
        pytest.param(120_000, [], id="with Ray", marks=[pytest.mark.ray, pytest.mark.long]),
    ],
)
def test_a_study_goes_on_when_there_is_room_again(small_disk, tmp_path, calm, room, executor):
    study = small_disk.folder / "s"
    small_disk.fill(but=room)
    line = stopped(small_disk, "search", str(SMALL), "--study", str(study), *executor, cwd=tmp_path)
    assert line.startswith(f"nas: {study}/")
    records = read_journal(study / "journal")
    ends = [record for record in records if isinstance(record, SegmentEnded)]
    assert Outcome.FAILED not in {record.outcome for record in ends}
    assert Outcome.LOST not in {record.outcome for record in ends}
    assert TrialStatus.INTERRUPTED in {each.status for each in open_study(study).histories()}

    small_disk.fill(but=ROOMY)
    line = stopped(small_disk, "resume", str(study), *executor, cwd=tmp_path)
    assert f"nas: {study}/report.html: " in line

    small_disk.free()
    nas("resume", str(study), *executor, cwd=tmp_path)
    statuses = [history.status for history in open_study(study).histories()]
    assert statuses == [TrialStatus.FINISHED] * 4
    assert ranking(str(study), cwd=tmp_path) == ranking(str(calm), cwd=tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "named"),
    [
        (("report", "{study}", "--to", "{disk}/r.html"), "{disk}/r.html"),
        (("export", "{study}", "--to", "{disk}/winner"), "{disk}/winner"),
        (("search", str(SMALL), "--inline", "--study", "{disk}/new"), "{disk}/new"),
    ],
)
def test_other_commands_say_it_in_one_line_too(small_disk, tmp_path, calm, command, named):
    before = (calm / "journal" / FILE).read_bytes()
    small_disk.fill()
    places = {"study": calm, "disk": small_disk.folder}
    done = nas(*(each.format(**places) for each in command), cwd=tmp_path, code=1)
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"nas: {named.format(**places)}")
    assert "No space left on device (0 bytes free); free some space, then try again" in line
    assert {path.name for path in small_disk.folder.iterdir()} <= {"ballast", "winner"}
    assert (calm / "journal" / FILE).read_bytes() == before
