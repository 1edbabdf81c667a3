"""Parquet shards: where they lie, which split each is of, and their rows, with all distrusted."""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
from pyarrow import fs, parquet

from nas.data.images import Indices
from nas.errors import DataError, NotFoundError

SCHEMES = ("s3", "gs", "abfs", "abfss", "file")
DEPTH = 4  # folders under data.path that are looked into
SPLITS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev", "eval"),
    "test": ("test", "testing"),
}
NUMBERED = re.compile(r"(.*)-([0-9]{1,9})-of-([0-9]{1,9})\.parquet", re.IGNORECASE)
ROWS = 64  # decoded of a shard at a time
BUFFER = 1 << 20  # bytes read of a column at a time
THREADS = 8  # reading footers waits for the disk or the network
INFLATED, RATIO = 256 << 20, 100  # bytes of a row group, and of each of the file: a bomb has both
BROKEN = (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError, UnicodeError)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shard:
    """A file of rows; opened anew whenever it is read."""

    system: fs.FileSystem
    path: str  # as the file system has it
    name: str  # for messages
    size: int  # bytes
    schema: pa.Schema
    groups: tuple[int, ...]  # rows of each row group
    modified: int = 0  # ns since 1970; 0 where nobody knows

    @property
    def rows(self) -> int:
        """Rows that its footer promises."""
        return sum(self.groups)

    def column(self, name: str) -> Iterator[pa.Array]:
        """Yield a column, all rows, a part at a time.

        Raises:
            DataError: the file is damaged.
        """
        found = 0
        for part in self.parts(name, [*range(len(self.groups))], size=1 << 16):
            found += len(part)
            yield part
        if found != self.rows:
            raise self.broken(f"its footer promises {self.rows:,} rows, it holds {found:,}")

    def parts(self, name: str, groups: Sequence[int], *, size: int) -> Iterator[pa.Array]:
        """Yield a column of some row groups, so many rows at a time.

        Raises:
            DataError: the file is damaged.
        """
        try:
            with self.system.open_input_file(self.path) as source:
                file = parquet.ParquetFile(
                    source, pre_buffer=False, buffer_size=BUFFER, page_checksum_verification=True
                )
                batches = file.iter_batches(
                    size, row_groups=list(groups), columns=[name], use_threads=False
                )
                for batch in batches:
                    yield batch.column(0)
        except BROKEN as error:
            raise self.broken(reason_of(error)) from error

    def broken(self, reason: str) -> DataError:
        """Return the refusal of this file."""
        return DataError(f"{self.name}: cannot be read as Parquet: {reason}: fetch it again")


def find_shards(path: str) -> dict[str, list[Shard]]:
    """Return the shards below a folder or URI by split: `train`, `validation` and `test`.

    A shard is of the split that its file's name begins with, or else the nearest folder is called
    by. Where no name says one, all are to train on.

    Raises:
        NotFoundError: there are none, or some are missing.
        DataError: the path cannot be read, a name says no split beside others that do, or a file
            is damaged.
    """
    system, root, shown = _located(path)
    files = _listed(system, root, shown)
    if files[0].path != root:  # a file named alone is wanted alone
        _check_complete([shown + file.path[len(root) :] for file in files])
    splits = [_split_of(file.path[len(root) :]) for file in files]
    if not any(splits):
        splits = ["train"] * len(files)
    for file, split in zip(files, splits, strict=True):
        if split is None:
            raise DataError(
                f"{shown}{file.path[len(root) :]}: is it train, validation or test, as files "
                "beside it are? begin its name with one of these, or move it away"
            )
    if "train" not in splits:
        raise NotFoundError(f"data.path {shown}: has no shard train-*.parquet")
    used = "validation" if "validation" in splits else "test"  # a test beside it is never read
    chosen = [at for at, split in enumerate(splits) if split in ("train", used)]
    with ThreadPoolExecutor(THREADS) as threads:
        opened = threads.map(lambda at: _opened(system, files[at], root, shown), chosen)
        shards = dict(zip(chosen, opened, strict=True))
    return {
        split: [shard for at, shard in shards.items() if splits[at] == split] for split in SPLITS
    }


@dataclass(kw_only=True, slots=True)
class Rows:
    """The cells of one column of some shards by number, read forward from the last one read."""

    shards: Sequence[Shard]
    column: str  # bytes, or of a struct that holds them: image.bytes
    _starts: Indices = field(init=False)  # first row of each row group, and the end
    _groups: list[tuple[int, int]] = field(init=False)  # shard and row group
    _parts: Iterator[pa.Array] = field(init=False, default_factory=lambda: iter(()))
    _part: pa.Array = field(init=False, default_factory=lambda: pa.array([], pa.binary()))
    _first: int = field(init=False, default=0)  # row that the part begins with
    _group: int = field(init=False, default=-1)

    def __post_init__(self) -> None:
        """Number the rows."""
        groups = [
            (n, g, rows) for n, s in enumerate(self.shards) for g, rows in enumerate(s.groups)
        ]
        self._groups = [(number, group) for number, group, _ in groups]
        self._starts = np.cumsum([0, *(rows for *_, rows in groups)])

    def take(self, indices: Indices) -> list[bytes | None]:
        """Return cells by number; None is null.

        Raises:
            DataError: a file is damaged.
        """
        cells: list[bytes | None] = [None] * len(indices)
        for place in np.argsort(indices, kind="stable").tolist():
            cells[place] = self._cell(int(indices[place]))
        return cells

    def name(self, index: int) -> str:
        """Return what a message calls a row."""
        number, _ = self._groups[self._group_of(index)]
        first = sum(shard.rows for shard in self.shards[:number])
        return f"{self.shards[number].name}, row {index - first}"

    def _group_of(self, index: int) -> int:
        return int(np.searchsorted(self._starts, index, side="right")) - 1

    def _cell(self, index: int) -> bytes | None:
        group = self._group_of(index)
        number, local = self._groups[group]
        shard = self.shards[number]
        if group != self._group or index < self._first:
            self._parts = shard.parts(self.column, [local], size=ROWS)
            self._part = pa.array([], pa.binary())
            self._first, self._group = int(self._starts[group]), group
        while index >= self._first + len(self._part):
            self._first += len(self._part)
            part = next(self._parts, None)
            if part is None:
                self._group = -1
                raise shard.broken(f"row group {local} ends before its rows do")
            self._part = part.flatten()[0] if pa.types.is_struct(part.type) else part
        return self._part[index - self._first].as_py()


