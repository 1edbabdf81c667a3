"""Files and folders that stand whole or not at all; a folder's JSON file says what it is."""

import json
import os
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nas.errors import MachineError, NotFoundError, SpecError, StudyExistsError
from nas.study.faults import machine_fault


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderKind:
    """A kind of folder: `file` in it has the number of its `format` and what the kind needs."""

    word: str  # for messages: study, sweep
    file: str
    format: int  # that is written
    reads: frozenset[int]  # formats that are understood; the one written is among them

    def is_at(self, folder: Path) -> bool:
        """Whether `folder` is one."""
        return (folder / self.file).is_file()

    def listed(self, root: Path) -> Iterator[Path]:
        """Yield those directly under `root`, by name; other folders are passed over."""
        if root.is_dir():
            for folder in sorted(root.iterdir()):
                if not folder.name.startswith(".") and self.is_at(folder):
                    yield folder

    def refuse_existing(self, folder: Path) -> None:
        """Check that one can be created at `folder`.

        Raises:
            StudyExistsError: there is something already.
        """
        if self.is_at(folder):
            raise StudyExistsError(
                f"there is a {self.word} at {folder}; `nas resume {folder}` goes on with it, "
                "`--study OTHER` begins another"
            )
        if folder.exists():
            raise StudyExistsError(
                f"{folder} exists and is no {self.word}; `--study OTHER` goes elsewhere"
            )

    @contextmanager
    def creating(
        self, folder: Path, values: Mapping[str, Any], *, private: bool = False
    ) -> Iterator[Path]:
        """Fill a folder under another name; of several processes at once one succeeds.

        Who may read it the umask says, unless it is `private`: then nobody else.

        Raises:
            StudyExistsError: there is something at `folder` already.
            SpecError: the folder cannot be created.
            MachineError: the machine refused.
        """
        staged = folder.parent / f".{folder.name}.{uuid.uuid4().hex[:8]}"
        missing = [above for above in folder.parents if not above.exists()]
        try:
            staged.mkdir(mode=0o700 if private else 0o777, parents=True)
            yield staged
            write_json(staged / self.file, {"format": self.format, **values})
            for filled in (staged, *(path for path in staged.iterdir() if path.is_dir())):
                sync_folder(filled)  # else a power cut may leave the folder without its names
            staged.rename(folder)  # atomic, and refused when the folder has anything in it
            for above in folder.parents[: len(missing) + 1]:
                sync_folder(above)
        except OSError as error:
            self.refuse_existing(folder)
            if (fault := machine_fault(error)) is not None:
                what = replace(fault, path=str(folder)).what
                raise MachineError(what, remedy=fault.remedy) from error
            message = f"{folder}: cannot be created: {error.strerror}"
            raise SpecError(message, key="--study") from error
        finally:
            shutil.rmtree(staged, ignore_errors=True)

    @contextmanager
    def reading(self, folder: Path) -> Iterator[dict[str, Any]]:
        """Hand out what the file says; what the caller cannot use of it is a damaged file.

        Raises:
            NotFoundError: there is none.
            SpecError: it is damaged, or of another format.
        """
        path = folder / self.file
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            if values["format"] not in self.reads:
                raise SpecError(
                    f"format {values['format']} is newer than format {self.format}: this "
                    f"{self.word} needs a newer version of this program",
                    file=str(path),
                )
            yield values
        except FileNotFoundError as error:
            raise NotFoundError(f"{folder}: no {self.word} there") from error
        except SpecError:
            raise
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = f"not a {self.word} file: {error}".splitlines()[0]
            raise SpecError(message, file=str(path)) from error


_BESIDE = re.compile(r"\.(.+)\.[0-9a-f]{8}\.partial")


@contextmanager
def replacing(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """Yield a name beside `path` to write under; a reader sees the old file or the new, whole.

    With `durable` the content is on the disk before `path` names it. Without, a power cut may leave
    an empty file: enough for what is rebuilt at will.

    Raises:
        OSError: the file cannot be written, and its `filename` is `path`, which is as it was.
    """
    # Not the process's number: two computers that share the folder may both have it.
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.partial")
    try:
        yield beside
        if durable:
            with beside.open("r+b") as file:
                os.fsync(file.fileno())
        beside.rename(path)
    except OSError as error:
        if error.errno is not None and str(error.filename or beside) == str(beside):
            error.filename = str(path)
        raise
    finally:
        beside.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Write the names in a folder through to the disk: a file's own sync leaves its name out.

    Raises:
        OSError: the disk refuses.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def meant_for(name: str) -> str | None:
    """Return the name of the file that a leftover of `replacing` was to be; None of other files.

    Before 0.2 a leftover was called after its file, with `.partial` at the end.
    """
    if match := _BESIDE.fullmatch(name):
        return match[1]
    return name.removesuffix(".partial") if name.endswith(".partial") else None


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write values that survive a power cut once their folder is renamed into place.

    Raises:
        OSError: the file cannot be written.
    """
    with replacing(path, durable=True) as beside:
        beside.write_text(json.dumps(values, indent=1, ensure_ascii=False), encoding="utf-8")
