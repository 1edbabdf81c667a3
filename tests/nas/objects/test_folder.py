"""Objects are put whole, put once, or put in place of what was read; all errors are of one kind."""

import pickle

import pytest

from nas.errors import SpecError
from nas.objects.folder import ObjectFolder, StoreError, object_folder


@pytest.fixture
def folder(bucket):
    return object_folder(f"{bucket}/studies/mine/", key="--study")


def test_what_was_put_is_read(folder):
    assert folder.read("a") is None
    folder.put("a", b"1")
    folder.put("a", b"2")
    assert folder.read("a").content == b"2"
    assert [each and each.content for each in folder.read_all(["b", "a"])] == [None, b"2"]


def test_an_object_is_put_once(folder):
    assert folder.put_new("a", b"1")
    assert not folder.put_new("a", b"2")
    assert folder.put_new("a", b"1"), "a request that is sent again meets its own object"
    assert folder.read("a").content == b"1"


def test_an_object_is_replaced_as_it_was_read(folder):
    folder.put("a", b"1")
    seen = folder.read("a")
    assert folder.replace("a", b"2", seen)
    assert not folder.replace("a", b"3", seen)
    assert folder.replace("a", b"2", seen), "a request that is sent again meets its own object"
    assert folder.read("a").content == b"2"


def test_names_are_those_in_it_and_sorted(folder):
    inner = folder / "journal"
    for name in ("c", "a", "b"):
        inner.put(name, b"")
    folder.put("z", b"")
    assert inner.names() == ["a", "b", "c"]
    assert inner.names(after="a") == ["b", "c"]
    inner.remove(["a", "nothing", "c"])
    assert inner.names() == ["b"]
    assert folder.names() == ["journal/b", "z"]


def test_a_worker_is_sent_no_more_than_the_names(folder):
    inner = folder / "trials" / "0001"
    assert str(inner).endswith("/studies/mine/trials/0001")
    assert pickle.loads(pickle.dumps(inner)) == inner


def test_all_that_goes_wrong_is_one_error(folder, object_server):
    for call in (
        lambda: folder.read("a"),
        lambda: folder.put("a", b""),
        lambda: folder.put_new("a", b""),
        folder.names,
        lambda: folder.remove(["a"]),
    ):
        object_server.refuse = lambda _request: 403
        with pytest.raises(StoreError) as raised:
            call()
        object_server.refuse = None
        assert "403" in raised.value.strerror
        assert raised.value.filename.startswith("s3://bucket-")
        assert "\n" not in str(raised.value)
    again = pickle.loads(pickle.dumps(raised.value))
    assert (again.strerror, again.filename) == (raised.value.strerror, raised.value.filename)


def test_a_bucket_that_is_not_there_is_named(folder):
    nowhere = ObjectFolder("s3://no-such-bucket/a")
    with pytest.raises(StoreError, match="NoSuchBucket 404 Not Found"):
        nowhere.put("a", b"")
    with pytest.raises(StoreError, match="NoSuchBucket"):
        nowhere.read("a")


def test_a_server_error_is_tried_again(folder, object_server):
    failures = iter([500, 503])
    object_server.refuse = lambda _request: next(failures, None)
    folder.put("a", b"1")
    assert folder.read("a").content == b"1"


@pytest.mark.parametrize(
    "uri",
    [
        *("s3://bucket", "s3://bucket/", "s3:///a", "ftp://b/a", "s3://b//a", "s3://b/../a"),
        *("s3://b/a?x", "s3://b/a b\n", "s3://key:secret@b/a", "s3://b/a%2f", "/a/b"),
    ],
)
def test_what_is_no_place_for_a_study_is_refused(uri):
    with pytest.raises(SpecError, match="--study"):
        object_folder(uri, key="--study")
