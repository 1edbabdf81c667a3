"""What is installed is whole: data files beside modules, types for others, words for an index."""

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_are_typed(package):
    assert (ROOT / package / "py.typed").is_file()


def test_every_top_level_package_of_the_contract_is_in_the_wheel():
    assert sorted(PACKAGES) == sorted(PROJECT["tool"]["importlinter"]["root_packages"])
    build = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert build.keys() == {"packages"}  # all files of them: specs, templates, tables of levels


@pytest.mark.parametrize(
    "file",
    [
        "nas/ranking/statistics/levels.json",
        "nas/ranking/statistics/mishaps.json",
        "nas/report/page.css",
        "search_spaces/quickstart.yaml",
    ],
)
def test_data_lies_in_packages_and_is_not_ignored_by_git(file):
    """Hatchling leaves out what .gitignore names."""
    assert (ROOT / file).is_file()
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert not [rule for rule in ignored if Path(file).match(rule.strip("/"))]


def test_an_index_can_say_what_it_is():
    project = PROJECT["project"]
    assert {"description", "readme", "license", "urls", "keywords", "classifiers"} <= project.keys()
    assert "Typing :: Typed" in project["classifiers"]
    # PEP 639: a license expression, and no classifier that says it again
    assert not [each for each in project["classifiers"] if each.startswith("License")]
    lowest = project["requires-python"].removeprefix(">=")
    assert f"Programming Language :: Python :: {lowest}" in project["classifiers"]
