"""The answer in words: line and hidden claims show all that is certified, the sentence is true."""

import re
from dataclasses import replace
from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.ranking import relations
from nas.ranking.answer import LONGEST, also, hidden, sentence
from nas.ranking.relations import rank
from nas.ranking.result import WITHHELD, Symbol
from nas.spec.study import Metric, RankingSpec
from nas.study.records import TrialStatus
from tests.nas.rankings import HERE, layout, ranking, relation
from tests.nas.synthetic import DIGITS, SyntheticLayout, study, with_twin

ACCURACY = RankingSpec(metric=Metric.ACCURACY)
LABELS = ("C-C-C-C", "C-C-C-T", "C-C-T-T", "C-T-T-T", "ViT_REL", "C-C#1", "C-C#2")
STRENGTH = {"≫": 3, ">": 2, "≥": 1}  # what each claims, the weaker ones follow


def claims(found):
    return [f"{each.a} {each.symbol} {each.b}" for each in found]


@pytest.mark.parametrize(
    ("line", "claim", "is_hidden"),
    [
        ("A ? B ? C", "A > C", True),
        ("A ? B > C", "A ≫ C", True),
        ("A ? B ? C", "A ≈ C", True),
        ("A ? B ? C", "A ≥ C", True),
        ("A ? B ? C", "C ≥ A", True),  # over shared seeds, against the means
        ("A | B > C", "A > C", True),
        ("A > B > C", "A > C", False),
        ("A > B > C", "A ≥ C", False),
        ("A > B > C", "A ≫ C", True),
        ("A > B ≫ C", "A ≫ C", False),
        ("A ≫ B ≫ C", "A > C", False),
        ("A > B > C", "C > A", True),
        ("A > B > C", "A ≈ C", True),
        ("A ≈ B ≈ C", "A ≈ C", True),  # two margins are wider than one
        ("A ≈ B > C", "A > C", True),
        ("A ≈ B ≫ C", "A > C", True),
        ("A ≥ B ≥ C", "A ≥ C", True),
        ("A ≥ B > C", "A > C", True),
        ("A ? B", "B > A", True),  # a dispute: the line shows a question mark
        ("A ? B ? C", "A ? C", False),
        ("A ? B ? C", "A | C", False),
        ("A > B ? C > D", "A > B", False),
        ("A > B ? C > D", "B > D", True),
    ],
)
def test_what_a_line_does_not_show_is_hidden(line, claim, is_hidden):
    assert claims(ranking(line, claim).hidden) == [claim] * is_hidden


def test_the_fault_that_was_reported():
    found = ranking("C-C-C-C ? C-T-T-T ? C-C-C-T ? C-C-T-T", "C-C-C-C > C-C-T-T")
    assert also(found) == "also: C-C-C-C > C-C-T-T"
    assert found.sentence == (
        "C-C-C-C leads; it is certainly better than C-C-T-T, and not yet told apart from C-T-T-T "
        "and C-C-C-T."
    )


def test_claims_that_are_alike_are_said_together():
    found = ranking("A ? B ? C ? D", "A > C", "A ≫ D", "B ≫ D", "B ≈ A")
    assert also(found) == "also: B ≈ A; A > C; A, B ≫ D"
    assert also(replace(found, preliminary="3 seeds")) == "also preliminary: B ≈ A; A > C; A, B ≫ D"
    assert also(ranking("A > B > C", "A > C")) == ""


@st.composite
def lines(draw):
    """Labels with any claims at all between them, the line as the ranking prints it."""
    labels = draw(st.permutations(LABELS[: draw(st.integers(1, len(LABELS)))]))
    made = [
        relation(
            *(pair if forward else pair[::-1])[:1],
            mark,
            *(pair if forward else pair[::-1])[1:],
            here=draw(st.booleans()),
        )
        for pair in combinations(labels, 2)
        for mark in [draw(st.sampled_from("≫>>≈≥?|"))]
        for forward in [draw(st.integers(0, 3)) > 0]
    ]
    layouts = [layout(label, 0.9 - 0.01 * i) for i, label in enumerate(labels)]
    symbols, _ = relations._neighbours(layouts, made)
    return labels, relations._marks(layouts, made, symbols), made


