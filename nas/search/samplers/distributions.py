"""The variables of a space as Optuna's distributions: the one place that knows kinds of domains."""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass

from optuna import Trial
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from nas.search.samplers.sampler import Assignment
from search_spaces.language.domains import AnyDomain, Choice, FloatRange, Range, Value, is_choice
from search_spaces.language.points import LAYOUT
from search_spaces.language.space import SearchSpace

Distribution = CategoricalDistribution | FloatDistribution | IntDistribution
Told = int | float | str  # a value as Optuna knows it


@dataclass(frozen=True, kw_only=True, slots=True)
class Axis:
    """One thing that Optuna chooses."""

    name: str
    distribution: Distribution
    ranked: tuple[Value, ...] = ()  # the values by rank, where ranks are what it chooses

    def told(self, value: Value) -> Told:
        """Return a variable's value as Optuna is told it."""
        return self.ranked.index(value) if self.ranked else value

    def meant(self, chosen: Told) -> Value:
        """Return the variable's value that Optuna chose."""
        return self.ranked[int(chosen)] if self.ranked else chosen

    @property
    def middle(self) -> Told:
        """What stands in for it where a layout has no such variable."""
        match self.distribution:
            case CategoricalDistribution(choices=choices):
                assert isinstance(choices[0], str)
                return choices[0]
            case IntDistribution(low=low, high=high, step=step):
                return low + (high - low) // step // 2 * step
            case FloatDistribution(low=low, high=high, log=log):
                return math.sqrt(low * high) if log else (low + high) / 2

    @property
    def words(self) -> bool:
        """Whether its values have no order."""
        return isinstance(self.distribution, CategoricalDistribution)

    def levels(self, most: int) -> tuple[Told, ...]:
        """Return its values in order, or so many of them, spread evenly, where there are more."""
        match self.distribution:
            case CategoricalDistribution(choices=choices):
                return tuple(str(choice) for choice in choices)
            case IntDistribution(low=low, high=high, step=step) if (high - low) // step < most:
                return tuple(range(low, high + 1, step))
        return tuple(dict.fromkeys(self.at(k / (most - 1)) for k in range(most)))

    def unit(self, value: Told) -> float:
        """Return where a value lies from 0 to 1; a word by its place among the words."""
        match self.distribution, value:
            case CategoricalDistribution(choices=choices), _:
                return choices.index(value) / max(len(choices) - 1, 1)
            case ((IntDistribution() | FloatDistribution() as numbers), int() | float()):
                low, high, number = numbers.low, numbers.high, value
                if numbers.log:
                    low, high, number = math.log(low), math.log(high), math.log(value)
                return (number - low) / (high - low)
        raise AssertionError(value)  # words are of categories

    def at(self, unit: float) -> Told:
        """Return the value that lies there, or nearest."""
        match self.distribution:
            case CategoricalDistribution(choices=choices):
                return str(choices[round(unit * (len(choices) - 1))])
            case IntDistribution(low=low, high=high, step=step, log=log):
                there = low * (high / low) ** unit if log else low + unit * (high - low)
                return low + round((there - low) / step) * step
            case FloatDistribution(low=low, high=high, log=log):
                return low * (high / low) ** unit if log else low + unit * (high - low)

    def drawn(self, rng: random.Random) -> Told:
        """Return any of its values, each equally likely."""
        match self.distribution:
            case CategoricalDistribution(choices=choices):
                drawn = rng.choice(choices)
                assert isinstance(drawn, str)
                return drawn
            case IntDistribution(low=low, high=high, step=step):
                return rng.randrange(low, high + 1, step)
            case FloatDistribution(low=low, high=high, log=True):
                return math.exp(rng.uniform(math.log(low), math.log(high)))
            case FloatDistribution(low=low, high=high):
                return rng.uniform(low, high)

    def asked(self, trial: Trial) -> Told:
        """Return what a trial of Optuna's suggests."""
        match self.distribution:
            case CategoricalDistribution(choices=choices):
                word = trial.suggest_categorical(self.name, choices)
                assert isinstance(word, str)
                return word
            case IntDistribution(low=low, high=high, step=step, log=log):
                return trial.suggest_int(self.name, low, high, step=step, log=log)
            case FloatDistribution(low=low, high=high, step=step, log=log):
                return trial.suggest_float(self.name, low, high, step=step, log=log)