def _located(path: str) -> tuple[fs.FileSystem, str, str]:
    """Return a file system, the path in it, and what to call that in messages."""
    if "://" not in path:
        try:
            local = str(Path(path).expanduser().absolute())
        except RuntimeError as error:
            raise NotFoundError(f"data.path {path}: whose home that is cannot be told") from error
        return fs.LocalFileSystem(), local, local
    parts = urlsplit(path)
    shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")
    if parts.scheme not in SCHEMES:
        raise DataError(
            f"data.path {shown}: of {parts.scheme}:// no shards are read: copy them to a folder, "
            f"or to one of {', '.join(SCHEMES)}"
        )
    if "@" in parts.netloc and not parts.scheme.startswith("abfs"):
        raise DataError(
            f"data.path {shown}: no keys in a path, which is written into the study: "
            "set them in the environment"
        )
    try:
        system, root = fs.FileSystem.from_uri(path)
    except BROKEN as error:
        raise DataError(f"data.path {shown}: {reason_of(error)}") from error
    return system, root.rstrip("/"), shown


def _listed(system: fs.FileSystem, root: str, shown: str) -> list[fs.FileInfo]:
    """Return what is called .parquet, sorted; names that begin with . or _ are no data."""
    try:
        info = system.get_file_info(root)
        found = [info] if info.type == fs.FileType.File else _below(system, root, DEPTH)
    except FileNotFoundError as error:
        raise NotFoundError(f"data.path {shown}: no such folder") from error
    except BROKEN as error:
        raise DataError(f"data.path {shown}: cannot be listed: {reason_of(error)}") from error
    listed = [
        file
        for file in sorted(found, key=lambda each: each.path)
        if file.path.lower().endswith(".parquet")
        and not any(part[:1] in (".", "_") for part in file.path[len(root) :].split("/"))
        and file.type != fs.FileType.Directory
    ]
    for file in listed:
        if file.type != fs.FileType.File:
            raise DataError(
                f"{shown}{file.path[len(root) :]}: is no regular file: move it out of the data"
            )
    if not listed:
        raise NotFoundError(f"data.path {shown}: has no file *.parquet")
    return listed


def _below(system: fs.FileSystem, folder: str, depth: int) -> list[fs.FileInfo]:
    """Return what lies in a folder and so many below it; links may lead in circles."""
    found = system.get_file_info(fs.FileSelector(folder))
    folders = [each.path for each in found if each.type == fs.FileType.Directory]
    deeper = [_below(system, each, depth - 1) for each in folders] if depth else []
    return [*found, *(each for listed in deeper for each in listed)]


def _split_of(path: str) -> str | None:
    *folders, file = path.lower().split("/")
    for split, words in SPLITS.items():
        if re.match(rf"({'|'.join(words)})(?![a-z])", file):
            return split
    for folder in reversed(folders):
        for split, words in SPLITS.items():
            if folder in words:
                return split
    return None


def _check_complete(names: Sequence[str]) -> None:
    """Refuse shards of which there are fewer than their names say."""
    sets: dict[tuple[str, str], set[int]] = {}
    for name in names:
        if match := NUMBERED.fullmatch(name):
            sets.setdefault((match[1], match[3]), set()).add(int(match[2]))
    for (stem, count), numbers in sets.items():
        if len(numbers) < int(count):
            first = next(n for n in range(len(numbers) + 1) if n not in numbers)
            missing = f"{stem}-{first:0{len(count)}}-of-{count}.parquet"
            raise NotFoundError(
                f"{missing}: is missing: {len(numbers)} of {int(count)} shards are there; "
                "fetch the others"
            )


def _opened(system: fs.FileSystem, info: fs.FileInfo, root: str, shown: str) -> Shard:
    name, size = shown + info.path[len(root) :], int(info.size)
    bare = Shard(
        system=system, path=info.path, name=name, size=size, schema=pa.schema([]), groups=()
    )
    try:
        with system.open_input_file(info.path) as source:
            file = parquet.ParquetFile(source, pre_buffer=False)
            footer, schema = file.metadata, file.schema_arrow
            groups = [footer.row_group(n) for n in range(footer.num_row_groups)]
            rows = tuple(group.num_rows for group in groups)  # of columns a bad footer would abort
            inflated = max((group.total_byte_size for group in groups), default=0)
    except BROKEN as error:
        raise bare.broken(reason_of(error)) from error
    if min(rows, default=0) < 0 or sum(rows) > size:  # an encoded image takes more than a byte
        raise bare.broken(f"its footer promises {sum(rows):,} rows in {size:,} bytes")
    if inflated > max(INFLATED, RATIO * size):
        raise bare.broken(f"{inflated:,} bytes are compressed to {size:,}, as no images are")
    return replace(bare, schema=schema, groups=rows, modified=info.mtime_ns or 0)


def reason_of(error: BaseException) -> str:
    """Return the one line of an error of Arrow's."""
    return (" ".join(str(error).split()) or type(error).__name__)[:300].rstrip(".")
