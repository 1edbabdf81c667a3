"""From the spec to the search it asks for."""

from collections.abc import Sequence

from nas.candidate import Candidate, Rejection, candidates, make_candidate, study_space
from nas.errors import SpecError
from nas.records import DataShape
from nas.search.sampler import GridSampler, RandomSampler
from nas.search.search import Search
from nas.spec import StudySpec
from search_spaces.language.space import Point


def build_search(spec: StudySpec, shape: DataShape) -> Search:
    """Return the search that the spec asks for.

    Raises:
        SpecError: the space is too large to list, or holds nothing that can be trained.
    """
    settings = spec.search
    if settings.sampler == "grid":
        found = list(candidates(spec, shape))
        accepted = [c for c in found if isinstance(c, Candidate)]
        return Search(
            spec,
            sampler=GridSampler(accepted),
            adaptive=False,
            points=len(accepted),
            left_out=_left_out(found),
        )
    space = study_space(spec)

    def make(point: Point) -> Candidate | Rejection:
        return make_candidate(point, shape, drop_path=spec.training.drop_path, match=space.match)

    sampler = RandomSampler(space, make, seed=settings.seed)
    if sampler.propose(()) is None:
        raise SpecError("holds no point that can be trained and matches", key="space")
    if settings.sampler == "random":
        return Search(spec, sampler=sampler, adaptive=False)
    from nas.search.optuna_sampler import TpeSampler  # noqa: PLC0415 - imports optuna

    return Search(spec, sampler=TpeSampler(space, make, seed=settings.seed), adaptive=True)


def _left_out(found: Sequence[Candidate | Rejection]) -> tuple[str, ...]:
    """Say which layouts have no point that is accepted, and why; they would vanish unnoticed."""
    accepted = {made.layout for made in found if isinstance(made, Candidate)}
    reasons: dict[str, Rejection] = {}
    for made in found:
        if isinstance(made, Rejection) and made.layout not in accepted:
            best = reasons.setdefault(made.layout, made)
            if (made.mismatch or 0.0) < (best.mismatch or 0.0):
                reasons[made.layout] = made
    return tuple(f"{name} is left out: {r.point}: {r.reason}" for name, r in reasons.items())
