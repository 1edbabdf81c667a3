"""What source, tests, specs and pages refer to is there: the document, and the heading in it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SUFFIXES = {".py", ".md", ".yaml", ".toml", ".j2", ".js", ".css"}
FOLDERS = ("nas", "dashboards", "coatnet", "search_spaces", "tests", "docs", "benchmarks", ".ci")
APART = ("tests/fixtures/", "docs/results/")  # written by the program, of studies
FILES = sorted(
    path
    for path in (
        *ROOT.glob("*"),
        *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*")),
    )
    if path.is_file()
    and path.suffix in SUFFIXES
    and not path.relative_to(ROOT).as_posix().startswith(APART)
    and path != Path(__file__)  # has examples of what is not there
)

URL = re.compile(r"\w+://\S+")
WRAP = re.compile(r"\s*\n[ \t]*(?:#+[ \t]*)?")  # a line break within prose, or within a comment
DOCUMENT = re.compile(r"(?<![\w.{}/-])((?:[\w.-]+/)*\w[\w-]*\.md)\b")
QUOTED = re.compile(r'((?:[\w.-]+/)*\w[\w-]*\.md)\)?,?(?: under)? "([^"]+)"')
BARE = re.compile(r"\b([A-Z]{4,})(?:,? (?:steps?|sections?|bars|parts?|chapters?|appendix)\b)")
PLACEHOLDER = re.compile(r"(?:^|/)[A-Z]+/")  # docs/results/NAME/README.md


def headings(page: Path) -> set[str]:
    """Return the headings of a page, without marks."""
    lines = page.read_text(encoding="utf-8").splitlines()
    return {line.lstrip("#").strip() for line in lines if line.startswith("#")}


def missing(text: str, *, beside: Path = ROOT) -> Iterator[str]:
    """Yield what a text refers to and is not at the root, in docs/ or beside it."""
    prose = WRAP.sub(" ", URL.sub("", text))
    for name in DOCUMENT.findall(prose):
        written = name.endswith("README.md")  # a card, by the program; links are test_docs' work
        if _page(name, beside) is None and not (written or PLACEHOLDER.search(name)):
            yield name
    for name, heading in QUOTED.findall(prose):
        page = _page(name, beside)
        if page is not None and heading not in headings(page):
            yield f'{name}, "{heading}"'
    for name in BARE.findall(prose):
        if not (ROOT / f"{name}.md").is_file():
            yield name


def _page(name: str, beside: Path) -> Path | None:
    places = (ROOT / name, ROOT / "docs" / name, beside / name)
    return next((path for path in places if path.is_file()), None)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_documents_and_headings_that_are_referred_to_exist(path):
    assert list(missing(path.read_text(encoding="utf-8"), beside=path.parent)) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("relations are open (CERTIFICATE, step 4).", ["CERTIFICATE"]),
        ("a trial is scored by (DESIGN section 4)", ["DESIGN"]),
        ("did with more (CERTIFICATE, bars)", ["CERTIFICATE"]),
        ("beside the paper's (PAPER.md 3d)", ["PAPER.md"]),
        ("drawn as needed (docs/dada.md)", ["docs/dada.md"]),
        ('see docs/ranking.md, "Clams"', ['docs/ranking.md, "Clams"']),
        ('# see docs/ranking.md, "Where\n#   seeds go"', []),
        (
            '"""See docs/ranking.md, "Where\n    seeds wait".',
            ['docs/ranking.md, "Where seeds wait"'],
        ),
        ('[ranking.md](docs/ranking.md), under "Claims"', []),
        ('[ranking.md](docs/ranking.md), under "Clams"', ['docs/ranking.md, "Clams"']),
        ("CONTRIBUTING, section 2; https://example.org/NONE.md; docs/results/NAME/README.md", []),
        ("paper, Section 2.2; MBConv, part of it; `README.md`", []),
    ],
)
def test_references_to_what_is_not_there_are_found(text, found):
    assert list(missing(text)) == found


def test_nothing_is_left_unread():
    names = {path.relative_to(ROOT).as_posix() for path in FILES}
    assert {"README.md", "docs/ranking.md", "nas/spec/study.py", "pyproject.toml"} < names
    assert {"search_spaces/quickstart.yaml", "tests/conftest.py"} < names
