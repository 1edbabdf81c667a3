"""The documentation is up to date, names what exists, and its examples run."""

import re
from pathlib import Path

import pytest

from docs import generate, tables_page
from docs.option_notes import Note

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("path", generate.documents(), ids=lambda path: path.name)
def test_generated_parts_are_up_to_date(path):
    expected = generate.documents()[path]
    assert path.read_text(encoding="utf-8") == expected, "run: python -m docs.generate"


def test_no_figure_is_left_over():
    drawn = {path.name for path in (ROOT / "docs/figures").glob("*.svg")}
    assert drawn == set(generate.figures())


def test_each_option_needs_its_row(monkeypatch):
    key = ("relative_bias", "post")
    fewer = {name: note for name, note in generate.NOTES.items() if name != key}
    monkeypatch.setattr(generate, "NOTES", fewer)
    with pytest.raises(KeyError, match="post"):
        generate.options_table()
    more = {**fewer, key: Note(does="", paper=""), ("colour", "red"): fewer["window", ""]}
    monkeypatch.setattr(generate, "NOTES", more)
    with pytest.raises(ValueError, match="colour"):
        generate.options_table()


def test_each_key_of_the_ranking_needs_its_words(monkeypatch):
    fewer = {key: words for key, words in tables_page.KEYS.items() if key != "looks"}
    monkeypatch.setattr(tables_page, "KEYS", fewer)
    with pytest.raises(KeyError, match="looks"):
        tables_page.page()
    monkeypatch.setattr(tables_page, "KEYS", {**tables_page.KEYS, "looks": "", "luck": ""})
    with pytest.raises(ValueError, match="luck"):
        tables_page.page()


def test_pages_without_their_marks_are_refused():
    text = generate.PAGE.read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="generated: sizes"):
        generate.page(text.replace("<!-- generated: sizes -->", ""))
    with pytest.raises(ValueError, match="end"):
        generate.page(text.replace("<!-- end -->", ""))
    assert generate.page(generate.page(text)) == generate.page(text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_are_named_exist(page):
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"\b(?:tests|benchmarks|docs|coatnet|nas)/[\w/]+\.(?:py|md)\b", text))
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []
    links = re.findall(r"\]\((?!http)([^)#]+)", text)
    assert [link for link in links if not (page.parent / link).is_file()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tables_are_whole(page):
    """Every row of a table has as many cells as its heading."""
    lines = page.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if line.startswith("|") and number and lines[number - 1].startswith("|"):
            assert line.count("|") == lines[number - 1].count("|"), f"line {number + 1}"


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    examples = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert examples or page != generate.PAGE
    for example in examples:
        exec(compile(example, str(page), "exec"), {})


def test_the_architecture_lists_the_modules_of_coatnet():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    section = text.partition("## Inside `coatnet/`")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    listed = re.findall(r"`(\w+)/?`", " ".join(cells))
    there = {path.stem for path in (ROOT / "coatnet").iterdir() if not path.name.startswith("_")}
    assert sorted(listed) == sorted(there)
