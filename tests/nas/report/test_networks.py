"""The winner and the runner-up are drawn, as an image that is nothing but one."""

import base64
from xml.etree import ElementTree as ET

import pytest

from nas.ranking.relations import rank
from nas.report.networks import drawn
from nas.report.page import write_report
from nas.spec.study import RankingSpec
from tests.nas.synthetic import DIGITS, study


def svg_of(uri: str) -> ET.Element:
    head, _, content = uri.partition(",")
    assert head == "data:image/svg+xml;base64"
    return ET.fromstring(base64.b64decode(content))


def ranked(histories):
    return rank(histories, RankingSpec(), evaluation_images=599)


def test_the_best_two_are_drawn_and_no_others():
    histories = study(epochs=4)
    found = ranked(histories)
    words = " ".join("".join(each.itertext()) for each in svg_of(drawn(histories, found)).iter())
    first, second, third, *_ = (layout.label for layout in found.layouts)
    assert first in words
    assert second in words
    assert third not in words


def test_one_is_drawn_alone_and_nothing_is_not_drawn():
    histories = study({"C-T": DIGITS["C-C-T-T"]}, epochs=4)
    assert svg_of(drawn(histories, ranked(histories))).tag.endswith("svg")
    assert drawn((), ranked(())) == ""


@pytest.mark.parametrize("symbol", [">", "\u226b", "\u2248", "\u2265", "?"])
def test_the_page_has_the_picture_and_says_what_symbols_claim(tmp_path, symbol):
    histories = study(epochs=4)
    write_report(
        tmp_path / "r.html", title="t", histories=histories, ranking=ranked(histories), facts={}
    )
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert text.count('<img class="drawing" src="data:image/svg+xml;base64,') == 1
    legend = text.partition('<details class="legend">')[2].partition("</details>")[0]
    assert f'<dt class="symbol">{symbol.replace(">", "&gt;")}</dt><dd>' in legend
