"""How a folder of images is laid out: its splits by their usual names, and what is in no class."""

import os
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nas.data.decoding import SUFFIXES, is_image
from nas.data.regular import kind_of, open_regular
from nas.errors import DataError

TRAIN = ("train", "training")
VALIDATION = ("val", "valid", "validation")
TEST = ("test", "testing")
MOST = 100_000  # files counted that are of no use; there may be millions in a wrong folder
_BEGINNING = 32  # bytes that tell what an image is


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """The folders that hold a folder for each class."""

    train: Path
    evaluation: Path | None  # None: set apart from those to train on
    note: str = ""  # which folder is what, where there are some
    beside: tuple[Path, ...] = ()  # folders that are of no use


def find_layout(root: Path) -> Layout:
    """Tell which folder is trained on and which layouts are compared on, by their names.

    Names count whatever their case. A folder is a split only if it has folders itself, so that
    classes may be called `train` or `test` too. A test set beside a validation set is left alone:
    what chose layouts tells nothing new of the one it chose.

    Raises:
        DataError: two folders have names for the same, or none is to be trained on.
    """
    folders = [path for path in _folders(root) if _folders(path)]
    train, validation, test = (
        _one(root, [path for path in folders if path.name.lower() in names])
        for names in (TRAIN, VALIDATION, TEST)
    )
    if train is None:
        if (found := validation or test) is not None and not _has_images(found):
            raise DataError(
                f"{root}: has {found.name}/ with folders in it and no train/ beside it: call the "
                "folder of the images to train on train/"
            )
        return Layout(train=root, evaluation=None)
    evaluation = validation or test
    used = (train, evaluation)
    others = tuple(path for path in _folders(root) if path not in (*used, test))
    return Layout(
        train=train, evaluation=evaluation, note=_words(train, validation, test), beside=others
    )


def _words(train: Path, validation: Path | None, test: Path | None) -> str:
    begin = f"{train.name}/ is trained on"
    if validation is not None:
        left = f"; {test.name}/ is left alone, for a last number" if test is not None else ""
        return f"{begin}, layouts are compared on {validation.name}/{left}"
    if test is not None:
        return (
            f"{begin}, layouts are compared on {test.name}/, since there is no val/: what is best "
            "there is chosen by it, and its accuracy there is no last number"
        )
    return f"{begin}, but for a part of it that layouts are compared on"


def class_folders(root: Path) -> list[Path]:
    """Return the folder of each class, by name.

    Raises:
        DataError: there are fewer than two.
    """
    folders = _folders(root)
    if len(folders) < 2:
        raise DataError(
            f"{root}: needs a folder for each of at least 2 classes, has {len(folders)}"
        )
    return folders


def listed(folder: Path, unused: Counter[str]) -> list[str]:
    """Return the names of the images right in a class's folder, and count the rest by its kind.

    What has an image's suffix is one, whatever it holds: if it cannot be read, it is counted there.
    A file without suffix is looked into.

    Raises:
        DataError: the folder cannot be read.
    """
    names = []
    for entry in _entries(folder):
        suffix = Path(entry.name).suffix.lower()
        if entry.is_dir():
            if not entry.name.startswith("."):
                count_unused(Path(entry.path), unused, where="in folders inside a class")
        elif entry.name.startswith("."):
            if suffix in SUFFIXES:
                unused["hidden"] += 1
        elif suffix in SUFFIXES or (_no_suffix(suffix) and _looks_like_image(Path(entry.path))):
            names.append(entry.name)
        else:
            unused[_kind(entry, suffix)] += 1
    return sorted(names)


def count_unused(folder: Path, unused: Counter[str], *, where: str) -> None:
    """Count the files in and under a folder; links to folders are not followed."""
    left = [folder]
    while left and unused[where] < MOST:
        for entry in _entries(left.pop()):
            if entry.is_dir(follow_symlinks=False):
                left.append(Path(entry.path))
            elif not entry.name.startswith("."):
                unused[where] += 1


def count_loose(root: Path, unused: Counter[str]) -> None:
    """Count the images beside the classes' folders."""
    for entry in _entries(root):
        if Path(entry.name).suffix.lower() in SUFFIXES and not entry.is_dir():
            unused["in no class's folder"] += 1


def unused_words(root: Path, unused: Counter[str]) -> str:
    """Say what is not used, by its kind; nothing where all is."""
    if not +unused:
        return ""
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in unused.most_common() if number)
    return f"{root}: files that are not used: {kinds}"


def _one(root: Path, found: list[Path]) -> Path | None:
    if len(found) > 1:
        names = " and ".join(f"{path.name}/" for path in found)
        raise DataError(f"{root}: has {names}, which mean the same: rename or merge them")
    return found[0] if found else None


def _folders(root: Path) -> list[Path]:
    found = (each for each in _entries(root) if not each.name.startswith(".") and each.is_dir())
    return sorted(Path(each.path) for each in found)


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except OSError as error:
        raise DataError(f"{folder}: cannot be read: {error.strerror}") from error


def _has_images(folder: Path) -> bool:
    return any(Path(entry.name).suffix.lower() in SUFFIXES for entry in _entries(folder))


def _no_suffix(suffix: str) -> bool:
    return not suffix or suffix[1:].isdigit()  # scans are numbered: page.001


def _looks_like_image(path: Path) -> bool:
    try:
        with open_regular(path) as file:
            return is_image(file.read(_BEGINNING))
    except OSError:
        return False


def _kind(entry: os.DirEntry[str], suffix: str) -> str:
    try:
        mode = entry.stat().st_mode
    except OSError:
        return "that lead nowhere"
    if not stat.S_ISREG(mode):
        return f"that is {kind_of(mode)} ({entry.name})"
    return "without suffix that are no images" if _no_suffix(suffix) else suffix