def closed(labels, facts):
    """What follows from claims of `≫` and `>`, by label: the strongest, as a Floyd-Warshall."""
    known = {(a, b): STRENGTH[mark] for a, mark, b in facts if mark in ("≫", ">")}
    for middle, a, b in product(labels, repeat=3):
        through = known.get((a, middle), 0), known.get((middle, b), 0)
        if all(through):
            known[a, b] = max(known.get((a, b), 0), *through)
    return known


def reconstructed(text, shown):
    """What a reader gets from an order line and the hidden claims: a test for any (a, mark, b)."""
    words = text.split()
    labels = words[::2]
    printed = [tuple(words[i : i + 3]) for i in range(0, len(words) - 2, 2)]
    followed = closed(labels, printed)
    told = {*printed, *shown}

    def holds(a, mark, b):
        if (a, mark, b) in told or (mark == "≈" and (b, mark, a) in told):
            return True
        return followed.get((a, b), 0) >= STRENGTH.get(mark, 9)

    return holds


@given(lines())
def test_line_and_hidden_claims_show_all_that_is_certified_and_no_more(found):
    labels, marks, made = found
    text = " ".join(word for pair in zip(labels, [*marks, ""], strict=True) for word in pair)
    certified = [(r.a, str(r.symbol), r.b) for r in made if r.symbol is not Symbol.UNDECIDED]
    shown = [(r.a, str(r.symbol), r.b) for r in hidden(labels, marks, made)]
    assert set(shown) <= set(certified)
    holds = reconstructed(text, shown)
    assert [claim for claim in certified if not holds(*claim)] == []
    line_only = reconstructed(text, ())
    assert [claim for claim in shown if line_only(*claim)] == [], "a reader knew that"


def names(text, count):
    """The labels of 'A, B and 2 others', or how many there must be."""
    every = re.fullmatch(r"all \d+ others|both others|any other", text)
    if every:
        return set(), count
    listed = re.split(r", | and ", text)
    left = re.fullmatch(r"(\d+) others?", listed[-1])
    return set(listed[: len(listed) - bool(left)]), len(listed) - 1 + int(left[1]) if left else (
        len(listed)
    )


WORDS = {
    "worse on shared seeds than ": "above",
    "better than ": "better",
    "within 0.5 points of ": "equal",
    "at most 0.5 points behind ": "not worse",
    "not yet told apart from ": "open",
    "not compared with ": "withheld",
}


def kind(each, first):
    """How a pair of the first must be put into words."""
    if each.withheld:
        return "withheld"
    if each.symbol is Symbol.EQUIVALENT:
        return "equal"
    better = each.symbol in (Symbol.BETTER, Symbol.MUCH_BETTER)
    if each.a == first:
        return "better" if better else "not worse" if each.symbol is Symbol.NOT_WORSE else "open"
    return "above" if better else "open"


@given(lines(), st.booleans(), st.booleans())
def test_the_sentence_says_of_each_other_what_is_known(found, preliminary, tied):
    labels, marks, made = found
    if len(labels) < 2:
        return
    text = " ".join(word for pair in zip(labels, [*marks, ""], strict=True) for word in pair)
    base = ranking(text.strip())
    said = sentence(
        replace(
            base,
            layouts=tuple(replace(x, score=0.9) if tied and i < 2 else x
                          for i, x in enumerate(base.layouts)),
            relations=tuple(made),
            preliminary="few seeds" if preliminary else "",
        )
    )  # fmt: skip
    first, count = labels[0], len(labels) - 1
    expected = {}
    for each in made:
        if first in (each.a, each.b):
            other = each.b if each.a == first else each.a
            here = each.new_images == HERE and kind(each, first) not in ("open", "withheld")
            expected.setdefault(kind(each, first) + here * " here", set()).add(other)
    assert said.endswith(".")
    assert said.count(".") - said.count("0.5") == 1
    assert not set(said) & set("≫>≈≥?|")
    assert ("certainly" in said) is (
        not preliminary and bool(expected.keys() - {"open", "withheld"})
    )
    assert said.startswith("So far, with 6 seeds, ") is preliminary
    assert ("share the highest score" in said) is tied
    assert (" leads" in said) is (
        not tied
        and not expected.keys() & {"above", "above here"}
        and expected.keys() - {"open", "withheld"} != set()
    )
    body = re.sub("; [^;]* decided$", "", said.rstrip("."))
    parts = re.split("|".join(f"({words})" for words in WORDS), body)
    parts = [part for part in parts if part is not None]
    found_kinds = {}
    for words, listed in zip(parts[1::2], parts[2::2], strict=True):
        listed = re.sub(r",( and| is| and is)? ?$|, and is $| ?, $", "", listed).strip()
        here = listed.endswith(" on these images")
        listed = listed.removesuffix(" on these images")
        found_kinds[WORDS[words] + here * " here"] = names(listed, count)
    assert found_kinds.keys() == expected.keys()
    for name, (told, number) in found_kinds.items():
        assert told <= expected[name]
        assert number == len(expected[name])
    # where each list is down to one name nothing is left to shorten
    assert len(said) <= LONGEST or all(len(told) < 2 for told, _ in found_kinds.values())


