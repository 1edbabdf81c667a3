"""Every `nas` command that a page or the header of a spec prints is one that works.

All are parsed by the program's own parser; specs are validated with the overrides beside them, and
commands that only read are run. What stands for something of the user's is replaced (`SAMPLES`).
"""

import re
import shlex
import shutil
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet

from nas.cli.main import cli, run
from nas.data.load import peek
from nas.errors import NasError
from nas.search.build import build_search
from nas.spec.file import load_spec
from tests.policy.tree import ROOT

SPECS = sorted((ROOT / "search_spaces").glob("*.yaml"))
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
HISTORY = ROOT / "CHANGELOG.md"  # says what commands once were
STUDIES = ROOT / "tests" / "fixtures" / "studies"

# What a reader puts something of his own for -> what this test puts, under `Samples`.
SAMPLES = {
    "mine.yaml": "mine.yaml",  # a spec: a copy of the quickstart's
    "SPEC": "mine.yaml",
    "STUDY": "studies/finished",
    "s3://BUCKET/studies/mine": "studies/finished",  # a URI is taken wherever a folder is
    "s3://BUCKET/studies": "studies",
    "SWEEP": "studies/finished",  # what is read of either is read by the same commands
    "DIR": "images",  # class folders, and files of every other source beside them
    "~/flowers": "images",
    "~/cifar-10-batches-bin": "images",
    "/data/imagenet": "images",
    "/data/jft": "images",
    "/usr/share/datasets/fashion-mnist": "images",
}
STUDY = SAMPLES["STUDY"]
READ = {
    "phase",
    "scaling",
    "phase/data.train=500",
    "phase/data.train=1000",
}  # studies that a page has run

READERS = {"status", "rank", "report", "export", "ls"}  # cheap, and change nothing

