"""The hub's local cache: what is found in it, and what is no name."""

import os
from pathlib import Path

import pytest

from coatnet.hub import cache_folder, find

COMMIT, OLDER = "0123456789abcdef" * 2 + "01234567", "f" * 40


def snapshot(cache: Path, commit: str, *refs: str, repository: str = "models--org--name") -> Path:
    """Lay out one commit as the hub's library does, its file a link to a blob."""
    blob = cache / repository / "blobs" / f"b{commit}"
    blob.parent.mkdir(parents=True, exist_ok=True)
    blob.write_text("{}")
    folder = cache / repository / "snapshots" / commit
    folder.mkdir(parents=True)
    (folder / "config.json").symlink_to(os.path.relpath(blob, folder))
    for ref in refs:
        path = cache / repository / "refs" / ref
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(commit)
    return folder


@pytest.fixture
def cache(tmp_path):
    """A cache of one repository, with two commits."""
    snapshot(tmp_path, COMMIT, "main", "refs/pr/1")
    snapshot(tmp_path, OLDER, "v1.0")
    return tmp_path


@pytest.mark.parametrize(
    ("revision", "commit"),
    [(None, COMMIT), ("main", COMMIT), ("v1.0", OLDER), ("refs/pr/1", COMMIT), (OLDER, OLDER)],
)
def test_a_revision_is_found(cache, revision, commit):
    found = find("org/name", revision=revision, cache_dir=cache)
    assert found == cache / "models--org--name" / "snapshots" / commit
    assert (found / "config.json").read_text() == "{}"


def test_a_name_without_an_owner_is_found(tmp_path):
    folder = snapshot(tmp_path, COMMIT, "main", repository="models--name")
    assert find("name", cache_dir=tmp_path) == folder


def test_the_hubs_own_library_finds_the_same(cache):
    hub = pytest.importorskip("huggingface_hub")
    for revision in (None, "v1.0", "refs/pr/1", OLDER):
        theirs = hub.try_to_load_from_cache(
            "org/name", "config.json", cache_dir=cache, revision=revision
        )
        ours = find("org/name", revision=revision, cache_dir=cache)
        assert Path(theirs) == ours / "config.json"


@pytest.mark.parametrize(
    ("name", "revision", "command"),
    [
        ("org/other", None, "`hf download org/other`"),
        ("org/name", "v2", "`hf download org/name --revision v2`"),
        ("org/name", "e" * 40, "`hf download org/name --revision e"),
    ],
)
def test_what_is_not_there_is_one_line_with_the_command(cache, name, revision, command):
    with pytest.raises(FileNotFoundError) as caught:
        find(name, revision=revision, cache_dir=cache)
    assert command in str(caught.value)
    assert str(cache) in str(caught.value)
    assert "\n" not in str(caught.value)


NO_NAMES = [
    "",
    "...",
    "../no/folder",
    "org/..",
    "org/../../etc",
    "/etc/nothing",
    "org/name/more",
    "org//name",
    "org/",
    "./name",
    "~/name",
    "a..b/name",
    "a--b/name",
    "org/name.git",
    "-org/name",
    "org/name-",
    "org/.name",
    "org\\name",
    "org/na me",
    "org/name\n",
    "org/name\0",
    "org/näme",
    "org/" + "n" * 97,
    "n" * 5000,
]


@pytest.mark.parametrize("name", NO_NAMES)
def test_what_is_no_name_never_becomes_a_path(cache, name):
    with pytest.raises(ValueError, match="is neither a folder nor a repository's name") as caught:
        find(name, cache_dir=cache)
    assert "\n" not in str(caught.value)


def test_names_are_those_of_the_hubs_own_library(cache):
    validators = pytest.importorskip("huggingface_hub.utils._validators")
    for name in NO_NAMES:
        with pytest.raises(validators.HFValidationError):
            validators.validate_repo_id(name)
    for name in ("name", "_a/b_", "a.b/c-d_e.f", "a/b.gitx", "o/" + "n" * 96, "o/n"):
        validators.validate_repo_id(name)
        with pytest.raises(FileNotFoundError, match="hf download"):
            find(name, cache_dir=cache)


@pytest.mark.parametrize(
    "revision",
    ["..", "a..b", "../../x", "/etc", "a/../b", "a//b", ".hidden", "a b", "a\n", "x" * 201],
)
def test_what_is_no_revision_never_becomes_a_path(cache, revision):
    with pytest.raises(ValueError, match="revision must be a branch, a tag or a commit id"):
        find("org/name", revision=revision, cache_dir=cache)


@pytest.mark.parametrize("content", ["../../..", "", "main", "g" * 40, "\xff", "a" * 39])
def test_a_reference_to_no_commit_leads_nowhere(cache, content):
    (cache / "models--org--name" / "refs" / "main").write_bytes(content.encode("latin-1"))
    with pytest.raises(FileNotFoundError, match="hf download"):
        find("org/name", cache_dir=cache)


def test_a_folder_goes_first_and_has_no_revision(cache, tmp_path, monkeypatch):
    (tmp_path / "here" / "org" / "name").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    assert find("org/name", cache_dir=cache) == Path("org/name")
    with pytest.raises(ValueError, match="is a folder: it has no revision 'v1'"):
        find("org/name", revision="v1", cache_dir=cache)


def test_a_path_is_never_a_repository(cache):
    with pytest.raises(FileNotFoundError, match="org/name is not a folder"):
        find(Path("org/name"), cache_dir=cache)


def test_where_the_cache_is(cache, monkeypatch):
    home = Path.home()
    assert cache_folder({}) == home / ".cache" / "huggingface" / "hub"
    assert cache_folder({"XDG_CACHE_HOME": "/x"}) == Path("/x/huggingface/hub")
    assert cache_folder({"XDG_CACHE_HOME": "/x", "HF_HOME": "~/h"}) == home / "h" / "hub"
    assert cache_folder({"HF_HOME": "/h", "HUGGINGFACE_HUB_CACHE": "/old"}) == Path("/old")
    assert cache_folder({"HF_HUB_CACHE": "/c", "HUGGINGFACE_HUB_CACHE": "/old"}) == Path("/c")
    monkeypatch.setenv("HF_HUB_CACHE", str(cache))
    assert find("org/name").name == COMMIT
