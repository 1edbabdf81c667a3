"""How many seeds are still needed, or that none are."""

from itertools import pairwise

import pandas as pd

from nas.report.figures import open_pairs, seeds_needed
from nas.report.style import styles

THREE = {"C-C": 0.8, "C-T": 0.79, "T-T": 0.6}


def test_open_pairs_have_what_they_have_and_what_they_need(ranked, related):
    pairs = related("C-C ? C-T", "C-C > T-T", "C-T ? T-T", more_seeds=[9, pd.NA, 2])
    figure = seeds_needed(ranked(THREE), pairs, looks=styles(THREE), last=20)
    has, needs, last = figure.data
    assert figure.layout.yaxis.ticktext == ("C-T ? T-T", "C-C ? C-T")
    assert has.x == (6, 6)
    assert needs.x == (2, 9)
    assert needs.text == ("6 + 2", "6 + 9")
    assert last.name == "last look: 20"
    assert figure.layout.shapes[0].x0 == 20
    assert figure.layout.xaxis.range[1] > 20
    assert figure.layout.title.text == "2 of 3 pairs open"
    assert figure.layout.barmode == "stack"


def test_what_is_not_foreseeable_is_said_and_stands_last(ranked, related):
    pairs = related("C-C ? C-T", "C-C > T-T", "C-T ? T-T", more_seeds=[pd.NA, pd.NA, 2])
    figure = seeds_needed(ranked(THREE), pairs, looks=styles(THREE))
    assert figure.data[1].text == ("6 + 2", "6, not foreseeable")
    assert not figure.layout.shapes


def test_nothing_open_is_said_and_the_seeds_of_layouts_shown(ranked, related):
    pairs = related("C-C ≈ C-T", "C-C > T-T", "C-T ≫ T-T")
    figure = seeds_needed(ranked(THREE, seeds=[6, 8, 7]), pairs, looks=styles(THREE), last=20)
    assert figure.layout.title.text == "Nothing open: of 3 pairs none needs more seeds"
    (bars,) = figure.data
    assert bars.x == (6, 8, 7)
    assert figure.layout.yaxis.ticktext == ("C-C", "C-T", "T-T")
    assert not figure.layout.shapes


def test_withheld_pairs_are_not_open_and_are_counted(ranked, related):
    pairs = related("C-C ? C-T", "C-C ? T-T", withheld=["", "overfits"], more_seeds=[3, 4])
    figure = seeds_needed(ranked(THREE), pairs, looks=styles(THREE))
    assert len(figure.data[0].x) == 1
    assert figure.layout.title.text == "1 of 2 pairs open, 1 not compared"


def test_a_claim_that_is_not_sharp_is_open_while_seeds_are_asked_for(related):
    assert len(open_pairs(related("A ≥ B", "A ≥ C", more_seeds=[5, pd.NA]))) == 1


def test_of_many_open_pairs_the_nearest_are_drawn(ranked, related):
    names = [f"C-T#{k}" for k in range(30)]
    claims = [f"{a} ? {b}" for a, b in pairwise(names)]
    pairs = related(*claims, more_seeds=range(29, 0, -1))
    table = ranked(dict.fromkeys(names, 0.5))
    figure = seeds_needed(table, pairs, looks=styles(names))
    assert figure.data[1].x == tuple(range(1, 21))
    assert figure.layout.title.text == "29 of 29 pairs open; the 20 nearest to a decision"


def test_long_names_of_a_pair_stand_on_two_lines(ranked, related):
    a, b = "vit_small_patch16_224", "mobilenetv2_100.ra_in1k"
    figure = seeds_needed(ranked({a: 0.5, b: 0.4}), related(f"{a} ? {b}"), looks=styles([a, b]))
    assert figure.layout.yaxis.ticktext == (f"{a} ?<br>{b}",)
