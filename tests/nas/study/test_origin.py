"""What a study was made with, where there is a repository and where there is none."""

import subprocess

from nas.study.origin import git_commit, versions


def test_versions_are_those_of_installed_libraries():
    assert {"numpy", "torch"} <= versions().keys()


def test_a_commit_says_whether_anything_was_changed_since(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert git_commit() is None
    identity = ("-c", "user.name=a", "-c", "user.email=a@b")
    for words in (("init", "-q"), (*identity, "commit", "-q", "--allow-empty", "-m", "a")):
        subprocess.run(["git", *words], check=True)
    clean = git_commit()
    assert clean is not None
    assert len(clean) == 40
    (tmp_path / "new").touch()
    assert git_commit() == f"{clean}+changes"
