"""Every error is one line, has an exit code of its kind and is caught as what it is."""

import pytest

from nas import errors
from nas.errors import (
    CheckpointError,
    DataError,
    JournalCorruptError,
    JournalError,
    MachineError,
    NasError,
    NoClusterError,
    NotFoundError,
    SpecError,
    StudyExistsError,
)

TREE = {
    SpecError: (2, ValueError),
    StudyExistsError: (2, SpecError),
    DataError: (1, ValueError),
    NoClusterError: (3, ConnectionError),
    NotFoundError: (4, LookupError),
    JournalError: (1, OSError),
    JournalCorruptError: (1, JournalError),
    CheckpointError: (1, OSError),
}


def test_the_tree_is_whole():
    there = {each for each in vars(errors).values() if isinstance(each, type)}
    assert there == TREE.keys() | {NasError, MachineError}
    assert NasError.exit_code == MachineError.exit_code == 1


def test_a_machine_that_refuses_is_said_with_what_to_do():
    error = MachineError("a/b: No space left on device", remedy="free some space")
    assert str(error) == "a/b: No space left on device; free some space, then try again"
    assert not isinstance(error, OSError), "nothing that may be left out for lack of a disk"


@pytest.mark.parametrize("kind", TREE)
def test_each_has_its_code_and_a_standard_base(kind):
    code, base = TREE[kind]
    assert kind.exit_code == code
    assert issubclass(kind, NasError)
    assert issubclass(kind, base)
    assert str(kind("what happened")) == "what happened"


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ({"file": "a.yaml", "line": 3, "key": "data.train"}, "a.yaml:3: data.train: must be 1"),
        ({"file": "a.yaml", "key": "data.train"}, "a.yaml: data.train: must be 1"),
        ({"file": "a.yaml", "line": 3}, "a.yaml:3: must be 1"),
        ({"key": "data.train"}, "data.train: must be 1"),
    ],
)
def test_a_spec_error_says_where_as_far_as_is_known(place, line):
    assert str(SpecError("must be 1", **place)) == line
