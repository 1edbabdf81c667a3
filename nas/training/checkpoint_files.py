"""The files of a trial's checkpoints: in a folder that all workers see, or in an object store."""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from nas.objects.folder import ObjectFolder, Stored
from nas.study.storage import replacing, sync_folder

Place = Path | ObjectFolder  # of the checkpoints of one trial, or of all, a folder each


class Files(Protocol):
    """What `nas.training.checkpoint` does with files; each call may raise OSError."""

    def read(self, name: str) -> bytes:
        """Return a file; FileNotFoundError where there is none."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Write a file that stands whole or not at all, also after a power cut."""
        ...

    def read_manifest(self, name: str) -> bytes:
        """Return the file that names the others, which is remembered for `write_manifest`."""
        ...

    def write_manifest(self, name: str, content: bytes) -> bool:
        """Write it last; False if another worker wrote it since it was read, where that is seen."""
        ...

    def names(self) -> list[str]:
        """Return what there is."""
        ...

    def remove(self, names: Iterable[str]) -> None:
        """Remove files; those that are not there are passed over."""
        ...


class FolderFiles:
    """In a folder, made if missing. Writers are told apart by their attempts alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> bytes:
        """Return a file."""
        return (self._folder / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        """Write a file; its name is on the disk once a manifest is."""
        if not self._folder.is_dir():
            self._folder.mkdir(parents=True, exist_ok=True)
            sync_folder(self._folder.parent)
        with replacing(self._folder / name, durable=True) as beside:
            beside.write_bytes(content)

    def read_manifest(self, name: str) -> bytes:
        """Return the manifest."""
        return self.read(name)

    def write_manifest(self, name: str, content: bytes) -> bool:
        """Write the manifest, and the names of all files through to the disk."""
        self.write(name, content)
        sync_folder(self._folder)  # before the epoch is reported: a power cut may take a name
        return True

    def names(self) -> list[str]:
        """Return what there is."""
        return [path.name for path in self._folder.iterdir()]

    def remove(self, names: Iterable[str]) -> None:
        """Remove files."""
        for name in names:
            (self._folder / name).unlink(missing_ok=True)


class ObjectFiles:
    """In an object store, which puts a manifest only in place of the one that was read."""

    def __init__(self, folder: ObjectFolder) -> None:
        self._folder = folder
        self._seen: Stored | None = None

    def read(self, name: str) -> bytes:
        """Return an object."""
        return self._read(name).content

    def write(self, name: str, content: bytes) -> None:
        """Put an object."""
        self._folder.put(name, content)

    def read_manifest(self, name: str) -> bytes:
        """Return the manifest."""
        self._seen = None
        self._seen = self._read(name)
        return self._seen.content

    def write_manifest(self, name: str, content: bytes) -> bool:
        """Put the manifest where it is as it was read."""
        if self._seen is None:
            return self._folder.put_new(name, content)
        return self._folder.replace(name, content, self._seen)

    def names(self) -> list[str]:
        """Return what there is."""
        return self._folder.names()

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects."""
        self._folder.remove(names)

    def _read(self, name: str) -> Stored:
        found = self._folder.read(name)
        if found is None:
            raise FileNotFoundError(f"{self._folder}/{name}: no such object")
        return found


def files_at(place: Place) -> Files:
    """Return the files of a place."""
    return FolderFiles(place) if isinstance(place, Path) else ObjectFiles(place)
