"""An append-only log of write-once objects: of all who want the next number, one gets it.

Object N is put only where there is none. Its first line names the writer, the rest is what was
appended. A writer that takes over claims a number first, with nothing behind its name: whatever
wrote before then fails at its next append, however late it wakes.
"""

from nas.errors import JournalCorruptError, JournalError
from nas.objects.folder import ObjectFolder


class RecordLog:
    """The records of a study in an object store, as one writer sees them."""

    def __init__(self, folder: ObjectFolder, *, writer: str, next_number: int) -> None:
        """Append behind the objects that were read; `writer` is a name that no other has."""
        self.folder, self.writer, self.next_number = folder, writer, next_number
        self._lost = False

    def claim(self) -> bool:
        """Take the next number, so that no earlier writer can; False if there is one by now.

        Raises:
            StoreError: the store does not answer, or does not let us.
        """
        return self._put(b"")

    def append(self, lines: bytes) -> None:
        """Put lines under the next number; when it returns they are kept.

        After an error nothing more can be appended: whether the lines were kept is not known.

        Raises:
            JournalError: another driver has taken over.
            StoreError: the store does not answer, or does not let us.
        """
        if self._lost:
            raise JournalError(f"{self.folder}: an earlier record was not kept; resume the study")
        self._lost = True
        if not self._put(lines):
            raise JournalError(f"{self.folder}: another driver has taken this study over")
        self._lost = False

    def _put(self, lines: bytes) -> bool:
        content = f"driver {self.writer}\n".encode() + lines
        if not self.folder.put_new(name_of(self.next_number), content):
            return False
        self.next_number += 1
        return True


def read_after(folder: ObjectFolder, number: int) -> tuple[bytes, int]:
    """Return the lines of the objects from `number` on, and the number behind the last.

    Raises:
        StoreError: the store does not answer, or does not let us.
        JournalCorruptError: one of them is missing, or is none of ours.
    """
    names = folder.names(after=name_of(number - 1) if number else "")
    lines = []
    for name, found in zip(names, folder.read_all(names), strict=True):
        if name != name_of(number) or found is None:
            raise JournalCorruptError(
                f"{folder}: object {name_of(number)} is missing; restore it from a backup"
            )
        header, _, rest = found.content.partition(b"\n")
        if not header.startswith(b"driver "):
            raise JournalCorruptError(f"{folder}/{name}: not a record; restore it from a backup")
        lines.append(rest)
        number += 1
    return b"".join(lines), number


def name_of(number: int) -> str:
    """Return the name of an object; names sort as their numbers."""
    return f"{number:012d}"
