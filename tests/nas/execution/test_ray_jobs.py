"""What jobs are called and carry; that they are run is tests/nas/cli/test_jobs.py's work."""

from pathlib import Path

import pytest

from nas.errors import SpecError
from nas.execution.ray_jobs import Job, JobStatus, _running, package_folders, study_name


@pytest.mark.parametrize("study", ["s3://bucket/a/mine", "/shared/mine", "/shared/mine/"])
def test_a_study_is_called_by_the_last_part_of_its_place(study):
    assert study_name(study) == "mine"


def job(status: JobStatus, digest: str) -> Job:
    return Job(
        id="j", study="/s/mine", digest=digest, status=status, began=1.0, ended=None, message=""
    )


def test_only_a_job_that_has_not_ended_runs_a_study():
    ended = job(JobStatus.STOPPED, "a")
    running = job(JobStatus.PENDING, "a")
    assert _running([ended], "a") is None
    assert _running([ended], "b") is None
    assert _running([running, ended], "a") is running
    with pytest.raises(SpecError, match="nas stop mine"):
        _running([ended, running], "b")


def test_the_packages_that_are_sent_are_small():
    folders = [Path(each) for each in package_folders()]
    assert [each.name for each in folders] == ["nas", "dashboards", "coatnet", "search_spaces"]
    files = [each for folder in folders for each in folder.rglob("*") if each.is_file()]
    size = sum(each.stat().st_size for each in files if "__pycache__" not in each.parts)
    assert size < 10_000_000  # Ray's limit is ten times that
