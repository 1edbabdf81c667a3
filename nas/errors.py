"""The tree of errors a user can meet; each prints as one line and carries its exit code."""

from typing import ClassVar


class NasError(Exception):
    """Root of the tree: the work failed (exit code 1)."""

    exit_code: ClassVar[int] = 1


class SpecError(NasError, ValueError):
    """A spec, flag or value is wrong (exit code 2).

    Prints as ``file:line: key.path: message``; parts that are not known are left out. `others` are
    what else is wrong with the same spec, each a line of its own.
    """

    exit_code: ClassVar[int] = 2

    def __init__(
        self,
        message: str,
        *,
        key: str = "",
        file: str = "",
        line: int | None = None,
        others: "tuple[SpecError, ...]" = (),
    ) -> None:
        super().__init__(message)
        self.message, self.key, self.file, self.line = message, key, file, line
        self.others = others

    def __str__(self) -> str:
        """Return the one line shown to the user."""
        place = f"{self.file}:{self.line}" if self.line is not None else self.file
        return ": ".join(part for part in (place, self.key, self.message) if part)


class StudyExistsError(SpecError):
    """A study of that name is already there."""


class DataError(NasError, ValueError):
    """The data cannot be read as images and labels (exit code 1)."""


class NoClusterError(NasError, ConnectionError):
    """No Ray cluster answers, or it can never run the trials (exit code 3)."""

    exit_code: ClassVar[int] = 3


class NotFoundError(NasError, LookupError):
    """A study, trial or file that was named does not exist (exit code 4)."""

    exit_code: ClassVar[int] = 4


class MachineError(NasError):
    """The machine refused: no space, an I/O error, no more handles (exit code 1).

    What is recorded stays, and no trial is to blame. `what` happened is said with its `remedy` and
    what to do `then`.
    """

    def __init__(self, what: str, *, remedy: str, then: str = "try again") -> None:
        super().__init__(f"{what}; {remedy}, then {then}")
        self.what, self.remedy = what, remedy


class JournalError(NasError, OSError):
    """The journal cannot be opened, or is held by another driver (exit code 1)."""


class JournalCorruptError(JournalError):
    """A record's checksum does not match: the journal was altered after it was written."""


class CheckpointError(NasError, OSError):
    """No intact checkpoint where one was promised, or none can be written (exit code 1)."""
