"""Samplers that need no library: the whole grid in order, and random points without repeats."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from nas.seeds import derive_seed
from nas.space.candidate import Candidate, Rejection
from nas.study.records import TrialHistory
from search_spaces.language.points import Point
from search_spaces.language.space import SearchSpace

MISSES = 10_000  # draws in a row that were rejected or known, after which a space counts as used up

Maker = Callable[[Point], Candidate | Rejection]


class Sampler(Protocol):
    """Chooses candidates; deterministic in (spec, histories), so that resume needs no memory."""

    def propose(self, histories: Sequence[TrialHistory]) -> Candidate | None:
        """Return the next candidate to train, None when there is none left.

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


def numbered(candidate: Candidate, histories: Sequence[TrialHistory]) -> Candidate:
    """Return the candidate labelled ``layout#k``, as the k-th of its layout to be planned."""
    known = sum(h.trial.layout == candidate.layout for h in proposed(histories).values())
    return replace(candidate, label=f"{candidate.layout}#{known + 1}")


class GridSampler:
    """Goes through a fixed list of candidates in its order."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        """Propose these candidates."""
        self._candidates = candidates

    def propose(self, histories: Sequence[TrialHistory]) -> Candidate | None:
        """Return the first candidate that is not planned yet."""
        done = proposed(histories)
        return next((c for c in self._candidates if c.label not in done), None)


class BaselinesFirst:
    """Proposes networks of other families before the points that another sampler chooses."""

    def __init__(self, baselines: Sequence[Candidate], rest: Sampler) -> None:
        """Propose `baselines`, then what `rest` does, which never sees them."""
        self._baselines, self._rest = GridSampler(baselines), rest
        self._labels = frozenset(baseline.label for baseline in baselines)

    def propose(self, histories: Sequence[TrialHistory]) -> Candidate | None:
        """Return the first baseline that is not planned yet, else what the other proposes."""
        layouts = [h for h in histories if h.trial.label not in self._labels]
        return self._baselines.propose(histories) or self._rest.propose(layouts)


class RandomSampler:
    """Draws points uniformly, never one twice; the space is not listed, so it may be huge."""

    def __init__(self, space: SearchSpace, make: Maker, *, seed: int) -> None:
        """Draw from `space`; `make` turns down what cannot be trained."""
        self._drawn: list[Candidate] = []
        self._rest = _draws(space, make, random.Random(derive_seed(seed, "random sampler")))

    def propose(self, histories: Sequence[TrialHistory]) -> Candidate | None:
        """Return the first draw that is not planned yet."""
        planned = {history.trial.config for history in proposed(histories).values()}
        for candidate in self._drawn:
            if candidate.config not in planned:
                return numbered(candidate, histories)
        for candidate in self._rest:
            self._drawn.append(candidate)
            if candidate.config not in planned:
                return numbered(candidate, histories)
        return None


def _draws(space: SearchSpace, make: Maker, rng: random.Random) -> Iterator[Candidate]:
    seen = set()
    misses = 0
    while misses < MISSES:
        candidate = make(space.sample(rng))
        if isinstance(candidate, Rejection) or candidate.config in seen:
            misses += 1
            continue
        misses = 0
        seen.add(candidate.config)
        yield candidate
