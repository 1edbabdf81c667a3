"""Every folder that a power cut may leave: what was not synced is there, in part, or not at all.

The model is weaker than any journaling file system in use, so that what survives it survives them:

* what a file was given before its own sync is there; of later writes all, none, a part, or their
  length with zeros in place of what was written;
* names that a folder was given before its own sync are there; later ones as far as a prefix of
  them, in each folder by itself. Syncing a file says nothing about its name.
"""

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path, PurePosixPath

from benchmarks.crash_trace import Cut, Make, Remove, Rename, Step, Sync, Write

NAMES_OF_A_FOLDER = 6  # so many lengths of a prefix, at most
TOGETHER = 72  # states of a moment, at most: all where they are fewer, else drawn


@dataclass(frozen=True, slots=True)
class State:
    """A folder as it was found: folders, and files with their content."""

    folders: frozenset[str]
    files: tuple[tuple[str, bytes], ...]

    @property
    def key(self) -> str:
        """Equal of equal states."""
        digest = hashlib.sha256(repr(sorted(self.folders)).encode())
        for path, content in self.files:
            digest.update(repr((path, len(content))).encode() + hashlib.sha256(content).digest())
        return digest.hexdigest()

    def build(self, root: Path) -> None:
        """Make it, in an empty folder."""
        for path in sorted(self.folders):
            (root / path).mkdir()
        for path, content in self.files:
            (root / path).write_bytes(content)


@dataclass(slots=True)
class _Folder:
    entries: dict[str, int] = field(default_factory=dict)  # that a power cut cannot take away
    later: list[tuple[str, int | None]] = field(default_factory=list)  # a name's new meaning


@dataclass(slots=True)
class _File:
    safe: bytes = b""
    later: list[Write | Cut] = field(default_factory=list)


class Disk:
    """What is safe, and what is still on its way."""

    def __init__(self) -> None:
        """Begin with an empty root."""
        self._folders: dict[int, _Folder] = {0: _Folder()}
        self._files: dict[int, _File] = {}
        self._now: dict[str, int] = {"": 0}  # nodes by path, as a running program sees them

    def apply(self, step: Step) -> None:
        """Take one step."""
        match step:
            case Make():
                if step.folder:
                    self._folders[step.node] = _Folder()
                else:
                    self._files[step.node] = _File()
                self._now[step.path] = step.node
                self._name(step.path, step.node)
            case Write() | Cut():
                self._files[step.node].later.append(step)
            case Sync():
                self._sync(step.node)
            case Remove():
                del self._now[step.path]
                self._name(step.path, None)
            case Rename():
                self._rename(step.old, step.new)

    def _name(self, path: str, node: int | None) -> None:
        pure = PurePosixPath(path)
        parent = "" if str(pure.parent) == "." else str(pure.parent)
        self._folders[self._now[parent]].later.append((pure.name, node))

    def _rename(self, old: str, new: str) -> None:
        node = self._now[old]
        for path in [p for p in self._now if p == old or p.startswith(f"{old}/")]:
            self._now[new + path[len(old) :]] = self._now.pop(path)
        a, b = PurePosixPath(old), PurePosixPath(new)
        assert a.parent == b.parent, "a rename between folders is two changes"
        parent = "" if str(a.parent) == "." else str(a.parent)
        # One change of the folder, never half of it.
        self._folders[self._now[parent]].later.append((f"{a.name}/{b.name}", node))

    def _sync(self, node: int) -> None:
        if node in self._files:
            file = self._files[node]
            file.safe, file.later = _written(file.safe, file.later), []
        else:
            folder = self._folders[node]
            folder.entries, folder.later = _named(folder.entries, folder.later), []

    def safe(self, path: str) -> bytes | None:
        """Return what of a file is safe; None where there is none."""
        node = self._now.get(path)
        return self._files[node].safe if node in self._files else None

    def states(self, rng: random.Random) -> Iterator[State]:
        """Yield what a power cut may leave now: all, only what is safe, and between."""
        folders = {n: _prefixes(len(f.later), rng) for n, f in self._folders.items() if f.later}
        files = {n: _variants(f, rng) for n, f in self._files.items() if f.later}
        whole = {**{n: p[-1] for n, p in folders.items()}, **{n: v[0] for n, v in files.items()}}
        least = {**{n: p[0] for n, p in folders.items()}, **{n: v[-1] for n, v in files.items()}}
        choices = {**folders, **files}
        count = 1
        for each in choices.values():
            count *= len(each)
        if count <= TOGETHER:
            drawn = [dict(zip(choices, taken, strict=True)) for taken in product(*choices.values())]
        else:
            drawn = [whole, least]
            for base in (whole, least):  # one thing at a time differs
                drawn += [{**base, n: one} for n, every in choices.items() for one in every]
            while len(drawn) < TOGETHER:
                drawn.append({n: rng.choice(every) for n, every in choices.items()})
            rng.shuffle(drawn)
            drawn = [whole, least, *drawn[: TOGETHER - 2]]
        for taken in drawn:
            yield self._found(taken)

    def _found(self, taken: dict[int, object]) -> State:
        folders: set[str] = set()
        files: list[tuple[str, bytes]] = []

        def walk(node: int, path: str) -> None:
            folder = self._folders[node]
            entries = _named(folder.entries, folder.later[: taken.get(node, len(folder.later))])
            for name, child in sorted(entries.items()):
                at = f"{path}/{name}" if path else name
                if child in self._folders:
                    folders.add(at)
                    walk(child, at)
                else:
                    content = taken.get(child, self._files[child].safe)
                    assert isinstance(content, bytes)
                    files.append((at, content))

        walk(0, "")
        return State(folders=frozenset(folders), files=tuple(files))


def _named(entries: dict[str, int], later: Sequence[tuple[str, int | None]]) -> dict[str, int]:
    found = dict(entries)
    for name, node in later:
        if node is None:
            found.pop(name, None)
        elif "/" in name:
            old, new = name.split("/")
            found.pop(old, None)
            found[new] = node
        else:
            found[name] = node
    return found


def _written(content: bytes, later: Sequence[Write | Cut]) -> bytes:
    for step in later:
        if isinstance(step, Cut):
            content = content[: step.size].ljust(step.size, b"\0")
        else:
            content = content.ljust(step.at, b"\0")
            content = content[: step.at] + step.content + content[step.at + len(step.content) :]
    return content


def _prefixes(count: int, rng: random.Random) -> list[int]:
    """Return lengths of a prefix, the shortest first and the whole last."""
    if count < NAMES_OF_A_FOLDER:
        return list(range(count + 1))
    between = rng.sample(range(1, count), NAMES_OF_A_FOLDER - 2)
    return [0, *sorted(between), count]


def _variants(file: _File, rng: random.Random) -> list[bytes]:
    """Return contents, the whole first and the safe last."""
    whole = _written(file.safe, file.later)
    found = [whole]
    if len(whole) > len(file.safe):
        new = len(whole) - len(file.safe)
        for cut in {1, new // 2, new - 1, rng.randrange(new)} - {0, new}:
            found.append(whole[: len(file.safe) + cut])
            found.append(whole[: len(file.safe) + cut].ljust(len(whole), b"\0"))
        found.append(file.safe.ljust(len(whole), b"\0"))
    return [*dict.fromkeys(found), file.safe]
