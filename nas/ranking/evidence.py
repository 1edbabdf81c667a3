"""What a study's trials say about each layout and each pair, before it is put in order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from nas.networks.registry import family_of
from nas.ranking import validity
from nas.ranking.curves import Reach, area_log_loss, end_gaps
from nas.ranking.metrics import METRICS, TrialScore
from nas.ranking.new_images import second_intervals
from nas.ranking.objective import Objective
from nas.ranking.paired import (
    Pairs,
    compete,
    difference_floor,
    judge,
    pair_up,
    relate,
    spread_floor,
)
from nas.ranking.result import LayoutScore, Relation
from nas.ranking.scores import Scores
from nas.ranking.statistics.certificate import Design, Verdict
from nas.ranking.statistics.contest import Contest
from nas.spec.study import Question, RankingSpec, Until
from nas.study.declaration import Declaration
from nas.study.records import BRIEF, FINAL, TrialHistory, TrialStatus, copied_label


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What was decided before the first result: claims are valid because of it."""

    spec: RankingSpec
    design: Design
    until: Until
    evaluation_images: int
    first_round: int  # seeds off which l* is read: an extension looks later, and moves no score
    growing: bool  # seeds were to follow the first round when the study began: l* leaves them room
    endless: bool = False  # no training image comes twice: nothing can be overfitted

    @classmethod
    def of(
        cls,
        spec: RankingSpec,
        *,
        evaluation_images: int,
        seeds: tuple[int, int],
        until: Until,
        declared: Declaration | None = None,
        endless: bool = False,
    ) -> "Rules":
        """Return the rules of a study that looks first and last at so many `seeds`.

        l* is read off the first round as `declared`, by default off the seeds at the first look.
        One seed has no spread: such a study never gets to its first look, which is at two.
        """
        looks = max(seeds[0], 2), max(*seeds, 2)
        return cls(
            spec=spec,
            design=Design.of(spec, seeds=looks),
            until=until,
            evaluation_images=evaluation_images,
            first_round=looks[0] if declared is None else declared.first_round,
            growing=looks[1] > looks[0] if declared is None else declared.growing,
            endless=endless,
        )

    @property
    def objective(self) -> Objective:
        """What trials are scored by."""
        return Objective(metric=self.spec.metric, first=self.first_round, growing=self.growing)


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """Layouts and pairs, scored and judged."""

    rules: Rules
    scores: Scores
    layouts: tuple[LayoutScore, ...]  # by label
    pairs: Pairs
    verdict: Verdict
    withheld: Mapping[int, str]  # by pair, where the metric is not valid, whatever seeds are added
    excluded: tuple[int, ...]  # of those, the pairs of which no interval holds
    contest: Contest | None = None  # where the question is the winner, of two layouts or more

    def relations(self) -> tuple[Relation, ...]:
        """Return every pair as a relation; of those with too few seeds nothing is claimed.

        Raises:
            JournalCorruptError: which images a trial was right about contradicts its accuracy.
        """
        words = {i: self.withheld.get(i) or self._too_few(i) for i in range(len(self.pairs.n))}
        found = relate(
            self.pairs,
            self.verdict,
            self.rules.design,
            until=self.rules.until,
            withheld=words,
            excluded=self.excluded,
        )
        return second_intervals(found, self.pairs, self.rules.design, by_image=self._by_image)

    def correct(self) -> dict[str, dict[int, np.ndarray]]:
        """Return how right the runs are image by image, by label and seed, where it was kept.

        Of layouts of which nothing is claimed the noise would speak for all: they are left out.

        Raises:
            JournalCorruptError: which images a trial was right about contradicts its accuracy.
        """
        found: dict[str, dict[int, np.ndarray]] = {}
        for layout in self.layouts:
            if layout.withheld:
                continue
            for seed in self.scores.by_layout.get(layout.label, ()):
                images = self._by_image(layout.label, seed)
                if images is not None:
                    found.setdefault(layout.label, {})[seed] = images
        return found

    def _by_image(self, label: str, seed: int) -> np.ndarray | None:
        history = self.scores.finished(label)[seed].history
        rule = METRICS[self.rules.spec.metric]
        return rule.by_image(history, self.scores.equal_loss, self.rules.evaluation_images)

    def _too_few(self, i: int) -> str:
        design = self.rules.design
        first, second = self.pairs.names(i)
        return validity.seeds_words(
            int(self.pairs.n[i]),
            first=2 if _complete(self.pairs, i, self.scores, design) else design.first,
            statuses=(self.scores.statuses[first], self.scores.statuses[second]),
        )


def gather(histories: Iterable[TrialHistory], rules: Rules) -> Evidence:
    """Score all layouts and judge all pairs of them, where the metric is valid.

    Raises:
        ValueError: two trials share label and seed, or there is no evaluation image.
    """
    scores = rules.objective.scores(tuple(histories))
    return _weigh(scores, scores.by_layout, rules)


def gather_placebo(scores: Scores, rules: Rules) -> Evidence | None:
    """Judge the twin against what it copies: a single pair at alpha, the truth no difference.

    What a metric means does not matter to noise: only lost and collapsed runs withhold the claim.
    """
    for label, seeds in scores.twins.items():
        original = copied_label(label)
        if original in scores.by_layout and not label.endswith(BRIEF):
            both = {original: scores.by_layout[original], label: seeds}
            return _weigh(scores, both, rules, noise_only=True)
    return None


