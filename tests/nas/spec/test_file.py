"""Specs at the door: read, overridden, checked, named, written and read back."""

import json
import os
import random
import subprocess
import sys
import time
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from nas.errors import NotFoundError, SpecError
from nas.spec.file import fingerprint, load_spec, located, resolved, shipped, spec_from_json
from nas.spec.study import StudySpec

SMALL = """\
space:
  stem: {width: 8}
  head_size: 4
  stages:
    - {depth: 1, width: 8}
    - {depth: 1, width: 16}
  layouts:
    C-C: {}
    C-T:
training:
  epochs: 3
  learning_rate: 1e-3
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("small.yaml")
    path.write_text(SMALL)
    return path


def line_of(path: Path | str, overrides: tuple[str, ...] = (), **options: Any) -> str:
    """Return the one line with which loading is refused."""
    with pytest.raises(SpecError) as caught:
        load_spec(str(path), overrides, **options)
    line = str(caught.value)
    assert line.isprintable()
    return line


def test_shipped_specs_load_by_bare_name() -> None:
    assert {"quickstart", "same_size", "open_space", "phase", "baselines", "scaling"} < set(
        shipped()
    )
    experiments = {f"paper_{name}" for name in ("generalization", "capacity", "transfer")}
    assert experiments | {f"{name}_full" for name in experiments} < set(shipped())
    for name in shipped():
        spec = load_spec(name)
        assert spec.name == name
        assert spec_from_json(json.loads(json.dumps(resolved(spec))), "study.json") == spec


def test_a_file_takes_its_own_name_unless_it_or_the_caller_says_another(file: Path) -> None:
    assert load_spec(str(file)).name == "small"
    file.write_text(SMALL + "name: mine\n")
    assert load_spec(str(file)).name == "mine"
    assert load_spec(str(file), name="yours").name == "yours"
    assert load_spec(str(file), ["name=theirs"]).name == "theirs"


def test_values_reach_the_spec_with_their_types(file: Path) -> None:
    spec = load_spec(str(file), ["training.weight_decay=1", "training.betas=[0.8, 0.9]"])
    assert spec.training.learning_rate == 0.001
    assert spec.training.weight_decay == 1.0
    assert isinstance(spec.training.weight_decay, float)
    assert spec.training.betas == (0.8, 0.9)


def test_an_empty_section_means_its_defaults(file: Path) -> None:
    file.write_text(SMALL + "search:\n  # seeds: 3\n")
    assert load_spec(str(file)).search.seeds == 3


def test_overrides_change_layouts_by_name(file: Path) -> None:
    spec = load_spec(str(file), ["space.layouts.C-T.depths=[1, 3]", "space.stages.0.width=12"])
    assert spec.space["layouts"]["C-T"] == {"depths": [1, 3]}
    assert spec.space["stages"][0]["width"] == 12


def test_another_data_source_is_two_overrides() -> None:
    spec = load_spec("quickstart", ["data.source=idx", "data.path=/data/fashion"])
    assert (spec.data.source, spec.data.path) == ("idx", "/data/fashion")


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (("epochs: 3", "epoch: 3"),
         "small.yaml:11: training.epoch: unknown key, did you mean 'epochs'?"),
        (("epochs: 3", "epochs: three"),
         "small.yaml:11: training.epochs: must be a whole number, not 'three'"),
        (("epochs: 3", "epochs: 3.0"),
         "small.yaml:11: training.epochs: must be a whole number, not 3.0"),
        (("epochs: 3", "epochs: 0"), "small.yaml:11: training.epochs: must be at least 1, not 0"),
        (("epochs: 3", "epochs: 1"),
         "small.yaml:10: training: warmup_epochs 1.0 must be less than epochs 1"),
        (("1e-3", "-1e-3"),
         "small.yaml:12: training.learning_rate: must be more than 0, not -0.001"),
        (("1e-3", "on"), "small.yaml:12: training.learning_rate: must be a number, not 'on'"),
        (("1e-3", ".nan"),
         "small.yaml:12: training.learning_rate: a number must be finite, not .nan"),
        (("learning_rate: 1e-3", "flip: 1"),
         "small.yaml:12: training.flip: must be true or false, not 1"),
        (("learning_rate: 1e-3", "schedule: cosin"),
         ("small.yaml:12: training.schedule: must be 'cosine', 'linear' or 'constant', "
          "not 'cosin', did you mean 'cosine'?")),
        (("learning_rate: 1e-3", "betas: 0.9"),
         "small.yaml:12: training.betas: must be a list, not 0.9"),
        (("learning_rate: 1e-3", "betas: [0.9, 0.99, 0.999]"),
         "small.yaml:12: training.betas: must have 2 entries, not a list"),
        (("learning_rate: 1e-3", "betas: [0.9, 1]"),
         "small.yaml:12: training.betas.1: must be less than 1, not 1"),
        (("learning_rate: 1e-3", "rand_augment: {layer: 2}"),
         "small.yaml:12: training.rand_augment.layer: unknown key, did you mean 'layers'?"),
        (("learning_rate: 1e-3", "rand_augment: 2"),
         "small.yaml:12: training.rand_augment: must be a section of keys, not 2"),
        (("learning_rate: 1e-3", "drop_path: 1.0"),
         "small.yaml:12: training.drop_path: must be less than 1, not 1.0"),
        (("training:", "trainig:"),
         "small.yaml:10: trainig: unknown key, did you mean 'training'?"),
        (("space:", "spaces:"), "small.yaml:1: space: is required"),
        (("width: 16", "width: 18"),
         ("small.yaml:6: space.stages.1.width: the width of a transformer stage must be a multiple "
         "of head_size 4, not 18")),
        (("C-T:", "C-T: {depth: [1, 2]}"),
         "small.yaml:9: space.layouts.C-T.depth: unknown key, did you mean 'depths'?"),
        (("C-T:", "C-C: {}"), "small.yaml:9: space.layouts.C-C: given twice, first on line 8"),
        (("training:", "ranking: {metric: accurate}\ntraining:"),
         ("small.yaml:10: ranking.metric: must be 'generalization', 'accuracy', 'capacity' or "
          "'transfer', not 'accurate', "
         "did you mean 'accuracy'?")),
        (("training:", "name: 3\ntraining:"), "small.yaml:10: name: must be text, not 3"),
        (("training:", "search: {sampler: tpe}\ntraining:"),
         "small.yaml:10: search: candidates is required for sampler 'tpe'"),
        (("training:", "data: {image_size: 9999}\ntraining:"),
         "small.yaml:10: data.image_size: must be at most 4096, not 9999"),
    ],
)  # fmt: skip
def test_refused_in_one_line(file: Path, change: tuple[str, str], line: str) -> None:
    assert change[0] in SMALL
    file.write_text(SMALL.replace(*change))
    assert line_of(file) == line


def test_the_first_problem_by_line_is_reported(file: Path) -> None:
    text = SMALL.replace("1e-3", "x").replace("epochs: 3", "epochs: y")
    file.write_text(text)
    assert line_of(file).startswith("small.yaml:11: training.epochs")
    file.write_text(text.replace("width: 16", "width: z"))
    assert line_of(file).startswith("small.yaml:6: space.stages.1.width")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("training.epochs=x", "command line: training.epochs: must be a whole number, not 'x'"),
        ("training.epoch=1", "command line: training.epoch: unknown key, did you mean 'epochs'?"),
        ("sweep.vlaues=[1]",  # in a section that may be left out, and in the entries of a list
         "command line: sweep.vlaues: unknown key, did you mean 'values'?"),
        ("fine_tune.data.trian=4",
         "command line: fine_tune.data.trian: unknown key, did you mean 'train'?"),
        ('baselines=[{"network": "x", "lable": "y"}]',
         "command line: baselines.0.lable: unknown key, did you mean 'label'?"),
        ("training.epochs=1",
         "command line: training: warmup_epochs 1.0 must be less than epochs 1"),
        ("training.epochs", ("command line: an override is written key.path=value, not "
                            "'training.epochs'")),
        ("space.layouts.C-T.depths=[1]", ("command line: space.layouts.C-T.depths: must have 2 "
                                         "entries, one for each stage, not 1")),
        ("space.stages.5.depth=1",
         "command line: space.stages.5.depth: space.stages has 2 entries, from 0 to 1"),
        ("training.epochs=[", None),
        ("name=../../etc", None),
        ("space=", "command line: space: is required"),
        ("space.head_size=3", ("small.yaml:6: space.stages.1.width: the width of a transformer "
                              "stage must be a multiple of head_size 3, not 16")),
    ],
)  # fmt: skip
def test_overrides_are_checked_like_the_file(file: Path, text: str, line: str | None) -> None:
    said = line_of(file, (text,))
    assert said == line if line is not None else said.startswith("command line: ")


def test_unsafe_names_are_refused(file: Path) -> None:
    assert line_of(file, name="../x").startswith("command line: name: name '../x' must be")
    odd = file.rename("my study.yaml")
    line = line_of(odd)
    assert line.startswith("my study.yaml:1: name: the file's own name cannot name a study")
    assert load_spec(str(odd), name="fine").name == "fine"


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "locked.yaml").symlink_to(tmp_path / "locked.yaml")  # a loop
    cases = [
        "quickstrat", str(tmp_path), str(tmp_path / "no.yaml"), str(tmp_path / "pipe"),
        str(tmp_path / "locked.yaml"), "/dev/zero", "a\0b", "x" * 5000, "", "\n", "../..",
    ]  # fmt: skip
    for case in cases:
        with pytest.raises(NotFoundError) as caught:
            load_spec(case)
        assert str(caught.value).isprintable()
        assert "quickstart" in str(caught.value)
    with pytest.raises(NotFoundError, match="did you mean 'quickstart'"):
        load_spec("quickstrat")


def test_a_fingerprint_covers_what_can_change_a_result() -> None:
    base = load_spec("quickstart")
    same = ["name=other", "tracking.uri=off", "resources.cpus=2", "training.epochs=12"]
    assert {fingerprint(load_spec("quickstart", [text])) for text in same} == {fingerprint(base)}
    other = ["training.epochs=16", "space.head_size=4", "data.split_seed=1", "search.seeds=4"]
    assert len({fingerprint(load_spec("quickstart", [text])) for text in other}) == 4
    assert fingerprint(base) not in {fingerprint(load_spec("quickstart", [text])) for text in other}


def test_a_written_spec_that_was_altered_is_refused() -> None:
    values = resolved(load_spec("quickstart"))
    values["training"]["epochs"] = "many"
    with pytest.raises(SpecError) as caught:
        spec_from_json(values, "study.json")
    assert str(caught.value) == ("study.json: training.epochs: must be a whole number, not 'many'")


def test_imports_in_well_under_a_second() -> None:
    program = (
        "import sys, time\nstart = time.process_time()\nimport nas.spec.file\n"
        "print(time.process_time() - start)\n"
        "heavy = {'torch', 'numpy', 'pandas', 'ray', 'optuna', 'mlflow'}\n"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    seconds, heavy = done.stdout.split("\n")[:2]
    assert float(seconds) < 1.0  # CPU time; about 0.3 s
    assert heavy == ""


HOSTILE = [
    "[", "]", "{", "}", "*x", "&x ", "!!python/name:os.system ", ": ", "\n", "\t", "'", '"', "- ",
    "1e-3", ".nan", "\0", "\ufeff", "null", "-1", "99999999999999999999", "1e999", "%", "---\n",
    "? ", "| ", "true", "[[[[", "{a: ", "# ", "\u202e", "é", "<<: ", "0", "x" * 300, "150k",
]  # fmt: skip


def mutated(text: str, rng: random.Random) -> str:
    """Return the text after one to three small accidents."""
    for _ in range(rng.randint(1, 3)):
        lines = text.split("\n")
        at, line = rng.randrange(len(text) + 1), rng.randrange(len(lines))
        match rng.randrange(6):
            case 0:
                text = text[:at] + rng.choice(HOSTILE) + text[at:]
            case 1:
                text = text[:at] + text[at + rng.randint(1, 8) :]
            case 2:
                text = "\n".join(lines[:line] + lines[line + 1 :])
            case 3:
                text = "\n".join([*lines[: line + 1], *lines[line:]])
            case 4:
                head, colon, _ = lines[line].partition(":")
                lines[line] = f"{head}{colon} {rng.choice(HOSTILE)}"
                text = "\n".join(lines)
            case _:
                other = rng.randrange(len(lines))
                lines[line], lines[other] = lines[other], lines[line]
                text = "\n".join(lines)
    return text


@pytest.mark.slow
@pytest.mark.parametrize("name", shipped())
def test_accidents_give_a_spec_or_one_line(name: str, tmp_path: Path) -> None:
    original = (resources.files("search_spaces") / f"{name}.yaml").read_text()
    rng = random.Random(name)
    path = tmp_path / "spec.yaml"
    refused = 0
    for number in range(150):
        text = mutated(original, rng)
        path.write_text(text, newline="")
        start = time.process_time()
        line = "fine"
        try:
            assert isinstance(load_spec(str(path)), StudySpec)
        except SpecError as error:
            refused += 1
            line = str(error)
            assert line.startswith(f"{path}:"), (number, line)
        assert line.isprintable(), (number, line)
        assert time.process_time() - start < 1.0, (number, text)
    assert refused > 75


def test_all_that_is_wrong_with_a_file_is_said_with_its_lines(file: Path) -> None:
    text = SMALL.replace("width: 8}\n  head", "width: 8, widht: 2}\n  head")
    file.write_text(text.replace("head_size: 4", "head_size: x").replace("epochs: 3", "epochs: 0"))
    with pytest.raises(SpecError) as caught:
        load_spec("small.yaml", ["search.seeds=0"])
    lines = [str(each) for each in (caught.value, *caught.value.others)]
    assert lines == [
        "command line: search.seeds: must be at least 1, not 0",
        "small.yaml:2: space.stem.widht: unknown key, did you mean 'width'?",
        (
            "small.yaml:3: space.head_size: must be a whole number, a list of choices or a range "
            "{from: 1, to: 4, step: 1}, not 'x'"
        ),
        "small.yaml:11: training.epochs: must be at least 1, not 0",
    ]


@pytest.mark.parametrize(
    ("recipe", "line"),
    [
        ("learning_rate: [1e-3, 1e-6]",
         "learning_rate: min_learning_rate 1e-05 exceeds learning_rate 1e-06"),
        ("drop_path: {from: 0.0, to: 1.0, step: 0.5}", "drop_path: must be less than 1, not 1.0"),
        ("warmup_epochs: [1, 3]", "warmup_epochs: warmup_epochs 3.0 must be less than epochs 3"),
        ("{learning_rate: [1e-3, 1e-2], min_learning_rate: [1e-6, 5e-3]}", None),
    ],
)  # fmt: skip
def test_recipes_that_a_space_chooses_obey_the_rules_of_recipes(
    file: Path, recipe: str, line: str | None
) -> None:
    written = recipe if recipe.startswith("{") else f"{{{recipe}}}"
    file.write_text(SMALL.replace("space:\n", f"space:\n  recipe: {written}\n", 1))
    found = line_of(file)
    assert line is None or found == f"small.yaml:2: space.recipe.{line}"
    assert found.startswith("small.yaml:2: space.recipe.")


def test_what_is_found_later_is_said_with_its_line(file: Path) -> None:
    def refused(key: str, *overrides: str) -> str:
        with pytest.raises(SpecError) as caught, located("small.yaml", overrides):
            raise SpecError("is empty", key=key)
        return str(caught.value)

    assert refused("space.stages.1.width") == "small.yaml:6: space.stages.1.width: is empty"
    assert (
        refused("space.match.macs") == "small.yaml:1: space.match.macs: is empty"
    )  # nearest above
    override = "space.head_size=8"
    assert refused("space.head_size", override) == "command line: space.head_size: is empty"
    assert refused("--layout") == "--layout: is empty"  # of no file
    assert refused("") == "is empty"
