"""A sweep's studies differ in one key, are named by its values, and are checked before any runs."""

import json

import pytest

from nas.cli.main import run
from nas.errors import NotFoundError, SpecError, StudyExistsError
from nas.spec.file import fingerprint, load_spec
from nas.study.sweep import SWEEP, create_sweep, find_sweep, open_sweep, plan_sweep
from tests.nas.conftest import SMALL


def spec(key="data.train", values=(40, None), *overrides):
    sweep = json.dumps({"key": key, "values": values})
    return load_spec(str(SMALL), [f"sweep={sweep}", *overrides])


def plan(tmp_path, *arguments):
    return plan_sweep(spec(*arguments), folder=tmp_path / "s")


def spec_of_sets(sets, *, key="size"):
    return load_spec(str(SMALL), [f"sweep={json.dumps({'key': key, 'sets': sets})}"])


SETS = {
    "small": {"space.stages.0.width": 4, "training.learning_rate": 0.01},
    "as it is": {},
    "large": {"space.stages.0.width": 12},
}


def test_each_study_is_the_spec_with_its_value(tmp_path):
    members = plan(tmp_path, "data.train", (40, None))
    assert [member.folder.name for member in members] == ["data.train=40", "data.train=all"]
    for member, train in zip(members, (40, None), strict=True):
        alone = load_spec(str(SMALL), [f"data.train={json.dumps(train)}"], name=member.spec.name)
        assert member.spec == alone
        assert fingerprint(member.spec) == fingerprint(alone)
    assert [member.spec.name for member in members] == ["small-40", "small-all"]
    assert not any(member.begun for member in members)
    assert members[0].study() is None
    assert list(tmp_path.iterdir()) == []


def test_null_is_endless_where_data_is(tmp_path):
    endless = ("data.source=procedural", "training.epoch_images=100")
    assert [m.word for m in plan(tmp_path, "data.train", (40, None), *endless)] == ["40", "endless"]


@pytest.mark.parametrize(
    ("key", "values", "words"),
    [
        ("training.learning_rate", [0.001, 1e-5], ["0.001", "1e-05"]),
        ("space.stages.0.width", [4, [8, 4]], ["4", "8-4"]),
        ("training.clip_norm", [None, 0.5], ["null", "0.5"]),
        ("training.flip", [True, False], ["true", "false"]),
        ("data.channels", [3, None], ["3", "null"]),
        ("training.schedule", ["cosine", "constant"], ["cosine", "constant"]),
    ],
)
def test_any_key_can_be_swept(tmp_path, key, values, words):
    members = plan(tmp_path, key, values)
    assert [member.word for member in members] == words
    assert [member.value for member in members] == values
    assert [member.folder.name for member in members] == [f"{key}={word}" for word in words]


@pytest.mark.parametrize(
    ("key", "values", "overrides", "says"),
    [
        (
            "data.train",
            [40, None],
            ["data.source=procedural", "data.train=40"],
            "sweep.values: data.train=null: data without end needs training.epoch_images",
        ),
        ("data.train", [40, 0], [], "data.train=0: must be at least 1"),
        ("data.trian", [40, 50], [], "data.trian=40: unknown key, did you mean 'train'"),
        ("data.train", [40, 40], [], "40 and 40 ask for the same study"),
        ("space.stages.0.width", [4, [4]], [], "called 4"),
        ("tracking.uri", ["off", None], [], "off and null ask for the same study"),
        ("name", ["a", "b"], [], "sweep.key: name cannot differ"),
        ("sweep.key", ["a", "b"], [], "sweep.key: sweep.key cannot differ"),
        ("space.stages.7.width", [4, 8], [], "space.stages has 2 entries"),
        ("data.train.x", [4, 8], [], "data.train is 80, which has no keys"),
        ("fine_tune.training.epochs", [4, 8], [], "fine_tune.data: is required"),
        ("training.epochs", [3, 1], [], "warmup_epochs 1.0 must be less than epochs 1"),
        ("", [4, 8], [], "sweep.key: '' is not a key path"),
        ("data.train=4", [4, 8], [], "sweep.key: 'data.train=4' is not a key path"),
    ],
)
def test_a_wrong_value_is_named_in_one_line(tmp_path, key, values, overrides, says):
    with pytest.raises(SpecError) as caught:
        plan_sweep(spec(key, values, *overrides), folder=tmp_path / "s")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_each_study_is_the_spec_with_its_set_of_keys(tmp_path):
    members = plan_sweep(spec_of_sets(SETS), folder=tmp_path / "s")
    assert [member.folder.name for member in members] == [
        "size=small", "size=as-it-is", "size=large",
    ]  # fmt: skip
    assert [member.spec.name for member in members] == [
        "small-small", "small-as-it-is", "small-large",
    ]  # fmt: skip
    for member, changes in zip(members, SETS.values(), strict=True):
        overrides = [f"{key}={value}" for key, value in changes.items()]
        assert member.spec == load_spec(str(SMALL), overrides, name=member.spec.name)
    assert [member.value for member in members] == list(SETS)


