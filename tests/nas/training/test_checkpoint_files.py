"""Checkpoints in an object store are those in a folder, and two workers at once are told apart."""

import pickle

import pytest
import torch

from nas.errors import CheckpointError
from nas.objects.folder import StoreError, object_folder
from nas.study.faults import machine_fault
from nas.training.checkpoint import MANIFEST, newest, save
from nas.training.checkpoint_files import FolderFiles, ObjectFiles, files_at
from tests.nas.training.test_checkpoint import make


@pytest.fixture(params=["folder", "store"])
def place(request, tmp_path):
    if request.param == "folder":
        return tmp_path / "trials" / "0001"
    uri = f"{request.getfixturevalue('bucket')}/mine"
    return object_folder(uri, key="--study") / "trials" / "0001"


def test_what_was_saved_is_read_and_the_newest_two_are_kept(place):
    assert newest(place) is None
    for epoch in (1, 2, 3):
        save(place, make(epoch), attempt=1)
    found = newest(place)
    assert found is not None
    assert found.history == make(3).history
    assert all(torch.equal(found.tensors[name], of) for name, of in make(3).tensors.items())
    names = {f"epoch-000{epoch}-a1.{kind}" for epoch in (2, 3) for kind in ("json", "safetensors")}
    assert set(files_at(place).names()) == {MANIFEST, *names}


def test_a_damaged_checkpoint_is_passed_over(place, caplog):
    for epoch in (1, 2):
        save(place, make(epoch), attempt=1)
    files_at(place).write("epoch-0002-a1.safetensors", b"damaged")
    found = newest(place)
    assert found is not None
    assert found.epoch == 1
    assert "epoch-0002-a1" in caplog.text
    files_at(place).remove(["epoch-0001-a1.json", "never there"])
    assert newest(place) is None
    assert "training starts over" in caplog.text


def test_an_attempt_that_was_given_up_writes_nothing_more(place):
    save(place, make(1), attempt=1)
    save(place, make(1), attempt=2)
    with pytest.raises(CheckpointError, match="superseded"):
        save(place, make(2), attempt=1)


def test_of_two_workers_of_an_object_store_at_once_one_succeeds(bucket, monkeypatch):
    place = object_folder(f"{bucket}/mine", key="--study") / "0001"
    save(place, make(1), attempt=1)
    write = ObjectFiles.write_manifest

    def late(self, name, content):
        monkeypatch.setattr(ObjectFiles, "write_manifest", write)
        save(place, make(2), attempt=2)
        return write(self, name, content)

    monkeypatch.setattr(ObjectFiles, "write_manifest", late)
    with pytest.raises(CheckpointError, match="superseded by another worker"):
        save(place, make(2), attempt=1)
    names = files_at(place).names()
    assert "epoch-0002-a2.json" in names
    found = newest(place)
    assert found is not None
    assert found.epoch == 2


def test_a_store_that_refuses_is_a_fault_of_the_machine_and_costs_no_attempt(bucket, object_server):
    place = object_folder(f"{bucket}/mine", key="--study") / "0001"
    save(place, make(1), attempt=1)
    object_server.refuse = lambda _request: 403
    with pytest.raises(CheckpointError, match="403") as raised:
        save(place, make(2), attempt=1)
    fault = machine_fault(raised.value)
    assert fault is not None
    assert "s3://" in fault.what
    assert "lets this machine in" in fault.remedy
    with pytest.raises(StoreError):
        newest(place)
    object_server.refuse = None
    found = newest(pickle.loads(pickle.dumps(place)))
    assert found is not None
    assert found.epoch == 1


def test_each_place_has_its_files(tmp_path):
    assert isinstance(files_at(tmp_path), FolderFiles)
    assert isinstance(files_at(object_folder("s3://bucket/a", key="--study")), ObjectFiles)
