"""Inside a job a study needs a place that outlives it."""

from pathlib import Path

import pytest

from nas.errors import SpecError
from nas.spec.file import load_spec
from nas.study.lasting import check_for_job, check_lasting

COPY = "session_2026-01-01/runtime_resources/working_dir_files/_ray_pkg_1"


@pytest.fixture
def in_a_job(monkeypatch, tmp_path) -> Path:
    monkeypatch.setenv("RAY_JOB_CONFIG_JSON_ENV_VAR", "{}")
    folder = tmp_path / "ray" / COPY
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    return tmp_path


def test_what_is_in_the_working_copy_is_refused(in_a_job, tmp_path):
    with pytest.raises(SpecError, match="--study /shared/studies/NAME"):
        check_lasting(Path("studies/mine"))
    link = tmp_path / "link"
    link.symlink_to(Path.cwd())
    with pytest.raises(SpecError, match="working copy"):
        check_lasting(link / "mine")


def test_what_is_in_a_folder_of_rays_session_is_refused(in_a_job):
    with pytest.raises(SpecError, match="working copy"):
        check_lasting(in_a_job / "ray" / "session_2026" / "mine")


def test_what_is_elsewhere_is_fine(in_a_job):
    check_lasting(in_a_job / "studies" / "mine")


def test_outside_a_job_everything_is_fine(in_a_job, monkeypatch):
    monkeypatch.delenv("RAY_JOB_CONFIG_JSON_ENV_VAR")
    check_lasting(Path("studies/mine"))


def test_what_is_submitted_names_nothing_of_this_folder():
    spec = load_spec("quickstart")
    for study in ("/shared/mine", "s3://bucket/mine", "~/mine"):
        check_for_job(spec, study)
    for study in ("mine", "./mine", "studies/mine"):
        with pytest.raises(SpecError, match="absolute"):
            check_for_job(spec, study)


@pytest.mark.parametrize("path", ["flowers", "../flowers"])
def test_data_is_named_for_all_nodes_as_well(path):
    spec = load_spec("quickstart", ["data.source=folder", f"data.path={path}"])
    with pytest.raises(SpecError, match="absolute") as raised:
        check_for_job(spec, "/shared/mine")
    assert raised.value.key == "data.path"
    tuning = load_spec("paper_transfer_full", [f"fine_tune.data.path={path}"])
    with pytest.raises(SpecError) as raised:
        check_for_job(tuning, "/shared/mine")
    assert raised.value.key == "fine_tune.data.path"