def gather_schedule_placebo(histories: Iterable[TrialHistory], rules: Rules) -> Evidence | None:
    """Judge a training against the same over fewer epochs, at the loss that both reach.

    None where the metric is not read at equal loss, or either has no finished trial.
    """
    histories = tuple(histories)
    brief = {h.trial.label for h in histories if h.trial.brief}
    if not rules.objective.at_equal_loss or not brief:
        return None
    label = min(brief)
    original = copied_label(label)
    scores = rules.objective.scores(
        tuple(h for h in histories if h.trial.label in (label, original)), alone=True
    )
    if label not in scores.twins or original not in scores.by_layout:
        return None
    both = {original: scores.by_layout[original], label: scores.twins[label]}
    return _weigh(scores, both, rules, noise_only=True)


def _complete(pairs: Pairs, i: int, scores: Scores, design: Design) -> bool:
    """Tell whether a pair of a fixed number of seeds has all it will have, all of them read."""
    names = pairs.names(i)
    if any(scores.unread.get(name) for name in names):
        return False
    statuses = [scores.statuses[name] for name in names]
    return design.first == design.last and all(
        len(each) >= design.last and FINAL.issuperset(each.values()) for each in statuses
    )


def _weigh(
    scores: Scores,
    trials: Mapping[str, Mapping[int, TrialScore]],
    rules: Rules,
    *,
    noise_only: bool = False,
) -> Evidence:
    floor = spread_floor(rules.evaluation_images)
    layouts = {
        label: _layout(label, seeds, scores=scores, rules=rules, floor=floor)
        for label, seeds in trials.items()
    }
    values = {
        label: {s: each.value for s, each in seeds.items()} for label, seeds in trials.items()
    }
    prefixes = {label: scores.prefix(label) for label in trials}
    pairs = pair_up(values, prefixes, last=rules.design.last)
    withheld: dict[int, str] = {}
    excluded: list[int] = []
    for i in range(len(pairs.n)):
        a, b = (layouts[name] for name in pairs.names(i))
        words = validity.pair_words(a, b, trials=trials, spec=rules.spec)
        lost = validity.lost_by_score(a) or validity.lost_by_score(b)
        if words and (lost or not noise_only):
            withheld[i] = words
        if lost:
            excluded.append(i)
    complete = [i for i in range(len(pairs.n)) if _complete(pairs, i, scores, rules.design)]
    noise = difference_floor(rules.evaluation_images)
    verdict = judge(
        pairs,
        rules.design,
        floor=noise,
        until=rules.until,
        excluded=excluded,
        complete=complete,
    )
    found = None
    if rules.spec.question is Question.WINNER and not noise_only:
        found = compete(
            pairs,
            verdict,
            rules.design,
            floor=noise,
            until=rules.until,
            withheld=withheld,
            complete=complete,
        )
    return Evidence(
        rules=rules,
        scores=scores,
        layouts=tuple(layouts.values()),
        pairs=pairs,
        verdict=verdict,
        withheld=withheld,
        excluded=tuple(excluded),
        contest=found,
    )


def _layout(
    label: str,
    seeds: Mapping[int, TrialScore],
    *,
    scores: Scores,
    rules: Rules,
    floor: float,
) -> LayoutScore:
    spec = rules.spec
    values = np.array([trial.value for trial in seeds.values()])
    whole = all(each.reach is Reach.CROSSES for each in scores.first_round(label).values())
    # What is left of a first round that is not read whole is no draw from the layout's runs.
    low, high = validity.mean_interval(
        values if whole else values[:0], alpha=spec.alpha, floor=floor
    )
    measured = [trial.history for trial in scores.finished(label).values()]
    at_the_end = validity.final_accuracies(scores.finished(label), spec.metric).tolist()
    ends = [history.epochs[-1] for history in measured]
    gaps = [end_gaps(history) for history in measured]
    statuses = scores.statuses[label]
    macs = measured[0].trial.macs
    trained_macs = scores.trained_macs.get(label, macs)
    layout = LayoutScore(
        label=label,
        layout=measured[0].trial.layout,
        score=float(values.mean()),
        low=low,
        high=high,
        seeds=len(values),
        parameters=measured[0].trial.parameters,
        macs=macs,
        trained_macs=None if trained_macs == macs else trained_macs,
        diverged=validity.divergence(statuses),
        collapsed=validity.collapse(at_the_end, large_margin=spec.large_margin, floor=floor),
        failed=list(statuses.values()).count(TrialStatus.FAILED),
        evaluation_accuracy=float(np.mean([end.evaluation_accuracy for end in ends])),
        probe_loss=float(np.mean([end.probe_loss for end in ends])),
        loss_gap=float(np.mean([gap.loss_gap for gap in gaps])),
        accuracy_gap=float(np.mean([gap.accuracy_gap for gap in gaps])),
        area_log_loss=float(np.mean([area_log_loss(history) for history in measured])),
        stopped=list(statuses.values()).count(TrialStatus.STOPPED),
        baseline=not family_of(measured[0].trial.config).searched,
    )
    words = validity.layout_words(layout, scores=scores, spec=spec, endless=rules.endless)
    return replace(layout, withheld=words)
