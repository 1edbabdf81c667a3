"""The values a depth, width or stride may take: one, a few that are listed, or a range."""

from dataclasses import dataclass
from typing import NoReturn

MAX_SIZE = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Fixed:
    """One value: nothing to search."""

    value: int

    @property
    def size(self) -> int:
        """How many values there are."""
        return 1

    def at(self, index: int) -> int:
        """Return the value at `index`, counted from 0."""
        return self.values()[index]

    def values(self) -> tuple[int, ...]:
        """Return all values in their order."""
        return (self.value,)


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """Listed values, in the order written."""

    options: tuple[int, ...]

    def __post_init__(self) -> None:
        """Refuse a list without entries or with one twice."""
        if not self.options:
            raise ValueError("a list of choices needs at least one entry")
        if len(self.options) > MAX_SIZE:
            raise ValueError(f"a list of choices holds at most {MAX_SIZE} entries")
        seen: set[int] = set()
        for option in self.options:
            if option in seen:
                raise ValueError(f"{option} is listed twice")
            seen.add(option)

    @property
    def size(self) -> int:
        """How many values there are."""
        return len(self.options)

    def at(self, index: int) -> int:
        """Return the value at `index`, counted from 0."""
        return self.options[index]

    def values(self) -> tuple[int, ...]:
        """Return all values in their order."""
        return self.options


@dataclass(frozen=True, kw_only=True, slots=True)
class Range:
    """`first`, `first + step`, ... as long as `last` is not passed."""

    first: int
    last: int
    step: int = 1

    def __post_init__(self) -> None:
        """Refuse a range that is empty, endless or too long to list."""
        if self.step < 1:
            raise ValueError(f"step must be at least 1, not {self.step}")
        if self.first > self.last:
            raise ValueError(f"'from' {self.first} exceeds 'to' {self.last}")
        if self.size > MAX_SIZE:
            raise ValueError(
                f"a range holds at most {MAX_SIZE} values, not {self.size}: use a larger step"
            )

    @property
    def size(self) -> int:
        """How many values there are."""
        return (self.last - self.first) // self.step + 1

    def at(self, index: int) -> int:
        """Return the value at `index`, counted from 0."""
        return range(self.first, self.last + 1, self.step)[index]

    def values(self) -> tuple[int, ...]:
        """Return all values in their order."""
        return tuple(range(self.first, self.last + 1, self.step))


@dataclass(frozen=True, kw_only=True, slots=True)
class Open:
    """Not said in the file: size matching finds the value, so there is nothing to choose."""

    @property
    def size(self) -> int:
        """How many values there are to choose from: the one that will be found."""
        return 1

    def at(self, index: int) -> NoReturn:
        """Refuse: no value is known yet."""
        raise AssertionError(f"value {index} of a size that is not matched yet")

    def values(self) -> tuple[int, ...]:
        """Return none: no value is known yet."""
        return ()


Domain = Fixed | Choice | Range | Open
