"""The cache is this user's alone; that copies are found in it again `test_copies` tells."""

from nas.study.cache import NAME, cache_folder


def test_it_is_where_the_user_says(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert cache_folder() == tmp_path / "x" / NAME
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / NAME
    assert cache_folder().is_dir()


def test_what_another_user_could_have_made_is_not_taken(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/none")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    first = cache_folder()
    assert cache_folder() == first
    first.parent.rename(tmp_path / "away")
    first.parent.symlink_to(tmp_path / "away")
    assert cache_folder().parent != first.parent
