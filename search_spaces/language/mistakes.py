"""Collects what is wrong with a space, so that a user meets all of it at once."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from search_spaces.language.errors import KeyPath, SpaceError, did_you_mean
from search_spaces.language.values import mapping


@dataclass(kw_only=True, slots=True)
class Mistakes:
    """The mistakes found so far, in the order of the file's keys as they were looked at."""

    found: list[SpaceError] = field(default_factory=list)

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note a mistake that is raised inside, and go on after the block."""
        try:
            yield
        except SpaceError as error:
            self.found += [error, *error.others]

    def known(self, value: Any, path: KeyPath, *, keys: tuple[str, ...]) -> Mapping[str, Any]:
        """Return those entries of a mapping whose keys are known; each other is a mistake.

        Raises:
            SpaceError: it is no mapping.
        """
        entries = mapping(value, path)
        for key in entries:
            if key not in keys:
                self.found.append(SpaceError((*path, key), f"unknown key{did_you_mean(key, keys)}"))
        return {key: entry for key, entry in entries.items() if key in keys}

    def check(self) -> None:
        """Raise the first mistake, with the others, if there is any.

        Raises:
            SpaceError: there is.
        """
        if self.found:
            first, *others = self.found
            raise SpaceError(first.path, first.message, others=tuple(others))