def only_here(line, *words, **changes):
    """The ranking of a line and claims, of which those between 'A B' hold on these images alone."""
    alone = [set(pair.split()) for pair in words if len(pair.split()) == 2]
    found = ranking(line, *(claim for claim in words if len(claim.split()) == 3), **changes)
    made = tuple(
        replace(each, new_images=HERE) if {each.a, each.b} in alone else each
        for each in found.relations
    )
    return replace(found, relations=made)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (ranking("A"), "A is the only one with a finished trial, so it is compared with nothing."),
        (ranking("A > B"), "A leads; it is certainly better than B."),
        (ranking("A ? B"), "A has the highest score, but is not yet told apart from B."),
        (ranking("A | B"), "A has the highest score, but is not compared with B."),
        (ranking("A ≈ B"), "A leads; it is certainly within 0.5 points of B."),
        (ranking("A ≥ B"), "A leads; it is certainly at most 0.5 points behind B."),
        (ranking("A > B > C", "A > C"), "A leads; it is certainly better than both others."),
        (
            ranking("A ? B ? C"),
            "A has the highest score, but is not yet told apart from any other.",
        ),
        (
            ranking("A | B | C", "A | C"),
            "A has the highest score, but is not compared with any other.",
        ),
        (
            ranking("A | B > C", "A | C"),
            (
                "A has the highest score, but is not compared with any other; the pair of others "
                "is decided."
            ),
        ),
        (
            ranking("A ? B", "B > A"),
            "A has the highest score, yet it is certainly worse on shared seeds than B.",
        ),
        (
            ranking("A ≫ B", seeds=3, preliminary="3 seeds"),
            "So far, with 3 seeds, A leads; it seems better than B.",
        ),
        (
            ranking("A > B ? C", seeds=3, preliminary="3 seeds"),
            (
                "So far, with 3 seeds, A leads; it seems better than B, and is not yet told apart "
                "from C."
            ),
        ),
        (
            ranking("A ? B", layouts=(layout("A", 0.9), layout("B", 0.9))),
            "A and B share the highest score; A is not yet told apart from B.",
        ),
        (
            ranking("A ≈ B > C", layouts=(layout("A", 0.9), layout("B", 0.9), layout("C", 0.8))),
            (
                "A and B share the highest score; A is certainly within 0.5 points of B, and not "
                "yet told apart from C."
            ),
        ),
        (
            ranking("timm/x > B", layouts=(layout("timm/x", 0.9, baseline=True), layout("B", 0.8))),
            "timm/x, of another family, leads; it is certainly better than B.",
        ),
        (
            ranking("A > B", spec=RankingSpec(margin=0.01)),
            "A leads; it is certainly better than B.",
        ),
        (
            ranking("A ≈ B", spec=RankingSpec(margin=0.01)),
            "A leads; it is certainly within 1 point of B.",
        ),
        (
            ranking("A > B", placebo=relation("A", ">", "A.twin")),
            (
                "Nothing here is to be trusted, since one network, entered twice, came out better "
                "than itself; A has the highest score."
            ),
        ),
        (
            ranking("A > B", placebo=relation("A", "≈", "A.twin")),
            "A leads; it is certainly better than B.",
        ),
        (
            ranking("A > B > C > D > E > F ? G", "A > C", "A > D", "A > E", "A > F"),
            (
                "A leads; it is certainly better than B, C, D, E and 1 other, and not yet told "
                "apart from G."
            ),
        ),
        (only_here("A > B", "A B"), "A leads; it is certainly better than B on these images."),
        (
            only_here("A ≥ B", "A B"),
            "A leads; it is certainly at most 0.5 points behind B on these images.",
        ),
        (
            only_here("A > B > C", "A C", "A > C"),
            "A leads; it is certainly better than B, and better than C on these images.",
        ),
        (
            only_here("A > B > C", "A B", "A C", "A > C"),
            "A leads; it is certainly better than both others on these images.",
        ),
        (
            only_here("A > B ? C", "A B", seeds=3, preliminary="3 seeds"),
            (
                "So far, with 3 seeds, A leads; it seems better than B on these images, and is not "
                "yet told apart from C."
            ),
        ),
    ],
)
def test_the_sentence_of_a_ranking(found, expected):
    assert sentence(found) == expected


