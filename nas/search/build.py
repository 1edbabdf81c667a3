"""From the spec to the search it asks for."""

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
        accepted = [c for c in candidates(spec, shape) if isinstance(c, Candidate)]
        return Search(spec, sampler=GridSampler(accepted), adaptive=False, points=len(accepted))
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
