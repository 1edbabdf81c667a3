"""The question of the winner, answered from a study's trials."""

from dataclasses import replace

from nas.ranking.open_pairs import open_layouts
from nas.ranking.relations import rank, ranking_json
from nas.ranking.result import NOT_ASKED, Symbol
from nas.spec.study import Metric, Question, RankingSpec, SearchSpec
from nas.study.records import TrialStatus
from tests.nas.synthetic import SyntheticLayout, study, with_twin

CLEAR = SyntheticLayout(accuracy=0.9, spread=0.001, gap=0.05)
NOISY = replace(CLEAR, spread=0.01)
LOSERS = {
    "A": CLEAR,
    # of about the same accuracy and not told apart in six seeds, but far below
    "C": replace(NOISY, accuracy=0.75),
    "D": replace(NOISY, accuracy=0.752),
}
TOPS = {
    "A": replace(NOISY, accuracy=0.902),
    "B": NOISY,
    "C": replace(CLEAR, accuracy=0.6),
    "D": replace(CLEAR, accuracy=0.6),
}
WINNER = RankingSpec(metric=Metric.ACCURACY, question=Question.WINNER)
ORDER = WINNER.model_copy(update={"question": Question.ORDER})


def answered(layouts, spec=WINNER, *, seeds=6, looks=(6, 20)):
    histories = layouts if isinstance(layouts, tuple) else study(layouts, seeds=range(seeds))
    return rank(histories, spec, evaluation_images=10_000, seeds=looks)


def asked(layouts, spec=WINNER):
    search = SearchSpec(seeds=6, max_seeds=20)
    histories = study(layouts, seeds=range(6))
    return open_layouts(histories, spec, search=search, evaluation_images=10_000)


def test_the_best_is_named_where_all_others_are_out():
    found = answered(LOSERS)
    assert (found.winner, found.contenders) == ("A", ("A",))
    said = "A is certainly the best of 3 on these images; better than "
    assert found.sentence in (f"{said}C and D.", f"{said}D and C.")


def test_losers_are_not_held_against_each_other_and_get_no_seed():
    found = answered(LOSERS)
    assert asked(LOSERS, ORDER) == ("C", "D")
    assert asked(LOSERS) == ()
    (losers,) = (each for each in found.relations if "A" not in (each.a, each.b))
    assert (losers.withheld, losers.symbol) == (NOT_ASKED, Symbol.UNDECIDED)
    assert losers.low is losers.high is losers.p_adjusted is losers.more_seeds is None
    assert found.marks[1] == "|"
    assert {(each.a, each.b) for each in found.hidden} <= {("A", "C"), ("A", "D")}
    assert len([note for note in found.notes if "the question is the winner" in note]) == 1


def test_those_that_can_still_be_the_best_get_seeds_and_are_named():
    found = answered(TOPS)
    assert found.winner is None
    assert set(found.contenders) == {"A", "B"}
    assert {layout.label for layout in found.layouts[:2]} == {"A", "B"}
    assert asked(TOPS) == ("A", "B")
    leader, other = found.contenders
    assert found.sentence.startswith(f"{leader} leads, not yet told apart from {other}; better ")
    assert [each.more_seeds is not None for each in found.relations] == [
        {each.a, each.b} == {"A", "B"} for each in found.relations
    ]


def test_at_most_a_margin_behind_settles_it_without_a_winner():
    near = {"A": CLEAR, "B": replace(CLEAR, accuracy=0.8995), "C": TOPS["C"]}
    found = answered(near)
    leader, other = found.contenders
    assert (found.winner, found.race.close) == (None, (other,))
    said = f"{leader} is certainly the best, or at most 0.5 points behind it"
    assert found.sentence.startswith(said)
    assert f"still possible: {other}" in found.sentence
    assert asked(near) == ()


def test_a_withheld_layout_can_be_the_best_and_is_said_not_to_be_compared():
    lost = {**LOSERS, "D": replace(LOSERS["D"], lost={3: TrialStatus.DIVERGED})}
    found = answered(lost)
    assert found.winner is None
    assert found.contenders == ("A", "D")
    assert "not compared with D" in found.sentence
    assert asked(lost) == ()


def test_few_seeds_seem_and_claim_nothing_certain():
    found = answered(LOSERS, seeds=3, looks=(3, 20))
    assert found.preliminary
    assert found.sentence.startswith("So far, with 3 seeds, A ")
    assert "certainly" not in found.sentence


def test_the_symbols_of_the_leader_are_those_of_the_order():
    order, winner = answered(TOPS, ORDER), answered(TOPS)
    symbols = {frozenset((each.a, each.b)): each.symbol for each in order.relations}
    leader = winner.contenders[0]
    for each in winner.relations:
        if leader in (each.a, each.b):
            assert each.symbol is symbols[frozenset((each.a, each.b))]


def test_json_answers_the_question_beside_the_keys_there_were():
    order, winner = (ranking_json(answered(LOSERS, spec)) for spec in (ORDER, WINNER))
    assert order.keys() == winner.keys()
    keys = ("question", "winner", "contenders")
    assert [order[key] for key in keys] == ["order", None, []]
    assert [winner[key] for key in keys] == ["winner", "A", ["A"]]


def test_a_twin_is_judged_as_ever_and_one_layout_wins_nothing():
    twin = with_twin(study(LOSERS, seeds=range(6)), "A")
    assert answered(twin).placebo == answered(twin, ORDER).placebo
    alone = answered({"A": CLEAR})
    assert (alone.winner, alone.contenders) == (None, ())
    assert "compared with nothing" in alone.sentence


def test_where_nobody_can_be_compared_the_highest_score_leads():
    few = {"A": replace(CLEAR, accuracy=0.8), "B": CLEAR}
    lost = {label: replace(each, lost={3: TrialStatus.DIVERGED}) for label, each in few.items()}
    found = answered(lost)
    assert found.contenders == ("B", "A")
    assert found.sentence == "B has the highest score; not compared with A."
