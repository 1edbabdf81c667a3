"""A copy has one place in the cache of its user, and its folder tells what it is a copy of."""

import os
from pathlib import Path

import pytest

from nas.errors import MachineError, NotFoundError, SpecError
from nas.objects.folder import object_folder
from nas.study.copies import copies_under, copy_at, fetched, object_copy, place_of
from nas.tables.listings import studies_frame


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_the_same_uri_has_the_same_copy_and_another_has_another():
    one = object_copy("s3://bucket/a/mine", key="--study")
    assert object_copy("s3://bucket/a/mine/", key="--study") == one
    assert object_copy("s3://bucket/b/mine", key="--study").folder != one.folder
    assert object_copy("gs://bucket/a/mine", key="--study").folder != one.folder
    assert one.folder.name == "mine"
    assert copy_at(one.folder) == one
    assert place_of(one.folder) == "s3://bucket/a/mine"


def test_a_study_in_a_folder_is_no_copy(tmp_path):
    assert copy_at(tmp_path / "studies" / "mine") is None
    assert place_of(Path("studies/mine")) == "studies/mine"
    assert copy_at(tmp_path / "coatnet-nas" / "studies" / "mine") is None, "a checkout of ours"


def test_without_a_home_copies_are_temporary_files_of_this_user(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/none")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    found = object_copy("s3://bucket/a/mine", key="--study")
    assert found.folder.is_relative_to(tmp_path / f"nas-{os.getuid()}")
    assert (tmp_path / f"nas-{os.getuid()}").stat().st_mode & 0o077 == 0
    assert copy_at(found.folder) == found
    (tmp_path / f"nas-{os.getuid()}").chmod(0o777)
    again = object_copy("s3://bucket/a/mine", key="--study")
    assert not again.folder.is_relative_to(tmp_path / f"nas-{os.getuid()}"), "anybody's"
    assert copy_at(again.folder) == again


def test_what_is_no_study_is_told(bucket, object_server):
    with pytest.raises(SpecError, match=r"STUDY: .*BUCKET/NAME"):
        fetched(bucket, key="STUDY")
    with pytest.raises(NotFoundError, match=f"no study at {bucket}/none"):
        fetched(f"{bucket}/none", key="STUDY")
    object_server.refuse = lambda _request: 401
    with pytest.raises(MachineError, match="401"):
        fetched(f"{bucket}/none", key="STUDY")


def test_the_studies_under_a_uri_are_listed(bucket):
    for name in ("a", "b"):
        object_folder(f"{bucket}/studies/{name}", key="--study").put("study.json", b"{}")
    object_folder(f"{bucket}/studies/none", key="--study").put("else", b"")
    found = [copy.uri for copy in copies_under(f"{bucket}/studies/", key="ROOT")]
    assert found == [f"{bucket}/studies/a", f"{bucket}/studies/b"]
    assert list(copies_under(bucket, key="ROOT")) == []
    assert studies_frame(f"{bucket}/studies")["study"].tolist() == ["a", "b"]
    with pytest.raises(SpecError, match="ROOT"):
        list(copies_under("ftp://a", key="ROOT"))