def test_a_sweep_of_sets_is_opened_as_it_was_created_in_its_order(tmp_path):
    created = create_sweep(spec_of_sets(SETS), folder=tmp_path / "s")
    assert open_sweep(tmp_path / "s") == created
    assert created.key == "size"
    assert load_spec(str(tmp_path / "s" / "spec.json")) == created.spec


@pytest.mark.parametrize(
    ("sets", "key", "says"),
    [
        ({"a": {"data.trian": 40}, "b": {}}, "size",
         "sweep.sets.a: size=a: data.trian: unknown key, did you mean 'train'"),
        ({"a": {"training.epochs": 0}, "b": {}}, "size", "size=a: training.epochs: must be at"),
        ({"a": {}, "b": {}}, "size", "sweep.sets: a and b ask for the same study"),
        ({"a b": {"data.train": 40}, "a-b": {}}, "size", "sweep.sets: two values would be called"),
        ({"a": {"name": "c"}, "b": {}}, "size", "sweep.sets.a: name cannot differ"),
        ({"a": {"sweep.key": "c"}, "b": {}}, "size", "sweep.sets.a: sweep.key cannot differ"),
        ({"a": {"data.train": 40}, "b": {}}, "a/b",
         "sweep.sets.a: a/b=a: name 'a/b-a' must be 1 to 64 letters"),
    ],
)  # fmt: skip
def test_a_wrong_set_is_named_in_one_line(tmp_path, sets, key, says):
    with pytest.raises(SpecError) as raised:
        plan_sweep(spec_of_sets(sets, key=key), folder=tmp_path / "s")
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("sweep", "says"),
    [
        ({"key": "size"}, "sweep: needs either values, of its key, or sets"),
        ({"key": "data.train", "values": [1, 2], "sets": SETS}, "sweep: needs either values"),
        ({"key": "size", "sets": {"a": {}}}, "sweep.sets: "),
        ({"key": "size", "sets": {"a": {}, "b": 3}}, "sweep.sets.b: "),
    ],
)
def test_values_or_sets_and_at_least_two(sweep, says):
    with pytest.raises(SpecError, match=says):
        load_spec(str(SMALL), [f"sweep={json.dumps(sweep)}"])


def test_names_that_no_folder_can_have_are_refused(tmp_path):
    with pytest.raises(SpecError, match="64 letters"):
        plan(tmp_path, "tracking.experiment", ["a" * 50, "b"])


def test_a_sweep_is_opened_as_it_was_created(tmp_path):
    folder = tmp_path / "deep" / "s"
    created = create_sweep(spec(), folder=folder)
    assert open_sweep(folder) == created
    assert sorted(path.name for path in folder.iterdir()) == ["spec.json", "sweep.json"]
    assert [path.name for path in folder.parent.iterdir()] == ["s"]
    values = json.loads((folder / SWEEP.file).read_text())
    assert (values["format"], values["values"]) == (1, [40, None])
    assert load_spec(str(folder / "spec.json")) == created.spec


def test_nothing_is_overwritten(tmp_path):
    folder = tmp_path / "s"
    create_sweep(spec(), folder=folder)
    with pytest.raises(StudyExistsError, match=r"there is a sweep at .*nas resume"):
        create_sweep(spec(), folder=folder)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").touch()
    with pytest.raises(StudyExistsError, match="is no sweep"):
        create_sweep(spec(), folder=tmp_path / "mine")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "s"]


def test_sweeps_are_found_by_path_and_by_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = create_sweep(spec(), folder=tmp_path / "studies" / "s").folder
    assert find_sweep("s").samefile(folder)
    assert find_sweep(str(folder)) == folder
    assert find_sweep("other") is None
    assert list(SWEEP.listed(tmp_path / "studies")) == [folder]
    assert list(SWEEP.listed(tmp_path / "nowhere")) == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "not a sweep file"),
        ("[]", "not a sweep file"),
        ('{"format": 9}', "format 9 is newer than format 1"),
        ('{"format": 1, "created": 0}', "not a sweep file"),
        ('{"format": 1, "created": 0, "spec": {"name": "x"}}', "space: is required"),
    ],
)
def test_a_damaged_file_is_one_line(tmp_path, content, says):
    (tmp_path / SWEEP.file).write_text(content)
    with pytest.raises(SpecError, match=says) as caught:
        open_sweep(tmp_path)
    assert str(caught.value).startswith(str(tmp_path / SWEEP.file))


def test_a_study_is_no_sweep(tmp_path):
    with pytest.raises(NotFoundError, match="no sweep there"):
        open_sweep(tmp_path)
    folder = create_sweep(spec(), folder=tmp_path / "s").folder
    values = json.loads((folder / SWEEP.file).read_text())
    values["spec"]["sweep"] = None
    (folder / SWEEP.file).write_text(json.dumps(values))
    with pytest.raises(SpecError, match="sweep: is missing"):
        open_sweep(folder)


def test_a_sweep_in_an_object_store_is_refused_before_any_store_is_asked(
    monkeypatch, tmp_path, capsys
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    swept = ("phase", "--study", "s3://no-such-bucket/phase")
    for command in (["search", *swept], ["submit", *swept, "--address", "http://127.0.0.1:1"]):
        assert run(command) == 2
        assert "a sweep of studies needs a folder" in capsys.readouterr().err
    assert find_sweep("s3://no-such-bucket/phase") is None
