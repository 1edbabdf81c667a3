"""The values a variable may take: one, a few that are listed, or a range of numbers."""

import math
import random
from dataclasses import dataclass
from typing import Generic, NoReturn, TypeVar

MAX_SIZE = 10_000
DIGITS = 6  # significant ones of a number drawn from a range without steps: enough, and short

Value = int | float | str
V_co = TypeVar("V_co", bound=Value, covariant=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fixed(Generic[V_co]):
    """One value: nothing to search."""

    value: V_co

    @property
    def size(self) -> int:
        """How many values there are."""
        return 1

    def at(self, index: int) -> V_co:
        """Return the value at `index`, counted from 0."""
        return self.values()[index]

    def values(self) -> tuple[V_co, ...]:
        """Return all values in their order."""
        return (self.value,)


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice(Generic[V_co]):
    """Listed values, in the order written."""

    options: tuple[V_co, ...]

    def __post_init__(self) -> None:
        """Refuse a list without entries or with one twice."""
        if not self.options:
            raise ValueError("a list of choices needs at least one entry")
        if len(self.options) > MAX_SIZE:
            raise ValueError(f"a list of choices holds at most {MAX_SIZE} entries")
        seen: set[V_co] = set()
        for option in self.options:
            if option in seen:
                raise ValueError(f"{option} is listed twice")
            seen.add(option)

    @property
    def size(self) -> int:
        """How many values there are."""
        return len(self.options)

    def at(self, index: int) -> V_co:
        """Return the value at `index`, counted from 0."""
        return self.options[index]

    def values(self) -> tuple[V_co, ...]:
        """Return all values in their order."""
        return self.options


@dataclass(frozen=True, kw_only=True, slots=True)
class Range:
    """`first`, `first + step`, ... as long as `last` is not passed.

    `log` says that ratios matter, not differences: to samplers that learn, and to none else.
    """

    first: int
    last: int
    step: int = 1
    log: bool = False

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
class FloatRange:
    """Numbers from `first` to `last`: in steps, or without end, evenly or by ratio (`log`).

    Without a step a space counts the range as one value: networks are what can be counted.
    """

    first: float
    last: float
    step: float | None = None
    log: bool = False

    def __post_init__(self) -> None:
        """Refuse a range that is empty or too long to list, or whose ratios mean nothing."""
        if self.first >= self.last:
            raise ValueError(f"'from' {self.first:g} must be less than 'to' {self.last:g}")
        if self.log and self.first <= 0:
            raise ValueError(f"a range by ratio needs 'from' above 0, not {self.first:g}")
        if self.step is None:
            return
        if self.log:
            raise ValueError("takes 'step' or 'log', not both")
        if not self.step > 0:
            raise ValueError(f"step must be more than 0, not {self.step:g}")
        if self.size > MAX_SIZE:
            raise ValueError(
                f"a range holds at most {MAX_SIZE} values, not {self.size}: use a larger step"
            )

    @property
    def size(self) -> int:
        """How many values there are; without steps 1."""
        if self.step is None:
            return 1
        return math.floor((self.last - self.first) / self.step * (1 + 1e-12)) + 1

    def at(self, index: int) -> float:
        """Return the value at `index`, counted from 0.

        Raises:
            ValueError: the range has no steps.
        """
        if self.step is None:
            raise ValueError("a range without steps cannot be listed: give 'step', or choices")
        if not 0 <= index < self.size:
            raise IndexError(f"value {index} of {self.size}")
        return _short(self.first + index * self.step)

    def values(self) -> tuple[float, ...]:
        """Return all values in their order.

        Raises:
            ValueError: the range has no steps.
        """
        return tuple(self.at(index) for index in range(self.size))


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


Domain = Fixed[int] | Choice[int] | Range | Open  # of a depth, width or stride
AnyDomain = Domain | FloatRange | Fixed[Value] | Choice[Value]


def endless(domain: AnyDomain) -> bool:
    """Tell whether the domain is a range without steps, whose values cannot be listed."""
    return isinstance(domain, FloatRange) and domain.step is None


def is_choice(domain: AnyDomain) -> bool:
    """Tell whether there is anything to choose."""
    return domain.size > 1 or endless(domain)


def draw(domain: AnyDomain, rng: random.Random) -> Value:
    """Return a value, each equally likely; of a range by ratio, each ratio."""
    if not isinstance(domain, FloatRange) or domain.step is not None:
        return domain.at(rng.randrange(domain.size))
    if not domain.log:
        return within(domain, _short(rng.uniform(domain.first, domain.last)))
    return within(
        domain, _short(math.exp(rng.uniform(math.log(domain.first), math.log(domain.last))))
    )


def least_and_most(domain: AnyDomain) -> tuple[Value, Value]:
    """Return the least and the largest value of a domain of numbers."""
    if isinstance(domain, FloatRange):
        return domain.first, domain.last
    numbers = [value for value in domain.values() if not isinstance(value, str)]
    return min(numbers), max(numbers)


def within(domain: FloatRange, value: float) -> float:
    """Return the value, or the end of the range that rounding took it past."""
    return min(max(value, domain.first), domain.last)


def chosen(name: str, domain: AnyDomain, value: object) -> Value:
    """Return the domain's own value that equals `value`.

    Raises:
        ValueError: the domain, called `name`, has no such value.
    """
    if isinstance(domain, FloatRange) and domain.step is None:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number and domain.first <= value <= domain.last:
            return float(value)
        raise ValueError(
            f"variable '{name}' must be from {domain.first:g} to {domain.last:g}, not {value!r}"
        )
    for option in domain.values():
        if option == value and not isinstance(value, bool):
            return option
    raise ValueError(f"variable '{name}' must be one of {domain.values()[:10]}, not {value!r}")


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
