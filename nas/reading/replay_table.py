"""What replays of a study come to: epochs spent, regret and false kills of each allocation."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from nas.errors import NotFoundError, SpecError
from nas.ranking.metrics import TrialScore
from nas.ranking.objective import Objective
from nas.ranking.result import Rate
from nas.ranking.validity import clopper_pearson
from nas.reading.replay import Recording, Replayed, Replayer
from nas.spec.allocation import AllocationSpec
from nas.spec.file import spec_of_values
from nas.spec.study import StudySpec
from nas.study.records import TrialHistory, TrialStatus

_WHOLE = (TrialStatus.FINISHED, TrialStatus.DIVERGED)
_LAYOUTS = 2  # the best of them are not to be lost
_CUTS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)  # epochs of i-epoch that draw its front


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """An allocation to replay, as it was written: ``halving:first=1,reduction=4``."""

    name: str
    allocation: AllocationSpec
    budget: float | None = None  # share of the grid's epochs; None: that of the whole question


@dataclass(frozen=True, kw_only=True, slots=True)
class Truth:
    """What a recording knows: every candidate's score with each seed, a fraction of accuracy."""

    scores: Mapping[str, Mapping[int, float]]  # by label and seed; of a run that diverged 0
    layouts: Mapping[str, str]  # by label

    def mean(self, label: str) -> float:
        """Return the true score of a candidate, its mean over seeds."""
        return fmean(self.scores[label].values())

    def of(self, candidates: Collection[str]) -> "Answer":
        """Return what is true where there are only these candidates, by label."""
        means = {label: self.mean(label) for label in candidates}
        groups: dict[str, set[str]] = {}
        for label in sorted(means, key=lambda each: (-means[each], each)):
            groups.setdefault(self.layouts[label], set()).add(label)
        best = max(means.values())
        return Answer(
            means=means,
            winners=frozenset(label for label, mean in means.items() if mean == best),
            layouts=tuple(frozenset(group) for group in list(groups.values())[:_LAYOUTS]),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a search should have found."""

    means: Mapping[str, float]  # true scores by label
    winners: frozenset[str]  # the best; several if they are equal
    layouts: tuple[frozenset[str], ...]  # all candidates of each of the two best layouts


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcomes:
    """How an allocation fared over all replays."""

    name: str
    replays: int
    epochs_share: float  # epochs trained / those of the full grid, mean
    regret: float  # true best score - true score of what was found, mean; fraction
    found: Rate  # replays that found the true best
    false_kill: Rate  # replays that stopped it
    layout_kill: Rate  # replays that stopped all candidates of one of the two best layouts


def recording_of(
    histories: Sequence[TrialHistory], objective: Objective
) -> tuple[Recording, Truth]:
    """Return the curves of a study and what they come to by its objective.

    Raises:
        NotFoundError: some trial was not trained in full, so that nobody knows what it would be.
    """
    trained = [h for h in histories if h.trial.parent is None and not h.trial.twin]
    partly = [h.trial.id for h in trained if h.status not in _WHOLE]
    if partly or not trained:
        some = f"{len(partly)} of its trials were not, {partly[0]} first" if partly else "it is new"
        raise NotFoundError(f"a replay needs a study that trained every candidate in full: {some}")
    runs: dict[str, dict[int, TrialHistory]] = {}
    for history in trained:
        runs.setdefault(history.trial.label, {})[history.trial.seed] = history
    seeds = frozenset.intersection(*(frozenset(each) for each in runs.values()))
    if not seeds:
        raise NotFoundError("a replay needs a seed that all candidates were trained with")
    scores = objective.scores(histories)
    values = {
        label: {seed: _score(scores.finished(label), runs[label][seed]) for seed in sorted(seeds)}
        for label in runs
    }
    return (
        Recording(
            trials=runs, seeds=tuple(sorted(seeds)), epochs=max(h.trial.epochs for h in trained)
        ),
        Truth(
            scores=values,
            layouts={label: next(iter(r.values())).trial.layout for label, r in runs.items()},
        ),
    )


def _score(finished: Mapping[int, TrialScore], history: TrialHistory) -> float:
    found = finished.get(history.trial.seed)
    if found is not None:
        return found.value
    if history.status is TrialStatus.DIVERGED:
        return 0.0
    raise NotFoundError(f"a replay needs the score of every trial: {history.trial.id} has none")


def setting(text: str, spec: StudySpec) -> Setting:
    """Return the allocation that ``KIND[:KEY=VALUE,...]`` asks for, of the study that has `spec`.

    Keys are those of `search.allocation`, and `budget`: a share of the grid's epochs.

    Raises:
        SpecError: there is no such kind or key, or a value is out of bounds.
    """
    kind, _, written = text.partition(":")
    budget: float | None = None
    overrides = [f"search.allocation.kind={kind}"]
    for part in filter(None, written.split(",")):
        key, _, value = part.partition("=")
        if key.strip() == "budget":
            budget = share_of(value, key=f"--allocation {text}")
        else:
            overrides.append(f"search.allocation.{part.strip()}")
    values = {"name": "replay", "space": spec.space}
    epochs = f"training.epochs={spec.training.epochs}"
    asked = spec_of_values(values, [epochs, "training.warmup_epochs=0", *overrides])
    return Setting(name=text, allocation=asked.search.allocation, budget=budget)


def share_of(text: str, *, key: str) -> float:
    """Return a budget as it is written: a share of the grid's epochs.

    Raises:
        SpecError: it is none; `key` says where it stands.
    """
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise SpecError(f"a budget must be more than 0 and at most 1, not {text!r}", key=key)
    return share


def default_settings(spec: StudySpec) -> tuple[Setting, ...]:
    """Return the allocations to compare by default on the study that has `spec`.

    Published ones are as published: without controls.
    """
    epochs = spec.training.epochs
    cuts = [cut for cut in _CUTS if cut < epochs]
    names = [
        "full",
        *(f"full:budget={share}" for share in (0.1, 0.2, 0.4)),  # random search
        *(("halving:first=1", "halving:first=1,keep=2") if epochs > 1 else ()),
        *(("asha:first=1,controls=0", "pasha:first=1,controls=0") if epochs > 1 else ()),
        *(("halving", "halving:controls=0", "halving:strata=layout") if epochs > 2 else ()),
        *(("halving:strata=none", "halving:metric=extrapolated") if epochs > 2 else ()),
        *(("halving:metric=area", "halving:metric=best") if epochs > 2 else ()),
        *(("asha:controls=0", "pasha:controls=0") if epochs > 2 else ()),
        *(f"i-epoch:first={cut},keep={keep},controls=0" for keep in (1, 3) for cut in cuts),
    ]
    return tuple(setting(name, spec) for name in names)


def replayed(
    recording: Recording,
    truth: Truth,
    asked: Setting,
    *,
    replays: int,
    shuffled: bool = True,
    budget: float | None = None,
    candidates: int | None = None,
) -> Outcomes:
    """Replay one allocation; the n-th replays of all allocations see the same order and seed."""
    replayer = Replayer(recording, asked.allocation, shuffled=shuffled)
    share = budget if asked.budget is None else asked.budget
    done = [
        replayer.replay(number, budget=share, candidates=candidates) for number in range(replays)
    ]
    return outcomes(asked.name, done, truth, epochs=recording.epochs)


def outcomes(name: str, replays: Sequence[Replayed], truth: Truth, *, epochs: int) -> Outcomes:
    """Return what these replays of one allocation come to; a whole trial has so many `epochs`."""
    answers = {each.candidates: truth.of(each.candidates) for each in replays}
    judged = [(each, answers[each.candidates], found(each, truth)) for each in replays]
    count = len(replays)
    killed = [answer.winners <= each.stopped for each, answer, _ in judged]
    lost = [any(group <= each.stopped for group in answer.layouts) for each, answer, _ in judged]
    return Outcomes(
        name=name,
        replays=count,
        epochs_share=fmean(each.epochs / (epochs * len(each.candidates)) for each in replays),
        regret=fmean(_regret(answer, label) for _, answer, label in judged),
        found=clopper_pearson(sum(label in answer.winners for _, answer, label in judged), count),
        false_kill=clopper_pearson(sum(killed), count),
        layout_kill=clopper_pearson(sum(lost), count),
    )


def _regret(answer: Answer, label: str | None) -> float:
    """Return what was given away; where nothing was trained anyone would do, so the mean one."""
    chosen = fmean(answer.means.values()) if label is None else answer.means[label]
    return max(answer.means.values()) - chosen


def found(replay: Replayed, truth: Truth) -> str | None:
    """Return the label that a search would have named: the best that it trained to the end.

    By the score with the seed that it saw; where nothing was, the one that got farthest.
    """
    if replay.finished:
        return max(sorted(replay.finished), key=lambda label: truth.scores[label][replay.seed])
    return replay.furthest[0] if replay.furthest else None


def outcomes_json(results: Sequence[Outcomes]) -> dict[str, object]:
    """Return the results as plain JSON values; rates have `rate`, `low` and `high`."""
    return {"allocations": [_plain(each) for each in results]}


def outcomes_rows(results: Sequence[Outcomes]) -> list[dict[str, object]]:
    """Return a row an allocation, rates as columns."""
    rows = []
    for each in results:
        row: dict[str, object] = {
            "allocation": each.name,
            "replays": each.replays,
            "epochs_share": each.epochs_share,
            "regret": each.regret,
        }
        for name in ("found", "false_kill", "layout_kill"):
            plain = _rate(getattr(each, name))
            row |= {name: plain["rate"], f"{name}_low": plain["low"], f"{name}_high": plain["high"]}
        rows.append(row)
    return rows


def _plain(result: Outcomes) -> dict[str, object]:
    return {
        "name": result.name,
        "replays": result.replays,
        "epochs_share": result.epochs_share,
        "regret": result.regret,
        "found": _rate(result.found),
        "false_kill": _rate(result.false_kill),
        "layout_kill": _rate(result.layout_kill),
    }


def _rate(rate: Rate) -> dict[str, float | None]:
    share = rate.count / rate.of if rate.of else None
    return {"rate": share, "low": rate.low, "high": rate.high}
