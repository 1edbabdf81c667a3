"""What is gathered before anything is put in order: looks, scores, pairs, and the placebo alone."""

import pytest

from nas.ranking.evidence import Evidence, Rules, gather, gather_placebo
from nas.ranking.result import Symbol
from nas.spec.study import Metric, RankingSpec, Until
from nas.study.records import TrialStatus
from tests.nas.synthetic import SyntheticLayout, study, with_twin

LAYOUTS = {
    "C-C": SyntheticLayout(accuracy=0.95, spread=0.001),
    "C-T": SyntheticLayout(accuracy=0.80, spread=0.001),
}


def rules(seeds: tuple[int, int] = (6, 6), metric: Metric = Metric.ACCURACY) -> Rules:
    return Rules.of(
        RankingSpec(metric=metric, size_tolerance=None),
        evaluation_images=1000,
        seeds=seeds,
        until=Until.SETTLED,
    )


def symbols(evidence: Evidence) -> list[Symbol]:
    return [relation.symbol for relation in evidence.relations()]


@pytest.mark.parametrize(
    ("seeds", "looks"), [((1, 1), (2, 2)), ((1, 4), (2, 4)), ((3, 2), (3, 3)), ((6, 20), (6, 20))]
)
def test_no_look_is_at_a_single_seed(seeds, looks):
    design = rules(seeds).design
    assert (design.first, design.last) == looks


def test_layouts_are_scored_and_pairs_judged():
    evidence = gather(study(LAYOUTS, seeds=range(6)), rules())
    assert [layout.layout for layout in evidence.layouts] == ["C-C", "C-T"]
    assert evidence.layouts[0].score == pytest.approx(0.95, abs=0.003)
    assert symbols(evidence) == [Symbol.MUCH_BETTER]
    assert evidence.withheld == {}


def test_a_layout_that_lost_a_run_by_its_score_claims_nothing():
    lost = {**LAYOUTS, "C-T": SyntheticLayout(accuracy=0.8, spread=0.001, collapsed=frozenset({2}))}
    evidence = gather(study(lost, seeds=range(6)), rules())
    assert evidence.excluded == (0,)
    assert "collapsed" in evidence.withheld[0]
    assert symbols(evidence) == [Symbol.UNDECIDED]


def test_a_pair_of_a_fixed_number_of_seeds_is_read_at_those_that_did_not_fail():
    failed = {
        **LAYOUTS,
        "C-T": SyntheticLayout(accuracy=0.8, spread=0.001, lost={4: TrialStatus.FAILED}),
    }
    assert symbols(gather(study(failed, seeds=range(6)), rules())) == [Symbol.MUCH_BETTER]
    (relation,) = gather(study(failed, seeds=range(6)), rules((6, 9))).relations()
    assert relation.symbol is Symbol.UNDECIDED
    assert "5 paired seeds where claims begin at 6" in relation.withheld


def test_the_twin_is_judged_against_what_it_copies_and_nothing_else():
    histories = with_twin(study(LAYOUTS, seeds=range(6)), "C-T")
    evidence = gather(histories, rules())
    assert evidence.pairs.layouts == ("C-C", "C-T")
    placebo = gather_placebo(evidence.scores, rules())
    assert placebo is not None
    assert placebo.pairs.layouts == ("C-T", "C-T~twin")
    assert gather_placebo(gather(study(LAYOUTS, seeds=range(6)), rules()).scores, rules()) is None
