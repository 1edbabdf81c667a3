"""The ranking of layouts, `C-C-C-C ≈ C-C-C-T > C-C-T-T`, with what stands behind each symbol."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from itertools import pairwise, zip_longest
from typing import Any

from nas.ranking import answer, notes, schedule, winner
from nas.ranking.evidence import Rules, gather, gather_placebo, gather_schedule_placebo
from nas.ranking.noise_words import find_noise
from nas.ranking.paper import agreement
from nas.ranking.result import WITHHELD, LayoutScore, Ranking, Relation, Symbol
from nas.ranking.scores import counted
from nas.spec.study import RankingSpec, Until
from nas.study.declaration import Declaration
from nas.study.records import TrialHistory

_SYMMETRIC = (Symbol.EQUIVALENT, Symbol.UNDECIDED)


def rank(
    histories: Iterable[TrialHistory],
    spec: RankingSpec,
    *,
    evaluation_images: int,
    seeds: tuple[int, int] | None = None,
    declared: Declaration | None = None,
    until: Until = Until.SETTLED,
    endless: bool = False,
) -> Ranking:
    """Rank the layouts (trial labels) of a study by their finished trials, given in any order.

    Scores and differences are fractions of the `evaluation_images`. Layouts are sorted by mean
    score, ties by name; the symbols between neighbours come from paired seeds (docs/ranking.md,
    "Claims").
    `seeds` are those before the first look and at the last, as the study fixed them; by default one
    look at all the seeds there are, which is valid only if their number was fixed beforehand. l* is
    read off the first round that was `declared`, by default the seeds before the first look. Where
    data is `endless` no layout is said to overfit.

    Raises:
        ValueError: two trials share label and seed, or there is no evaluation image.
    """
    trials = sorted(histories, key=lambda history: history.trial.number)
    looks = seeds or _all_seeds(counted(trials, spec.metric))
    rules = Rules.of(
        spec,
        evaluation_images=evaluation_images,
        seeds=looks,
        until=until,
        declared=declared,
        endless=endless,
    )
    evidence = gather(trials, rules)
    scores = evidence.scores
    race, found_pairs = winner.find_race(evidence), evidence.relations()
    layouts = sorted(evidence.layouts, key=lambda layout: (-layout.score, layout.label))
    if race is not None:
        layouts = winner.ordered(layouts, race)
        found_pairs = winner.asked(evidence, found_pairs, race)
    place = {layout.label: i for i, layout in enumerate(layouts)}
    relations = sorted(
        found_pairs,
        key=lambda relation: sorted((place[relation.a], place[relation.b])),
    )
    symbols, disputes = _neighbours(layouts, relations)
    marks = _marks(layouts, relations, symbols)
    placebo = gather_placebo(scores, rules)
    twin = placebo.relations()[0] if placebo else None
    brief = gather_schedule_placebo(trials, rules)
    shorter = brief.relations()[0] if brief else None
    noise = find_noise(evidence.correct())
    found = Ranking(
        spec=spec,
        order="".join(
            layout.label + (f" {mark} " if mark else "")
            for layout, mark in zip_longest(layouts, marks)
        ),
        symbols=symbols,
        marks=marks,
        equal_loss=scores.equal_loss,
        layouts=tuple(layouts),
        relations=tuple(relations),
        notes=(
            *winner.note(race),
            *notes.placebo(twin, spec),
            *schedule.placebo_notes(brief, shorter, spec),
            *schedule.reading_notes(evidence.scores, spec),
            *([noise.sentence] if noise else []),
            *notes.assumptions(relations, spec, evaluation_images=evaluation_images),
            *notes.mishaps(relations),
            *disputes,
            *notes.trials(counted(trials, spec.metric), scores),
            *notes.far_below(layouts, scores, spec),
            *notes.wide_gaps(layouts, scores, spec, endless=endless),
            *notes.sizes(layouts, spec),
        ),
        evaluation_images=evaluation_images,
        looks=looks,
        preliminary=notes.preliminary(relations, first=looks[0]),
        hidden=answer.hidden([layout.label for layout in layouts], marks, relations),
        placebo=twin,
        schedule_placebo=shorter,
        noise=noise,
        agreement=None if race else agreement(layouts, relations, spec.metric),
        race=race,
    )
    return replace(found, sentence=answer.sentence(found))


def ranking_json(ranking: Ranking) -> dict[str, Any]:
    """Return the ranking as plain JSON values; accuracies are fractions, losses nats."""
    return {
        "metric": ranking.metric.value,
        "order": ranking.order,
        "layouts": [asdict(layout) for layout in ranking.layouts],
        "relations": [_relation_json(relation) for relation in ranking.relations],
        "equal_loss": ranking.equal_loss,
        "notes": list(ranking.notes),
        "preliminary": ranking.preliminary,
        "hidden": [
            {"a": each.a, "symbol": each.symbol.value, "b": each.b} for each in ranking.hidden
        ],
        "sentence": ranking.sentence,
        "collapsed": [
            {"label": each.label, **asdict(each.collapsed)}
            for each in ranking.layouts
            if each.collapsed.count
        ],
        "evaluation_images": ranking.evaluation_images,
        "placebo": ranking.placebo and _relation_json(ranking.placebo),
        "schedule_placebo": ranking.schedule_placebo and _relation_json(ranking.schedule_placebo),
        "noise": ranking.noise and asdict(ranking.noise),
        "agreement": ranking.agreement and asdict(ranking.agreement),
        "groups": [asdict(group) for group in ranking.groups],
        "looks": list(ranking.looks),
        "question": ranking.question.value,
        "winner": ranking.winner,
        "contenders": list(ranking.contenders),
        "spec": ranking.spec.model_dump(mode="json"),
    }


def _relation_json(relation: Relation) -> dict[str, Any]:
    return {
        **asdict(relation),
        "symbol": relation.symbol.value,
        "seeds": relation.paired_seeds,
    }


def _all_seeds(trials: Iterable[TrialHistory]) -> tuple[int, int]:
    most = len({history.trial.seed for history in trials})
    return max(most, 1), max(most, 1)


def _neighbours(
    layouts: Sequence[LayoutScore], relations: Iterable[Relation]
) -> tuple[tuple[Symbol, ...], list[str]]:
    """Return the symbols of the order line, and a note wherever paired seeds point against it.

    Layouts with unequal seeds can be ordered one way by their means and the other way by the seeds
    they share. A directed symbol would then be read as its own opposite.
    """
    between = {frozenset((relation.a, relation.b)): relation for relation in relations}
    symbols, disputes = [], []
    for better, worse in pairwise(layout.label for layout in layouts):
        relation = between[frozenset((better, worse))]
        if relation.a == better or relation.symbol in _SYMMETRIC:
            symbols.append(relation.symbol)
        else:
            symbols.append(Symbol.UNDECIDED)
            disputes.append(notes.against_order(relation))
    return tuple(symbols), disputes


def _marks(
    layouts: Sequence[LayoutScore], relations: Iterable[Relation], symbols: Sequence[Symbol]
) -> tuple[str, ...]:
    withheld = {frozenset((each.a, each.b)) for each in relations if each.withheld}
    neighbours = pairwise(layout.label for layout in layouts)
    return tuple(
        WITHHELD if frozenset(pair) in withheld else symbol.value
        for pair, symbol in zip(neighbours, symbols, strict=True)
    )