_STARTS = re.compile(r"(?:nas|ray job submit|\.\.\.|\S*/nas)(?= )")
_NAS = re.compile(r"(?:^|[ /])nas ")
_ASIDE = re.compile(r"\s{2,}|\s#")  # what follows a command is said of it
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(?<!`)`(nas\s[^`]+)`(?!`)")


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command as it is printed; `spoken` of in a sentence, where it may lack its arguments."""

    file: str
    line: str
    spoken: bool = False

    def __str__(self) -> str:
        return f"{self.file}: {self.line}"

    def arguments(self) -> list[str]:
        """Return the words after `nas`."""
        return shlex.split(_NAS.split(self.line, maxsplit=1)[1])


def in_lines(lines: list[str]) -> Iterator[str]:
    """Yield the commands that stand on lines of their own, or of several; `...` repeats the last.

    `... more words` is the command before with these words after it.
    """
    last, waiting = "", ""
    for line in lines:
        waiting += line.strip()
        if waiting.endswith("\\"):
            waiting = f"{waiting[:-1].rstrip()} "
            continue
        for part in waiting.split(" && "):
            if _STARTS.match(part):
                found = _ASIDE.split(part)[0]
                last = last + found[3:] if found.startswith("...") else found
                if _NAS.search(last):
                    yield last
        waiting = ""


def collected() -> Iterator[Command]:
    """Yield the commands of all headers and pages."""
    for path in SPECS:
        text = path.read_text(encoding="utf-8")
        comments = [line.lstrip().removeprefix("#") for line in text.splitlines() if "#" in line]
        for line in in_lines(comments):
            yield Command(file=path.name, line=line)
    for path in PAGES:
        if path == HISTORY:
            continue
        name = path.relative_to(ROOT).as_posix()
        text = path.read_text(encoding="utf-8")
        for language, block in _FENCE.findall(text):
            if language == "bash":
                yield from (Command(file=name, line=line) for line in in_lines(block.splitlines()))
        text = _FENCE.sub("", text)
        indented = [line if line.startswith("    ") else "" for line in text.splitlines()]
        yield from (Command(file=name, line=line) for line in in_lines(indented))
        for spoken in _INLINE.findall(text):
            yield Command(file=name, line=" ".join(spoken.split()), spoken=True)


COMMANDS = list({str(each): each for each in collected()}.values())


@pytest.fixture(scope="module")
def samples(tmp_path_factory) -> Path:
    """A folder that holds what `SAMPLES` names."""
    folder = tmp_path_factory.mktemp("samples")
    shutil.copy(ROOT / "search_spaces" / "quickstart.yaml", folder / "mine.yaml")
    shutil.copytree(STUDIES / "finished", folder / "studies" / "finished")
    for part in ("train", "val"):
        for label in range(10):
            (folder / "images" / part / str(label)).mkdir(parents=True)
            Image.new("RGB", (8, 8), (label, 0, 0)).save(
                folder / "images" / part / str(label) / "0.png"
            )
    for part in ("train", "t10k"):
        images, labels = np.zeros((20, 8, 8), np.uint8), np.arange(20, dtype=np.uint8) % 10
        for name, array in (("images", images), ("labels", labels)):
            header = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
            path = folder / "images" / f"{part}-{name}-idx{array.ndim}-ubyte"
            path.write_bytes(header + array.tobytes())
    (folder / "images" / "data_batch_1.bin").write_bytes(bytes(3073) * 20)
    table = pa.table({"image": [b"", b""], "species": ["a", "b"]})
    parquet.write_table(table, folder / "images" / "train.parquet")
    return folder


def replaced(word: str) -> str:
    """Return an argument with what a reader puts his own for replaced."""
    key, equals, value = word.rpartition("=") if "{" not in word else ("", "", word)
    head, slash, rest = value.partition("/")
    if value in SAMPLES:
        value = SAMPLES[value]
    elif head in SAMPLES:  # STUDY/spec.json
        value = f"{SAMPLES[head]}{slash}{rest}"
    return f"{key}{equals}{value}"


def parsed(arguments: list[str]) -> tuple[click.Command, dict[str, object]]:
    """Return the command that takes the arguments, and what it takes them for.

    Raises:
        click.ClickException: it does not take them.
    """
    command, name = cli, "nas"
    context = click.Context(cli)
    while isinstance(command, click.Group) and arguments:
        if arguments[0].startswith("-"):
            command.make_parser(context).parse_args(list(arguments))
            return command, {}
        name, found, arguments = command.resolve_command(context, arguments)
        assert found is not None
        command = found
    if isinstance(command, click.Group):
        return command, {}
    return command, dict(command.make_context(name, arguments, parent=context).params)


def check(command: Command, to: Path) -> None:
    """Check a command, in a folder that has the samples; `to` takes what it would write."""
    arguments = [replaced(word) for word in command.arguments()]
    if arguments[0] in READERS:
        arguments = [STUDY if word in READ else word for word in arguments]
    try:
        taker, values = parsed(list(arguments))
    except click.MissingParameter:
        assert command.spoken, "an argument is missing"
        return
    spec = values.get("study") if values.get("simulate") else values.get("spec")
    if spec is not None:
        far = taker.name == "submit"  # its data are the cluster's, and more than a test can load
        try:
            loaded = load_spec(str(spec), values["overrides"])
        except NasError as error:
            raise AssertionError(str(error)) from error
        drawn = loaded.sweep is None and loaded.data.image_size > 100  # half a minute to load
        if far or drawn or any(word.startswith("data.source=") for word in values["overrides"]):
            build_search(loaded, peek(loaded.data))  # the samples are too few to be loaded
        else:
            assert run(["validate", str(spec), *values["overrides"]]) == 0
    elif taker.name in READERS:
        if "to" in values:
            arguments = [*without_to(arguments), "--to", str(to / "written")]
        assert run(arguments) == 0


def without_to(arguments: list[str]) -> list[str]:
    """Return the arguments without `--to` and its value."""
    if "--to" not in arguments:
        return arguments
    at = arguments.index("--to")
    return [*arguments[:at], *arguments[at + 2 :]]


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_it_works(command, samples, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(samples)
    check(command, tmp_path)


def test_they_are_found():
    found = {str(each) for each in COMMANDS}
    assert {
        "README.md: .venv/bin/nas search quickstart",
        "README.md: nas rank phase",
        (
            "README.md: nas search quickstart --study fashion data.source=idx "
            "data.path=/usr/share/datasets/fashion-mnist data.train=10000 data.evaluation=null"
        ),
        "README.md: nas rank STUDY",
        (
            "README.md: ray job submit --address http://HOST:8265 --working-dir . -- nas search "
            "mine.yaml --study /shared/studies/mine"
        ),
        (
            "same_size.yaml: nas search same_size data.source=folder data.path=DIR "
            "data.image_size=224 space.head_size=32 'space.match={parameters: 25M, macs: 4.2G}'"
        ),
        (
            "paper_transfer_full.yaml: nas submit paper_transfer_full --address http://HEAD:8265 "
            "--study /shared/full fine_tune.data.path=/data/imagenet fine_tune.data.image_size=384"
        ),
        "docs/results.md: nas rank phase/data.train=500 --metric generalization",
    } <= found
    assert {path.name for path in SPECS} <= {each.file for each in COMMANDS}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "spoken"),
    [
        ("nas search paper_transfer fine_tune.data.image_size=40", False),
        ("nas search quickstart training.epoch=5", True),
        ("nas search nowhere", False),
        ("nas rank STUDY --output table -x", True),
        ("nas rang STUDY", True),
        ("nas space lists mine.yaml", False),
        ("nas --debugging", True),
        ("nas validate", False),
        ("nas rank --simulate mine.yaml search.seed=many", False),
        ("nas rank STUDY --metric transfer-rate", False),
        ("nas status studies/none", False),
    ],
)
def test_one_that_does_not_is_noticed(line, spoken, samples, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(samples)
    with pytest.raises((AssertionError, click.ClickException)):
        check(Command(file="here", line=line, spoken=spoken), tmp_path)
