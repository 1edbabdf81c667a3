"""A study is created once, whole or not at all, and says in one line what is wrong with it."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from nas.errors import NotFoundError, SpecError, StudyExistsError
from nas.spec.study import StudySpec
from nas.study.folder import STUDY, DataFacts, create_study, find_study, open_study, study_folder
from nas.study.records import DataShape

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
