"""The study's truth on disk: an append-only file of checksummed records with one writer.

A line is ``LENGTH CRC JSON``, both in eight hexadecimal digits. The CRC continues that of the line
before, so a record that is altered, dropped or moved is noticed. A last line that stops early is a
torn write, never acknowledged, and is cut off; anything else that does not fit is corruption.
"""

import fcntl
import os
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, TypeAdapter, ValidationError

from nas.errors import JournalCorruptError, JournalError
from nas.study.faults import refused, stopping
from nas.study.records import Record

FILE, LOCK = "records.jsonl", "lock"
_HEADER = len("00000000 00000000 ")
_CODEC: TypeAdapter[Record] = TypeAdapter(Annotated[Record, Field(discriminator="kind")])


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """A place between two records of a journal, from which reading can go on."""

    size: int  # bytes before it
    crc: int  # of all records before it
    records: int  # before it


START = Position(size=0, crc=0, records=0)


def encode(record: Record) -> bytes:
    """Return the record as one line of JSON, without a line break."""
    return _CODEC.dump_json(record)


def decode(text: bytes | str) -> Record:
    """Return the record that `encode` wrote.

    Raises:
        ValueError: the text is not a record.
    """
    return _CODEC.validate_json(text)


def read_from(folder: Path, position: Position) -> tuple[list[Record], Position]:
    """Return the records after `position`, and the position behind the last of them.

    Nothing before `position` is read. A torn tail is left for later: the next call takes the
    record once it is whole. Takes no lock, writes nothing.

    Raises:
        JournalError: the file cannot be read, or is shorter than `position`.
        JournalCorruptError: a record was altered after it was written.
    """
    records = []
    for record, behind in scan_from(folder, position):
        records.append(record)
        position = behind
    return records, position


def scan_from(folder: Path, position: Position) -> Iterator[tuple[Record, Position]]:
    """Yield the same records one by one, each with the position behind it.

    Raises:
        JournalError, JournalCorruptError: as `read_from`, when that record is asked for.
    """
    return _scan(folder / FILE, position)


def is_held(folder: Path) -> bool:
    """Tell whether a living driver has the journal open for writing."""
    try:
        with (folder / LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


class Journal:
    """The one writer. A record is on the disk when `append` returns, and survives `kill -9`."""

    def __init__(
        self,
        folder: Path,
        *,
        place: str | None = None,
        publish: Callable[[bytes], None] | None = None,
    ) -> None:
        """Take the lock, check every record and cut off a torn tail.

        `publish` keeps each line elsewhere first, where the truth is; `place` is what a user calls
        the study, by default the path of its folder.

        Raises:
            JournalError: another driver holds the journal, or it cannot be opened.
            JournalCorruptError: a record was altered after it was written.
            MachineError: the disk refuses.
        """
        self._path = folder / FILE
        self._publish = publish
        self._place = place or str(folder.parent)
        self._torn = False  # whether a refused record may be left behind the last one
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise JournalError(f"{folder}: cannot be written: {error.strerror}") from error
        if not _lock_for_writing(self._lock):
            os.close(self._lock)
            raise JournalError(
                f"{self._place}: another driver is running this study; wait for it or stop it"
            )
        try:
            with stopping(self._place):
                self.records = self._open()
        except BaseException:
            os.close(self._lock)
            raise

    def _open(self) -> list[Record]:
        records, self._end = read_from(self._path.parent, START)
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            self._cut()
            os.fsync(self._file)
            directory = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)
        except BaseException:
            os.close(self._file)
            raise
        return records

    def _cut(self) -> None:
        """Cut off whatever is behind the last record."""
        os.ftruncate(self._file, self._end.size)
        os.lseek(self._file, self._end.size, os.SEEK_SET)
        self._torn = False

    def append(self, record: Record) -> None:
        """Write one record through to the disk.

        Raises:
            JournalError: another driver has taken a published journal over.
            MachineError: the disk refused; the journal reads as before the call, and the same
                record or another may be appended.
        """
        body = encode(record)
        crc = zlib.crc32(body, self._end.crc)
        line = b"%08x %08x %b\n" % (len(body), crc, body)
        if self._publish is not None:
            self._publish(line)
        try:
            if self._torn:
                self._cut()
            self._torn = True
            written = os.write(self._file, line)
            while written < len(line):
                written += os.write(self._file, line[written:])
            os.fsync(self._file)
            self._torn = False
        except OSError as error:
            with suppress(OSError):  # a disk that refuses may refuse that too: the next one cuts
                self._cut()
            raise refused(error, self._path).stops(self._place) from error
        self._end = Position(
            size=self._end.size + len(line), crc=crc, records=self._end.records + 1
        )

    @property
    def place(self) -> str:
        """What a user calls the study."""
        return self._place

    @property
    def position(self) -> Position:
        """Behind the last record."""
        return self._end

    def close(self) -> None:
        """Let go of the lock; further appends fail."""
        os.close(self._file)
        os.close(self._lock)

    def __enter__(self) -> Self:
        """Return the open journal."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


def _lock_for_writing(descriptor: int) -> bool:
    """Take the lock; tried for a second, since `is_held` holds it for an instant to ask."""
    for _ in range(20):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.05)
        else:
            return True
    return False


def _scan(path: Path, position: Position) -> Iterator[tuple[Record, Position]]:
    """Yield each record after `position` with the position behind it."""
    content = _content(path, position.size)
    start, crc, number = 0, position.crc, position.records + 1
    while start < len(content):
        end = content.find(b"\n", start)
        if end < 0:
            if _is_torn(content[start:]):
                return
            raise _corrupt(path, number)
        line = content[start:end]
        body = line[_HEADER:]
        crc = zlib.crc32(body, crc)
        if line[:_HEADER] != b"%08x %08x " % (len(body), crc):
            raise _corrupt(path, number)
        try:
            record = decode(body)
        except ValidationError as error:
            raise JournalCorruptError(
                f"{path}:{number}: a record this version does not know; a newer one wrote it"
            ) from error
        start = end + 1
        yield record, Position(size=position.size + start, crc=crc, records=number)
        number += 1


def _content(path: Path, start: int) -> bytes:
    """Return the file from byte `start` on; a file that is not there yet is empty."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(start)
            content = file.read()
    except FileNotFoundError:
        size, content = 0, b""
    except OSError as error:
        raise JournalError(f"{path}: cannot be read: {error.strerror}") from error
    if size < start:
        raise JournalError(
            f"{path}: has {size:,} bytes, but {start:,} were read before: it was cut or replaced; "
            "open the study again"
        )
    return content


def _is_torn(tail: bytes) -> bool:
    """Tell a write that stopped early from a whole line whose line break was altered.

    A power cut may leave zeros, as many as were to be written, in place of what was not.
    """
    tail = tail.rstrip(b"\0")
    if not tail:
        return True
    try:
        expected = _HEADER + int(tail[:8], 16) + 1
    except ValueError:
        return len(tail) < _HEADER
    return len(tail) < expected


def _corrupt(path: Path, number: int) -> JournalCorruptError:
    return JournalCorruptError(
        f"{path}:{number}: checksum does not match; restore the file from a backup"
    )
