"""What a sampler is, and those that learn nothing: the whole grid in order, and random points."""

import random
from collections.abc import Callable, Container, Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, TypeAlias

from nas.search.samplers.ledger import Ledger, brought_up_to_date, identity
from nas.seeds import derive_seed
from nas.space.candidate import Candidate, Rejection
from nas.study.records import Pause, TrialHistory
from search_spaces.language.domains import Value
from search_spaces.language.points import Point

MISSES = 10_000  # draws in a row that were rejected or known, after which a space counts as used up

Assignment: TypeAlias = Mapping[str, Value]  # a value for each variable of a layout's space
Maker = Callable[[Point], Candidate | Rejection]


class Draws(Protocol):
    """Where random points come from: a space, or those of its points that keep to its limits."""

    def sample(self, rng: random.Random) -> Point:
        """Return a point, each equally likely."""
        ...


class Sampler(Protocol):
    """Chooses candidates; deterministic in (spec, histories), so that resume needs no memory.

    Whatever order trials end in, candidate n is the same: it rests on the results of a fixed set of
    the candidates before it (docs/samplers.md, "The same proposals, whatever runs at once").
    """

    def propose(self, histories: Sequence[TrialHistory]) -> Candidate | Pause:
        """Return the next candidate to train, DONE when there is none left.

        WAIT where it rests on a trial that has not ended: ask again when one has.

        `histories` are all trials planned so far, in order, twins and fine-tunings included.
        """
        ...


def proposed(histories: Sequence[TrialHistory]) -> dict[str, TrialHistory]:
    """Return the first trial of every candidate planned so far, by label, in order.

    A twin is no candidate, a fine-tuning is not where one was planned.
    """
    first: dict[str, TrialHistory] = {}
    for history in histories:
        if history.trial.parent is None and not history.trial.twin:
            first.setdefault(history.trial.label, history)
    return first


def numbered(candidate: Candidate, ledger: Ledger) -> Candidate:
    """Return the candidate labelled ``layout#k``, as the k-th of its layout to be planned."""
    return replace(candidate, label=f"{candidate.layout}#{ledger.layouts[candidate.layout] + 1}")


class GridSampler:
    """Goes through a fixed list of candidates in its order."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        """Propose these candidates."""
        self._candidates = candidates
        self._ledger = Ledger()

    def propose(self, histories: Sequence[TrialHistory]) -> Candidate | Pause:
        """Return the first candidate that is not planned yet."""
        self._ledger = brought_up_to_date(self._ledger, histories)
        done = self._ledger.places
        return next((c for c in self._candidates if c.label not in done), Pause.DONE)


class BaselinesFirst:
    """Proposes networks of other families before the points that another sampler chooses."""

    def __init__(self, baselines: Sequence[Candidate], rest: Sampler) -> None:
        """Propose `baselines`, then what `rest` does, which never sees them."""
        self._baselines, self._rest = GridSampler(baselines), rest
        self._labels = frozenset(baseline.label for baseline in baselines)

    def propose(self, histories: Sequence[TrialHistory]) -> Candidate | Pause:
        """Return the first baseline that is not planned yet, else what the other proposes."""
        baseline = self._baselines.propose(histories)
        if isinstance(baseline, Candidate):
            return baseline
        return self._rest.propose([h for h in histories if h.trial.label not in self._labels])


class RandomSampler:
    """Draws points uniformly, never one twice; the space is not listed, so it may be huge."""

    def __init__(self, space: Draws, make: Maker, *, seed: int) -> None:
        """Draw from `space`; `make` turns down what cannot be trained."""
        self._ledger = Ledger()
        self._drawn: list[Candidate] = []
        self._rest = _draws(space, make, random.Random(derive_seed(seed, "random sampler")))
        self._known: Container[Hashable] = ()  # the set that was asked about last ...
        self._next = 0  # ... and the first draw that may not be in it

    def propose(self, histories: Sequence[TrialHistory]) -> Candidate | Pause:
        """Return the first draw that is not planned yet."""
        self._ledger = brought_up_to_date(self._ledger, histories)
        candidate = self.first_outside(self._ledger.identities)
        return Pause.DONE if candidate is None else numbered(candidate, self._ledger)

    def first_outside(self, known: Container[Hashable]) -> Candidate | None:
        """Return the first draw whose identity is not in `known`, a set that only grows."""
        if known is not self._known:
            self._known, self._next = known, 0
        while True:
            while self._next < len(self._drawn):
                if identity(self._drawn[self._next]) not in known:
                    return self._drawn[self._next]
                self._next += 1
            drawn = next(self._rest, None)
            if drawn is None:
                return None
            self._drawn.append(drawn)


def _draws(space: Draws, make: Maker, rng: random.Random) -> Iterator[Candidate]:
    seen: set[Hashable] = set()
    misses = 0
    while misses < MISSES:
        candidate = make(space.sample(rng))
        if isinstance(candidate, Rejection) or identity(candidate) in seen:
            misses += 1
            continue
        misses = 0
        seen.add(identity(candidate))
        yield candidate
