"""Studies and sweeps under a root, by address."""

import shutil

import pytest

from dashboards.library import Library
from nas.errors import NotFoundError
from tests.dashboards.served import FIXTURES, a_study


def test_addresses_are_names_of_folders_and_a_study_may_be_the_root():
    assert list(Library(FIXTURES).folders()) == ["finished", "interrupted"]
    assert list(Library(FIXTURES / "finished").folders()) == ["finished"]


def test_studies_of_a_sweep_have_its_name_before_theirs(swept):
    found = Library(swept.parent).folders()
    assert all(address.startswith("small~") for address in found)
    assert len(found) == 2


def test_a_study_that_comes_later_is_found(tmp_path):
    library = Library(tmp_path)
    assert library.rows() == []
    a_study(tmp_path / "new")
    [row] = library.rows()
    assert (row.address, row.snapshot, row.error) == ("new", None, "")
    library.warm()
    [row] = library.rows()
    assert row.snapshot is not None
    assert row.snapshot.status == "finished"


def test_one_that_cannot_be_read_does_not_hide_the_others(tmp_path):
    a_study(tmp_path / "good")
    a_study(tmp_path / "bad")
    journal = next((tmp_path / "bad" / "journal").glob("*.jsonl"))
    journal.write_text(journal.read_text().replace("0001-s0", "0009-s0", 1))
    library = Library(tmp_path)
    library.warm()
    bad, good = library.rows()
    assert bad.snapshot is None
    assert "bad" in bad.error
    assert good.snapshot is not None


def test_one_that_is_gone_is_gone(tmp_path):
    folder = a_study(tmp_path / "a")
    library = Library(tmp_path)
    live = library.study("a")
    assert library.study("a") is live
    shutil.rmtree(folder)
    with pytest.raises(NotFoundError):
        library.study("a")
    with pytest.raises(NotFoundError):
        library.study("../a")
