"""Samplers that need no library: the whole grid in order, and random points without repeats."""

import random
from collections.abc import Sequence
from typing import Protocol

from nas.candidate import Candidate
from nas.records import TrialHistory
from nas.seeds import derive_seed


class Sampler(Protocol):
    """Chooses candidates; deterministic in (spec, histories), so that resume needs no memory."""

    def propose(self, histories: Sequence[TrialHistory]) -> Candidate | None:
        """Return the next candidate to train, None when there is none left.

        `histories` are all trials planned so far, in order.
        """


def proposed(histories: Sequence[TrialHistory]) -> list[str]:
    """Return the labels of the candidates planned so far, each once, in order."""
    return list(dict.fromkeys(history.trial.label for history in histories))


class ListSampler:
    """Goes through a fixed list of candidates, which is the grid or a random order of it."""

    def __init__(self, candidates: Sequence[Candidate], *, limit: int | None) -> None:
        """Take the first `limit` of the candidates; None takes all."""
        self._candidates = candidates[:limit]

    def propose(self, histories: Sequence[TrialHistory]) -> Candidate | None:
        """Return the first candidate that is not planned yet."""
        done = set(proposed(histories))
        return next((c for c in self._candidates if c.label not in done), None)


def shuffled(candidates: Sequence[Candidate], *, seed: int) -> list[Candidate]:
    """Return the candidates in a random order that depends on the seed alone."""
    return random.Random(derive_seed(seed, "random sampler")).sample(candidates, len(candidates))