def test_a_sentence_counts_where_names_are_long():
    names = [f"timm/a_network_with_a_long_name_{k}" for k in range(9)]
    line = " > ".join(names)
    said = ranking(line, *(f"{names[0]} > {name}" for name in names[2:-2])).sentence
    assert said == (
        f"{names[0]} leads; it is certainly better than {names[1]} and 5 others, and not yet told "
        f"apart from {names[7]} and 1 other."
    )


def test_fewest_and_most_seeds_of_a_preliminary_ranking():
    found = ranking("A > B > C", "A > C", seeds=3)
    more = (*found.relations[:2], replace(found.relations[2], paired_seeds=8))
    found = replace(found, preliminary="3 seeds", relations=more)
    assert sentence(found).startswith("So far, with 3 to 8 seeds, A leads")
    alone = study(seeds=[0])
    said = rank(alone, ACCURACY, evaluation_images=599).sentence
    assert said.startswith(
        "So far, with 1 seed, C-C-C-C has the highest score, but is not compared"
    )


def test_nothing_finished_is_said():
    found = rank((), ACCURACY, evaluation_images=599)
    assert (found.hidden, found.sentence) == (
        (),
        "No trial has finished: there is nothing to rank.",
    )


def test_a_study_says_what_its_line_hides():
    # Neighbours a point apart are within the noise of six runs, those two and three apart are not.
    scores = {"A": 0.93, "B": 0.92, "C": 0.91, "D": 0.90}
    layouts = {x: SyntheticLayout(accuracy=score, spread=0.006) for x, score in scores.items()}
    found = rank(study(layouts, seeds=range(6)), ACCURACY, evaluation_images=100_000)
    assert found.order == "A ? B ? C ? D"
    assert claims(found.hidden) == ["A > C", "A > D", "B > D"]
    assert found.sentence == (
        "A leads; it is certainly better than C and D on these images, and not yet told apart from "
        "B."
    )


def test_a_layout_that_collapsed_is_compared_with_nothing():
    layouts = {
        "A": SyntheticLayout(accuracy=0.99, spread=0.0, collapsed=frozenset([2])),
        "B": SyntheticLayout(accuracy=0.7, spread=0.001),
        "C": SyntheticLayout(accuracy=0.4, spread=0.001),
    }
    found = rank(study(layouts, seeds=range(6)), ACCURACY, evaluation_images=599)
    assert found.order.startswith("A | B")
    assert found.sentence == (
        "A has the highest score, but is not compared with any other; the pair of others is "
        "decided."
    )


def test_a_twin_is_in_no_sentence_unless_it_fails():
    histories = study(seeds=range(6))
    expected = rank(histories, ACCURACY, evaluation_images=599).sentence
    same = rank(with_twin(histories, "C-C-T-T"), ACCURACY, evaluation_images=599)
    assert same.sentence == expected
    apart = rank(with_twin(histories, "C-C-T-T", shift=0.05), ACCURACY, evaluation_images=599)
    assert apart.sentence.startswith("Nothing here is to be trusted")


@pytest.mark.parametrize("metric", [Metric.GENERALIZATION, Metric.ACCURACY, Metric.CAPACITY])
@pytest.mark.parametrize("lost", [{}, {1: TrialStatus.DIVERGED}, {5: TrialStatus.RUNNING}])
def test_of_a_study_line_and_hidden_show_all_that_is_certified(metric, lost):
    layouts = {**DIGITS, "C-C-C-T": replace(DIGITS["C-C-C-T"], lost=lost)}
    for seed in range(5):
        found = rank(
            study(layouts, seeds=range(6), seed=seed),
            RankingSpec(metric=metric),
            evaluation_images=599,
        )
        holds = reconstructed(found.order, [(x.a, str(x.symbol), x.b) for x in found.hidden])
        certified = [x for x in found.relations if x.symbol is not Symbol.UNDECIDED]
        assert [x for x in certified if not holds(x.a, str(x.symbol), x.b)] == []
        assert WITHHELD not in found.sentence
