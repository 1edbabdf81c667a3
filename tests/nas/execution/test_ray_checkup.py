"""A node says whether it shares a folder: by a nonce that the driver wrote there."""

import pytest

from nas.execution.ray_checkup import look_everywhere, look_here, remove_nonce, write_nonce
from nas.objects.folder import object_folder


def test_a_folder_is_shared_where_its_nonce_is_read(tmp_path):
    write_nonce(str(tmp_path / "s"), "abc")
    assert look_here(str(tmp_path / "s"), "abc").reads_storage
    assert not look_here(str(tmp_path / "s"), "other").reads_storage
    elsewhere = look_here(str(tmp_path / "none"), "abc")
    assert not elsewhere.reads_storage
    assert not elsewhere.writes_storage
    remove_nonce(str(tmp_path / "s"), "abc")
    assert not (tmp_path / "s" / ".nas-doctor-abc").exists()


def test_an_object_store_is_looked_at_as_a_folder_is(bucket, object_server):
    place = f"{bucket}/s"
    write_nonce(place, "abc")
    found = look_here(place, "abc")
    assert found.reads_storage
    assert found.writes_storage
    assert found.storage_free_bytes is None
    assert not look_here(place, "other").reads_storage
    object_server.refuse = lambda request: 403 if request["REQUEST_METHOD"] == "PUT" else None
    assert not look_here(place, "abc").writes_storage
    object_server.refuse = lambda _request: 403
    assert not look_here(place, "abc").reads_storage
    object_server.refuse = None
    for nonce in ("abc", "other"):
        remove_nonce(place, nonce)
    assert object_folder(place, key="--study").names() == []


@pytest.mark.slow
@pytest.mark.ray
def test_every_node_of_a_real_cluster_is_asked(tmp_path, monkeypatch):
    from nas.execution.ray_cluster import connect, disconnect

    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    write_nonce(str(tmp_path), "abc")
    connect(None)
    try:
        (facts,) = look_everywhere(str(tmp_path), "abc")
    finally:
        disconnect()
    assert facts.problem == ""
    assert facts.reads_storage
    assert facts.writes_storage
    assert dict(facts.libraries)["ray"]
    remove_nonce(str(tmp_path), "abc")
    assert list(tmp_path.iterdir()) == []
