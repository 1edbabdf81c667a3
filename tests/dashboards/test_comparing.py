"""Layouts beside each other."""

from xml.etree import ElementTree as ET

import pytest

from coatnet.config import BlockType
from dashboards.comparing import MOST, chosen, comparison
from nas.ranking.relations import rank
from nas.report.networks import drawing
from nas.spec.study import RankingSpec
from tests.dashboards.served import FIXTURES, client
from tests.nas.synthetic import DIGITS, study

LABELS = list(DIGITS)


@pytest.fixture(scope="module")
def histories():
    return study(epochs=4)


def test_what_is_chosen():
    assert chosen(LABELS, ["C-T-T-T", "C-C-C-C", "C-T-T-T", "none"]) == ("C-T-T-T", "C-C-C-C")
    assert chosen(LABELS, ["C-T-T-T"]) == tuple(LABELS[:3]), "one is not compared"
    assert chosen([str(i) for i in range(9)], [str(i) for i in range(9)]) == tuple("012345")[:MOST]
    assert chosen([], []) == ()


def test_only_what_differs_is_listed(histories):
    found = comparison(histories, rank(histories, RankingSpec(), evaluation_images=599), LABELS[:2])
    differences = dict(found.differences)
    assert differences["S4: block"] == (str(BlockType("C")), str(BlockType("T")))
    assert not any(name.startswith(("S1", "S2", "S3", "stem")) for name in differences)
    assert found.same > 5
    assert all(len(set(values)) > 1 for values in differences.values())
    assert dict(found.results)["seeds"] == ("3", "3")
    [claim] = found.claims
    assert {claim[0], claim[2]} == set(LABELS[:2])
    assert found.curves is not None
    assert {trace.name for trace in found.curves.figure.data} >= set(LABELS[:2])


def test_layouts_that_have_not_begun_are_compared_by_their_networks():
    found = comparison((), rank((), RankingSpec(), evaluation_images=599), ())
    assert (found.differences, found.claims, found.curves) == ((), (), None)


def test_networks_are_drawn_together_or_alone(histories):
    together = drawing(histories, LABELS[:2])
    assert together is not None
    root = ET.fromstring(together)
    assert root.tag.endswith("svg")
    words = " ".join("".join(each.itertext()) for each in root.iter())
    assert all(label in words for label in LABELS[:2])
    assert drawing(histories, LABELS[:1]) is not None
    assert drawing(histories, []) is None
    assert drawing((), LABELS) is None


def test_drawings_are_served():

    asks = client(FIXTURES)
    answer = asks.get("/s/finished/drawing.svg?l=C-C&l=C-T")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "script-src" not in answer.headers["Content-Security-Policy"]
