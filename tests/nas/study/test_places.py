"""Studies are named by a path, a bare name or a URI; what is none of them is refused."""

import pytest

from nas.errors import NotFoundError, SpecError, StudyExistsError
from nas.spec.file import load_spec
from nas.study.copies import copy_at
from nas.study.folder import create_study
from nas.study.places import STUDIES, find_study, refuse_existing, study_folder, study_name
from tests.nas.conftest import SMALL
from tests.nas.study.test_folder import FACTS


@pytest.fixture(autouse=True)
def here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_a_new_study_goes_where_it_is_said():
    assert study_folder("mine", None) == STUDIES / "mine"
    assert study_folder("mine", "other") == STUDIES / "other"
    assert study_folder("mine", "a/b").parts == ("a", "b")
    copy = copy_at(study_folder("mine", "s3://bucket/other"))
    assert copy is not None
    assert copy.uri == "s3://bucket/other"
    for wrong in ("-x", "ftp://a/b", "s3://bucket", "a:b"):
        with pytest.raises(SpecError, match="--study"):
            study_folder("mine", wrong)


def test_a_study_is_found_by_all_its_names(bucket):
    spec = load_spec(str(SMALL))
    for name in ("mine", f"{bucket}/mine"):
        folder = study_folder(spec.name, name)
        refuse_existing(folder)
        create_study(spec, FACTS, folder=folder)
        assert find_study(name) == folder
        with pytest.raises(StudyExistsError):
            refuse_existing(folder)
    for name in ("none", f"{bucket}/none"):
        with pytest.raises(NotFoundError):
            find_study(name)


@pytest.mark.parametrize(
    ("study", "name"),
    [
        (None, "spec"),
        ("mine", "mine"),
        ("runs/of/me", "me"),
        ("runs/me/", "me"),
        ("s3://bucket/studies/me", "me"),
        ("..", "spec"),
        ("a b", "spec"),
        ("/", "spec"),
    ],
)
def test_a_study_is_called_as_where_it_goes(study, name):
    assert study_name("spec", study) == name
