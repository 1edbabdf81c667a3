"""What a machine refuses is told from what a trial is to blame for, and said with what to do."""

import errno
import os
from pathlib import Path

import pytest

from nas.errors import CheckpointError, DataError, MachineError
from nas.study.faults import (
    MachineFault,
    free_bytes,
    machine_fault,
    refused,
    stopping,
    told_fault,
)

OF_THE_MACHINE = ("ENOSPC", "EDQUOT", "EIO", "EROFS", "EMFILE", "ENFILE", "EFBIG", "ESTALE")


def refusal(name: str, *path: str) -> OSError:
    number = getattr(errno, name)
    return OSError(number, os.strerror(number), *path)


@pytest.mark.parametrize("name", OF_THE_MACHINE)
def test_a_fault_of_the_machine_is_known_by_its_number_and_has_a_remedy(name):
    fault = machine_fault(refusal(name, "a/b"))
    assert fault is not None
    assert (fault.error, fault.path) == (name, "a/b")
    assert os.strerror(getattr(errno, name)) in fault.what
    assert fault.remedy != MachineFault(error="EACCES").remedy


@pytest.mark.parametrize("name", ["ENOENT", "EACCES", "EEXIST", "ECONNRESET"])
def test_what_training_code_may_be_to_blame_for_is_none(name):
    assert machine_fault(refusal(name, "a/b")) is None
    assert machine_fault(ValueError("[Errno 28] No space left on device")) is None


def wrapped(how: str) -> Exception:
    try:
        try:
            raise refusal("ENOSPC", "a/b")
        except OSError as error:
            if how == "cause":
                raise DataError("cannot be kept") from error
            if how == "context":
                raise DataError("cannot be kept")  # noqa: B904 - as libraries do
            raise DataError("nothing to do with it") from None
    except DataError as error:
        return error


@pytest.mark.parametrize(("how", "found"), [("cause", True), ("context", True), ("none", False)])
def test_it_is_found_behind_what_a_library_raised_instead(how, found):
    assert (machine_fault(wrapped(how)) is not None) is found


def test_errors_that_are_each_others_cause_are_looked_through_once():
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert machine_fault(first) is None


def test_a_checkpoint_that_is_not_written_is_one_whatever_the_system_says():
    try:
        raise CheckpointError("cannot be written") from refusal("EACCES", "a/epoch-0001")
    except CheckpointError as error:
        fault = machine_fault(error)
    assert fault is not None
    assert (fault.error, fault.path) == ("EACCES", "a/epoch-0001")
    assert fault.remedy == "make it writable"
    assert machine_fault(CheckpointError("no intact checkpoint")) is None


def test_a_number_that_was_lost_on_the_way_is_read_from_the_words(tmp_path):
    error = OSError("Error writing bytes to file. Detail: [errno 28] No space left on device")
    assert refused(error, tmp_path).error == "ENOSPC"
    assert machine_fault(error, where=tmp_path) is not None
    told = told_fault("ray.exceptions.RayTaskError(OSError): [Errno 28] no", where=tmp_path)
    assert told is not None
    assert (told.error, told.path) == ("ENOSPC", str(tmp_path))
    assert told_fault("[Errno 2] No such file", where=tmp_path) is None
    assert told_fault("the worker died", where=tmp_path) is None


def test_it_is_said_in_one_line_with_the_room_there_is():
    fault = MachineFault(error="ENOSPC", path="a/b", free=4096)
    assert str(fault.stops(Path("studies/s"))) == (
        "a/b: No space left on device (4,096 bytes free); free some space, then "
        "`nas resume studies/s`"
    )
    assert MachineFault(error="EIO").what == "Input/output error"


def test_the_room_of_what_is_not_there_yet_is_that_of_where_it_would_be(tmp_path):
    free = free_bytes(tmp_path / "a" / "b")
    assert free is not None
    assert free > 0


def test_a_real_full_disk_stops_with_the_command_that_goes_on(small_disk):
    small_disk.fill()
    with pytest.raises(MachineError) as raised, stopping(small_disk.folder):
        (small_disk.folder / "report.html").write_bytes(bytes(100_000))
    assert str(raised.value) == (
        f"{small_disk.folder}: No space left on device (0 bytes free); free some space, then "
        f"`nas resume {small_disk.folder}`"
    )


def test_what_is_no_fault_of_the_machine_goes_on_as_it_is(tmp_path):
    with pytest.raises(FileNotFoundError), stopping(tmp_path):
        (tmp_path / "none").read_bytes()
    already = MachineError("what", remedy="do", then="so")
    with pytest.raises(MachineError) as raised, stopping(tmp_path):
        raise already
    assert raised.value is already
