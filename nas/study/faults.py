"""Faults that no trial is to blame for: what a machine refuses, and failed trials given another go.

A full disk is no property of a candidate: it stops the study, costs no attempt, and whoever gives
the machine what it lacks goes on.
"""

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nas.errors import CheckpointError, MachineError
from nas.spec.paths import is_uri

UNREACHED = "see that the object store answers and lets this machine in"
_REMEDIES = {
    "ENOSPC": "free some space",
    "EDQUOT": "free some space, or raise the quota",
    "EFBIG": "allow larger files (`ulimit -f`)",
    "EROFS": "make the file system writable",
    "EIO": "see to the disk",
    "EREMOTEIO": UNREACHED,
    "ESTALE": "mount the file system again",
    "ENOTCONN": "mount the file system again",
    "EMFILE": "allow more open files (`ulimit -n`)",
    "ENFILE": "allow more open files (sysctl fs.file-max)",
}
_OTHER = "make it writable"
_SAID = re.compile(r"\[[Ee]rrno (\d+)\]")


@dataclass(frozen=True, kw_only=True, slots=True)
class MachineFault:
    """What a machine refused, where, and how much room there was just then."""

    error: str  # the name of its errno: "ENOSPC"
    path: str = ""  # empty: nobody knows
    free: int | None = None  # bytes

    @property
    def what(self) -> str:
        """The path, the system's words and the room there was."""
        number = getattr(errno, self.error, None)
        words = self.error if number is None else os.strerror(number)
        room = "" if self.free is None else f" ({self.free:,} bytes free)"
        return ": ".join(part for part in (self.path, words + room) if part)

    @property
    def remedy(self) -> str:
        """What a user can do."""
        return _REMEDIES.get(self.error, _OTHER)

    def stops(self, place: Path | str, *, again: str = "nas resume") -> MachineError:
        """Return the error that ends the study at `place` for now."""
        return MachineError(self.what, remedy=self.remedy, then=f"`{again} {place}`")


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialsRetried:
    """The user gave every trial that had failed by then a fresh set of attempts."""

    kind: Literal["retried"] = "retried"
    at: float


def machine_fault(error: BaseException, *, where: Path | None = None) -> MachineFault | None:
    """Return the fault of the machine behind an error; None where something else is to blame.

    A checkpoint that cannot be written is one whatever the system says. `where` is named if the
    error names no path.
    """
    found: BaseException | None = error
    unwritten = False
    for _ in range(20):  # a chain may be a ring
        if isinstance(found, OSError):
            fault = refused(found, found.filename or where or "")
            if unwritten or fault.error in _REMEDIES:
                return fault
        unwritten = isinstance(found, CheckpointError) and found.__cause__ is not None
        if found is not None:
            found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)
    return None


def refused(error: OSError, path: Path | str) -> MachineFault:
    """Return the fault of a machine that did not write to `path`, whatever the system says."""
    if is_uri(str(path)):
        return MachineFault(error="EREMOTEIO", path=f"{path}: {error.strerror}")
    name = errno.errorcode.get(error.errno or 0, "") or _said(str(error))
    return _fault(name, Path(path))


def told_fault(text: str, *, where: Path) -> MachineFault | None:
    """Return the fault that the words of an error tell of, where there is no more than these."""
    name = _said(text)
    return _fault(name, where) if name in _REMEDIES else None


@contextmanager
def stopping(place: Path | str, *, again: str = "nas resume") -> Iterator[None]:
    """Turn whatever a fault of the machine raised into the error that says how to go on.

    Raises:
        MachineError: the machine refused; `again` PLACE goes on.
    """
    try:
        yield
    except MachineError:
        raise
    except Exception as error:
        fault = machine_fault(error, where=None if is_uri(str(place)) else Path(place))
        if fault is None:
            raise
        raise fault.stops(str(place), again=again) from error


def _said(text: str) -> str:
    match = _SAID.search(text)
    return "unknown error" if match is None else errno.errorcode.get(int(match[1]), match[0])


def _fault(name: str, path: Path) -> MachineFault:
    if path == Path():
        return MachineFault(error=name)
    return MachineFault(error=name, path=str(path), free=free_bytes(path))


def free_bytes(path: Path) -> int | None:
    """Return the room where `path` is or would be; None where even that is not to be had."""
    for folder in (path, *path.absolute().parents):
        try:
            return shutil.disk_usage(folder).free
        except OSError:
            continue
    return None
