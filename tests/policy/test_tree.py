"""Rules about the tree: imports without circles, rooms with furniture, tests beside modules."""

from pathlib import Path

import pytest

from tests.policy.tree import ROOT, circles, imports, modules, named

ROOT_FILES = 4

# Modules without a test file of their own, and what tests them instead.
TESTED_ELSEWHERE = {
    "nas.cli.__main__": "tests/end_to_end/command.py runs every command by it",
    "nas.cli.formats": "one option: tests/nas/cli/test_main.py asks for its help",
    "nas.execution.executor": "tests/contracts/executor.py, once for each executor",
    "nas.execution.choose": "tests/nas/driver/test_study.py runs its studies by it",
    "nas.data.dataset": "what sources open: tests/nas/data/test_sources.py, each of them",
    "nas.data.digits": "a source: tests/nas/data/test_sources.py",
    "nas.data.folder": "a source: tests/nas/data/test_sources.py",
    "nas.data.images": "protocols: tests/contracts/images.py, once for each kind",
    "nas.study.declaration": "tests/nas/study/test_extension.py declares anew",
    "nas.study.facts": "tests/nas/study/test_folder.py writes and reads them",
    "nas.training.task": "two fields: tests/nas/execution/test_training_job.py trains by it",
    "nas.driver.display": "a protocol, and silence: tests/nas/conftest.py runs its studies by it",
    "nas.networks.family": "a protocol: tests/contracts/family.py, once for each family",
    "nas.planning.plan": "what tests/nas/planning/test_bill.py makes",
    "nas.planning.timing_records": "fields: tests/nas/planning/test_timing.py fills them",
    "nas.planning.totals": "sums: tests/nas/planning/test_bill.py adds up by hand",
    "nas.reading.sweep": "tests/nas/reading/test_target.py reads sweeps and studies alike",
    "nas.search.allocation.allocation": "a protocol: tests/nas/driver/test_conductor.py has one",
    "nas.space.parts": "tests/nas/space/test_feasible.py holds every price to the network's",
    "nas.space.priced": "tests/nas/space/test_feasible.py counts and draws by it",
    "nas.space.steps": "tests/nas/space/test_feasible.py holds its paths to the points",
    "nas.spec.confirm": "tests/nas/search/allocation/test_confirmation.py confirms by it",
    "nas.spec.names": "tests/nas/spec/test_study.py refuses names by it",
    "nas.spec.choices": "words: tests/nas/spec/test_study.py and tests/nas/ranking/test_metrics.py",
    "nas.export.timm_model": "lines that go out: tests/nas/export/test_timm_files.py runs them",
    "nas.tables.columns": "tests/nas/tables/test_frames.py holds every table to them",
}


def test_no_modules_import_each_other_in_a_circle():
    assert circles(imports()) == []


def test_circles_are_found_wherever_the_import_stands():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a", "d"}}
    assert circles(graph) == [("b", "c"), ("d",)]
    there = ("nas", "nas.a", "nas.b", "nas.c", "nas.d")
    lazy = """
from typing import TYPE_CHECKING
import torch
if TYPE_CHECKING:
    from nas.a import A
def f():
    import nas.b
    from nas import c
class C:
    from nas import __version__
"""
    assert sorted(named(lazy, there)) == ["nas", "nas.a", "nas.b", "nas.c"]


def test_the_root_of_nas_holds_folders_and_little_else():
    files = sorted(path.name for path in (ROOT / "nas").iterdir() if path.is_file())
    assert len(files) <= ROOT_FILES, files


def test_no_folder_of_nas_holds_a_single_module():
    counts: dict[Path, int] = {}
    for name, path in modules().items():
        if name.startswith("nas.") and path.stem != "__init__":
            counts[path.parent] = counts.get(path.parent, 0) + 1
    alone = [folder for folder, count in counts.items() if count < 2]
    assert [str(folder.relative_to(ROOT)) for folder in alone] == []


def mirrored(name: str) -> Path:
    *folders, module = name.split(".")
    return ROOT.joinpath("tests", *folders, f"test_{module}.py")


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, path in modules().items()
        if name.startswith(("nas.", "dashboards.")) and path.stem != "__init__"
    ],
)
def test_modules_of_nas_and_dashboards_have_their_tests_in_the_same_place(name):
    assert mirrored(name).is_file() is (name not in TESTED_ELSEWHERE), mirrored(name)


def test_what_is_said_to_be_tested_elsewhere_is_there():
    assert TESTED_ELSEWHERE.keys() <= modules().keys()
    for reason in TESTED_ELSEWHERE.values():
        files = [word.strip(",:") for word in reason.split() if word.startswith("tests/")]
        assert files
        assert [file for file in files if not (ROOT / file).is_file()] == []