def axis_of(name: str, domain: AnyDomain) -> Axis:
    """Return a domain of several values as an axis.

    A range is a whole number with a step. Listed numbers are ordered too, and Optuna's categories
    would forget that 4 lies between 2 and 8: they are told by rank rather than by size, since lists
    are written where sizes do not grow evenly (48, 96, 192). Listed words are categories. Ranges of
    numbers without steps stay what they are, by ratio where they say so (Optuna knows ratios of
    whole numbers without steps alone). Of any other kind the values are told by rank.
    """
    match domain:
        case Range(first=first, step=step, size=size, log=log):
            log = log and step == 1
            whole = IntDistribution(first, first + (size - 1) * step, step=step, log=log)
            return Axis(name=name, distribution=whole)
        case FloatRange(first=first, last=last, step=None, log=log):
            return Axis(name=name, distribution=FloatDistribution(first, last, log=log))
        case Choice(options=options) if not any(isinstance(option, str) for option in options):
            ranks = IntDistribution(0, len(options) - 1)
            return Axis(name=name, distribution=ranks, ranked=tuple(sorted(options)))
        case Choice(options=options):
            return Axis(name=name, distribution=CategoricalDistribution(options))
        case _:
            ranks = IntDistribution(0, domain.size - 1)
            return Axis(name=name, distribution=ranks, ranked=domain.values())


class Axes:
    """All axes of a space: the layout, and what layouts let vary.

    What is called alike in two layouts and may take the same values is one axis, so that what is
    learnt of the depth of stage 3 holds in all layouts that have such a stage.
    """

    def __init__(self, space: SearchSpace) -> None:
        """Read the space once."""
        names = tuple(layout.name for layout in space.layouts)
        self._layout = Axis(name=LAYOUT, distribution=CategoricalDistribution(names))
        self._of: dict[str, dict[str, Axis]] = {}  # by layout and name of the variable
        kinds: dict[str, list[AnyDomain]] = {}  # by what is left of the name without the layout
        for layout in space.layouts:
            own = self._of[layout.name] = {}
            for variable, domain in layout.domains():
                if not is_choice(domain):
                    continue
                short = variable.removeprefix(f"{layout.name}/")
                known = kinds.setdefault(short, [])
                if domain not in known:
                    known.append(domain)
                kind = known.index(domain)
                own[variable] = axis_of(f"{short}@{kind}" if kind else short, domain)
        axes = [axis for own in self._of.values() for axis in own.values()]
        self._all = {axis.name: axis for axis in (self._layout, *axes)}
        self.distributions: Mapping[str, Distribution] = {
            name: axis.distribution for name, axis in self._all.items()
        }

    @property
    def all(self) -> tuple[Axis, ...]:
        """Every axis that some layout has, the layout's own first."""
        return tuple(self._all.values())

    def of_layout(self, layout: str) -> frozenset[str]:
        """Return the names of a layout's axes, that of the layout among them."""
        return frozenset({LAYOUT, *(axis.name for axis in self._of[layout].values())})

    @property
    def conditional(self) -> bool:
        """Whether some layout lacks an axis that another has."""
        return any(len(own) + 1 < len(self._all) for own in self._of.values())

    def told(self, point: Assignment) -> dict[str, Told]:
        """Return the point as Optuna is told it: axes that its layout has."""
        own = self._of[str(point[LAYOUT])]
        told = {axis.name: axis.told(point[variable]) for variable, axis in own.items()}
        return {LAYOUT: str(point[LAYOUT]), **told}

    def filled(self, point: Assignment, rng: random.Random | None = None) -> dict[str, Told]:
        """Return the same with all axes: those that its layout lacks are drawn, or in the middle.

        For samplers that know no conditions.
        """
        told = self.told(point)
        for name, axis in self._all.items():
            if name not in told:
                told[name] = axis.middle if rng is None else axis.drawn(rng)
        return told

    def meant(self, told: Mapping[str, Told]) -> Assignment:
        """Return the point that is told so, the reverse of `told` and of `filled`."""
        layout = str(told[LAYOUT])
        own = {name: axis.meant(told[axis.name]) for name, axis in self._of[layout].items()}
        return {LAYOUT: layout, **own}

    def ask(self, trial: Trial) -> Assignment:
        """Return the point that a trial of Optuna's suggests."""
        layout = str(self._layout.asked(trial))
        point: dict[str, Value] = {LAYOUT: layout}
        for variable, axis in self._of[layout].items():
            point[variable] = axis.meant(axis.asked(trial))
        return point
