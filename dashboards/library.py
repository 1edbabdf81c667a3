"""The studies under a root, by address; an address is looked up and never made a path."""

import threading
from dataclasses import dataclass
from pathlib import Path

from dashboards.live import LiveStudy, Snapshot
from nas.errors import NasError, NotFoundError
from nas.study.folder import STUDY
from nas.study.sweep import SWEEP, open_sweep

SEPARATOR = "~"  # between a sweep and its study, in an address


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A study in the overview; `snapshot` is None until it is read, `error` says why it cannot."""

    address: str
    snapshot: Snapshot | None = None
    error: str = ""


class Library:
    """Finds studies and keeps each one's reader."""

    def __init__(self, root: Path) -> None:
        """Show what is under `root`, or the study that `root` is."""
        self._root = root
        self._live: dict[Path, LiveStudy] = {}
        self._lock = threading.Lock()
        self._errors: dict[Path, str] = {}

    def folders(self) -> dict[str, Path]:
        """Return the folder of each study by its address."""
        if STUDY.is_at(self._root):
            return {self._root.resolve().name: self._root}
        found = {folder.name: folder for folder in STUDY.listed(self._root)}
        for folder in SWEEP.listed(self._root):
            try:
                members = open_sweep(folder).members
            except NasError:
                continue
            for member in members:
                if member.begun:
                    found[f"{folder.name}{SEPARATOR}{member.folder.name}"] = member.folder
        return dict(sorted(found.items()))

    def study(self, address: str) -> LiveStudy:
        """Return the study of an address.

        Raises:
            NotFoundError: there is none.
        """
        folder = self.folders().get(address)
        if folder is None:
            raise NotFoundError("There is no such study here.")
        with self._lock:
            if folder not in self._live:
                self._live[folder] = LiveStudy(folder)
            return self._live[folder]

    def rows(self) -> list[Row]:
        """Return all studies; those that nobody has read yet are without their answer."""
        rows = []
        for address, folder in self.folders().items():
            live = self.study(address)
            error = self._errors.get(folder, "")
            snapshot = None
            if live.peek() is not None:
                snapshot, error = self._read(live)
            rows.append(Row(address=address, snapshot=snapshot, error=error))
        return rows

    def warm(self) -> None:
        """Read every study once, so that whoever comes first need not wait."""
        for address in self.folders():
            live = self.study(address)
            if live.peek() is None:
                _, self._errors[live.folder] = self._read(live)

    def _read(self, live: LiveStudy) -> tuple[Snapshot | None, str]:
        try:
            return live.snapshot(), ""
        except (NasError, OSError) as error:
            return None, str(error)
