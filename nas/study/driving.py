"""The one driver of a study: it holds the journal, in a folder by a lock, in a store by a lease."""

from collections.abc import Iterator
from contextlib import contextmanager

from nas.study.copies import copy_at
from nas.study.folder import Study
from nas.study.journal import Journal
from nas.study.object_copy import Watching, say_nothing


@contextmanager
def driving(study: Study, *, waiting: Watching = say_nothing) -> Iterator[Journal]:
    """Hold a study's journal; `waiting` is told when a driver that says nothing is watched.

    Raises:
        JournalError: another driver holds it, or it cannot be opened.
        JournalCorruptError: a record was altered after it was written.
        MachineError: the disk refuses, or the object store does.
    """
    copy = copy_at(study.folder)
    with Journal(study.journal) if copy is None else copy.driving(waiting) as journal:
        yield journal
