"""From the spec to the search it asks for."""

from collections.abc import Sequence

from nas.candidate import (
    Candidate,
    Rejection,
    candidates,
    make_candidate,
    off_words,
    sized_space,
    study_space,
)
from nas.errors import SpecError
from nas.records import DataShape
from nas.search.sampler import GridSampler, RandomSampler
from nas.search.search import Search
from nas.spec import StudySpec
from search_spaces.language.constraints import Match
from search_spaces.language.space import Point

FAR = 0.02  # a size off by more is said before a study runs


def build_search(spec: StudySpec, shape: DataShape) -> Search:
    """Return the search that the spec asks for.

    Raises:
        SpecError: the space is too large to list, or holds nothing that can be trained.
    """
    settings, match = spec.search, study_space(spec).match
    accepted: list[Candidate] = []
    points: int | None = None
    notes: tuple[str, ...] = ()
    sized = match is not None and match.within is None
    if settings.sampler == "grid" or sized:
        found = list(candidates(spec, shape))
        accepted = [made for made in found if isinstance(made, Candidate)]
        points, notes = (
            len(accepted),
            (*_left_out(found), *(_far(accepted, match) if match and sized else ())),
        )
    if settings.sampler == "grid":
        return Search(
            spec, sampler=GridSampler(accepted), adaptive=False, points=points, notes=notes
        )
    space, _ = sized_space(spec, shape)

    def make(point: Point) -> Candidate | Rejection:
        return make_candidate(point, shape, drop_path=spec.training.drop_path, match=space.match)

    sampler = RandomSampler(space, make, seed=settings.seed)
    if sampler.propose(()) is None:
        raise SpecError("holds no point that can be trained and matches", key="space")
    if settings.sampler == "random":
        return Search(spec, sampler=sampler, adaptive=False, points=points, notes=notes)
    from nas.search.optuna_sampler import TpeSampler  # noqa: PLC0415 - imports optuna

    tpe = TpeSampler(space, make, seed=settings.seed)
    return Search(spec, sampler=tpe, adaptive=True, points=points, notes=notes)


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


def _far(accepted: Sequence[Candidate], match: Match) -> list[str]:
    """Say which candidates are as near to the sizes asked for as can be, and still far."""
    return [
        f"{made.label} stays {made.off:.1%} off the size asked for: "
        f"{off_words(made.cost.parameters, made.cost.macs, match)}"
        for made in accepted
        if made.off > FAR
    ]
