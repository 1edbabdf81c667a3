"""What a program did to a folder, in order: writes, syncs and names, as `strace` saw them."""

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

CALLS = (
    "openat,creat,write,pwrite64,ftruncate,fallocate,lseek,read,fsync,fdatasync,rename,renameat,"
    "renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,link,linkat,close,dup,dup2"
)


@dataclass(frozen=True, slots=True)
class Make:
    """A name for a new file or folder."""

    path: str
    node: int
    folder: bool


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes at a place of a file."""

    node: int
    at: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Cut:
    """A file's new length."""

    node: int
    size: int


@dataclass(frozen=True, slots=True)
class Sync:
    """A file's content is on the disk; of a folder, its names."""

    node: int


@dataclass(frozen=True, slots=True)
class Rename:
    """What has one name has another."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Remove:
    """A name is gone."""

    path: str


Step = Make | Write | Cut | Sync | Rename | Remove

_CALL = re.compile(r"^(\d+) +(\w+)\((.*)\) += (-?\d+|\?)(?:<(.*)>)?(?: .*)?$")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_DESCRIPTOR = re.compile(r"^(\d+)<(.*?)>(?:\(deleted\))?(?:, |$)")


def traced(command: Sequence[str], log: Path) -> int:
    """Run a command under strace; return its exit status.

    Raises:
        FileNotFoundError: there is no strace.
    """
    how = [
        "strace",
        "-f",
        "-y",
        "-xx",
        "-s",
        "100000000",
        "-e",
        f"trace={CALLS}",
        "-e",
        "signal=none",
    ]
    return subprocess.run([*how, "-o", str(log), *command], check=False, timeout=300).returncode


class Reader:
    """Turns logs of programs that ran one after another into steps inside `root`."""

    def __init__(self, root: Path) -> None:
        """Know of an empty folder."""
        self._root = str(root)
        self._nodes: dict[str, int] = {"": 0}  # by path in the root
        self._made = 0

    def read(self, log: Path) -> Iterator[Step]:
        """Yield the steps of one run."""
        self._places: dict[tuple[str, str], int] = {}  # of a process and descriptor
        for line in _whole_lines(log):
            match = _CALL.match(line)
            if match is None or match[4] == "?" or int(match[4]) < 0:
                continue
            yield from self._step(match[1], match[2], match[3], int(match[4]), match[5])

    def _inside(self, path: str) -> str | None:
        if path == self._root:
            return ""
        return path[len(self._root) + 1 :] if path.startswith(self._root + "/") else None

    def _step(
        self, process: str, call: str, rest: str, result: int, opened: str | None
    ) -> Iterator[Step]:
        if call in ("openat", "creat"):
            yield from self._open(process, rest, result, opened)
        elif call in ("rename", "renameat", "renameat2", "link", "linkat"):
            yield from self._rename(call, _paths(rest))
        elif call in ("mkdir", "mkdirat"):
            path = self._inside(_paths(rest)[-1])
            if path is not None:
                yield self._make(path, folder=True)
        elif call in ("unlink", "unlinkat", "rmdir"):
            path = self._inside(_paths(rest)[-1])
            if path is not None:
                self._nodes.pop(path)
                yield Remove(path)
        else:
            yield from self._on_descriptor(process, call, rest, result)

    def _make(self, path: str, *, folder: bool) -> Make:
        self._made += 1
        self._nodes[path] = self._made
        return Make(path=path, node=self._made, folder=folder)

    def _open(self, process: str, rest: str, result: int, opened: str | None) -> Iterator[Step]:
        path = self._inside(_unescaped(opened or ""))
        if path is None:
            return
        self._places[process, str(result)] = 0
        if path not in self._nodes:
            yield self._make(path, folder=False)
        elif "O_TRUNC" in rest:
            yield Cut(node=self._nodes[path], size=0)
        assert "O_APPEND" not in rest, "a place in the file is not known"

    def _rename(self, call: str, paths: list[str]) -> Iterator[Step]:
        old, new = (self._inside(path) for path in paths)
        if old is None and new is None:
            return
        assert old is not None, "what comes from elsewhere is not followed"
        assert new is not None, "what leaves the folder is not followed"
        assert "link" not in call, "two names of one file are not followed"
        for path in [p for p in self._nodes if p == old or p.startswith(f"{old}/")]:
            self._nodes[new + path[len(old) :]] = self._nodes.pop(path)
        yield Rename(old=old, new=new)

    def _on_descriptor(self, process: str, call: str, rest: str, result: int) -> Iterator[Step]:
        match = _DESCRIPTOR.match(rest)
        if match is None or (process, match[1]) not in self._places:
            return
        key = (process, match[1])
        path = self._inside(_unescaped(match[2]))
        node = None if path is None else self._nodes.get(path)
        if call == "close":
            del self._places[key]
        elif call == "lseek":
            self._places[key] = result
        elif call == "read":
            self._places[key] += result
        elif node is None:  # it has no name any more
            return
        elif call == "write":
            found = _TEXT.search(rest[match.end() :])
            assert found is not None
            content = _bytes(found[1])[:result]
            yield Write(node=node, at=self._places[key], content=content)
            self._places[key] += result
        elif call == "ftruncate":
            yield Cut(node=node, size=int(rest.rsplit(", ", 1)[1]))
        elif call in ("fsync", "fdatasync"):
            yield Sync(node=node)
        else:
            raise AssertionError(f"{call} is not followed")


def _whole_lines(log: Path) -> Iterator[str]:
    """Yield the calls, with those put together that another process's call interrupted."""
    begun: dict[str, str] = {}
    with log.open(encoding="ascii") as file:
        for line in file:
            text = line.rstrip("\n")
            process = text.split(" ", 1)[0]
            if text.endswith("<unfinished ...>"):
                begun[process] = text.removesuffix("<unfinished ...>").rstrip()
            elif "resumed>" in text and process in begun:
                yield begun.pop(process) + text.split("resumed>", 1)[1]
            else:
                yield text


def _paths(rest: str) -> list[str]:
    """Return the paths of a call; relative ones are not used."""
    return [_bytes(text).decode() for text in _TEXT.findall(rest) if text]


def _unescaped(text: str) -> str:
    return re.sub(r"\\x([0-9a-f]{2})", lambda m: chr(int(m[1], 16)), text)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))
