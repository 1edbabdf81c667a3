"""The documentation is up to date, names what exists, and its examples run."""

import importlib
import re
from pathlib import Path

import pytest

from docs import architecture, generate, tables_page
from docs.option_notes import Note
from nas.spec.study import StudySpec

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").glob("*.md"))
ROOT_PAGES = [ROOT / name for name in ("ARCHITECTURE.md", "CONTRIBUTING.md", "README.md")]


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


@pytest.mark.parametrize("page", [*PAGES, *ROOT_PAGES], ids=lambda page: page.name)
def test_files_that_are_named_exist(page):
    text = page.read_text(encoding="utf-8")
    named = set(
        re.findall(
            r"\b(?:tests|benchmarks|docs|coatnet|nas|dashboards|search_spaces)/[\w/]+"
            r"\.(?:py|md|yaml)\b",
            text,
        )
    )
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []
    links = re.findall(r"\]\((?!http)([^)#]+)", text)
    assert [link for link in links if not (page.parent / link).is_file()] == []


@pytest.mark.parametrize("page", [*PAGES, *ROOT_PAGES], ids=lambda page: page.name)
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


def test_the_layers_are_those_of_the_contract():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = re.findall(r"^\| \d+ \| `([\w.]+)` \|", text, re.MULTILINE)
    folders = [path.parent for path in ROOT.glob("nas/*/__init__.py")]
    assert {f"nas.{folder.name}" for folder in folders} < set(rooms)
    assert rooms == [room for layer in architecture.layers() for room in layer]


def test_every_module_has_its_row():
    text = architecture.modules_page()
    for package in ("nas", "coatnet", "search_spaces"):
        for path in (ROOT / package).rglob("*.py"):
            inside = path.parent != ROOT / "nas" and not path.name.startswith("__")
            assert not inside or f"{path.stem}` |" in text, path


def test_a_module_that_does_not_say_what_it_is_has_no_row(tmp_path, monkeypatch):
    monkeypatch.setattr(architecture, "ROOT", tmp_path)
    (tmp_path / "a.py").write_text('"""One thing of v1.0,\nsaid once. And more.\n\nMuch more."""')
    assert architecture.first_sentence("a") == "One thing of v1.0, said once."
    (tmp_path / "b.py").write_text('"""No sentence"""')
    with pytest.raises(ValueError, match="b does not begin with a sentence"):
        architecture.first_sentence("b")


GLOSSARY = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
TERMS = re.findall(r"^\* \*\*(.+?)\*\*: (.+)$", GLOSSARY, re.MULTILINE)


def test_the_glossary_has_each_term_once_in_order():
    terms = [term.casefold() for term, _ in TERMS]
    assert terms == sorted(set(terms))
    assert len(terms) == GLOSSARY.count("\n* ")


@pytest.mark.parametrize(("term", "text"), TERMS, ids=[term for term, _ in TERMS])
def test_what_the_glossary_names_exists(term, text):
    names = re.findall(r"`([^`]+)`", text)
    assert names, f"where in the code is {term}?"
    assert [name for name in names if not exists(name)] == []


def exists(name: str) -> bool:
    """Tell whether a name is a path, an importable thing, a spec's key, or a word of the source."""
    if "/" in name:
        return (ROOT / name).exists()
    first, *rest = name.split(".")
    if first in ("nas", "coatnet", "search_spaces"):
        return importable(name)
    if rest:
        return key_exists(name.partition(":")[0])
    return any(
        re.search(rf"(?<!\w){re.escape(name)}(?!\w)", path.read_text(encoding="utf-8"))
        for package in ("nas", "coatnet", "search_spaces")
        for path in (ROOT / package).rglob("*.py")
    )


def importable(name: str) -> bool:
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            if not hasattr(found, part):
                return part in getattr(found, "__annotations__", {})
            found = getattr(found, part)
        return True
    return False


def key_exists(key: str) -> bool:
    section: object = StudySpec
    for part in key.split("."):
        fields = getattr(section, "model_fields", {})
        if part not in fields:
            return False
        section = fields[part].annotation
    return True


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("nas.study.records.Trial.parent", True),
        ("nas.study.records.Trial.parents", False),
        ("nas.nowhere", False),
        ("nas.spec.study.DataSpec.endless", True),
        ("ranking.margin", True),
        ("ranking.margins", False),
        ("data.train: null", True),
        ("baselines", True),
        ("nas/search/allocation/", True),
        ("nas/nowhere.py", False),
        ("zorblax", False),
    ],
)
def test_what_is_not_there_is_noticed(name, there):
    assert exists(name) is there
