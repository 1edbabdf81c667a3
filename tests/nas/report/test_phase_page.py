"""The page of a sweep: whole, offline, drawn, and deaf to scripts in names."""

import re
from dataclasses import replace

import pandas as pd
import pytest

from nas.ranking.answer import also
from nas.ranking.relations import rank
from nas.report.phase_axis import Value
from nas.report.phase_page import PhaseRow, write_phase_page
from nas.spec.study import Metric, RankingSpec
from tests.nas.report.test_page import CHROMIUM, PAYLOADS, Visit, browser
from tests.nas.synthetic import DIGITS, study

__all__ = ["browser"]


def ranking(seeds=6, layouts=DIGITS):
    histories = study(layouts, seeds=range(seeds), epochs=3)
    spec = RankingSpec(metric=Metric.ACCURACY)
    return rank(histories, spec, evaluation_images=599)


def table(rows):
    found = []
    for row in rows:
        for place, layout in enumerate(row.ranking.layouts if row.ranking else (), start=1):
            names = ("label", "layout", "score", "low", "high", "seeds", "parameters", "macs")
            own = {name: getattr(layout, name) for name in names}
            found.append({"value": row.value.word, "rank": place, "mark": None, **own})
    columns = ["value", "rank", "label", "layout", "score", "low", "high", "seeds", "mark"]
    columns += ["parameters", "macs"]
    return pd.DataFrame(found, columns=columns)


def write(path, rows, **changes):
    arguments = {"title": "phase", "axis": "images", "facts": {"again": "nas search phase"}}
    write_phase_page(path, table=table(rows), rows=rows, **{**arguments, **changes})
    return path.read_text(encoding="utf-8")


def row(word, found, *, link="", note=""):
    number = float(word) if word.isdecimal() else None
    return PhaseRow(value=Value(word=word, number=number, note=note), ranking=found, link=link)


def test_every_order_is_said_with_the_way_to_its_study(tmp_path):
    rows = [row("100", ranking(), link="a/report.html"), row("300", None, note="not begun")]
    text = write(tmp_path / "p.html", rows)
    said = re.sub(r"<[^>]+>", "", text[text.index("The orders") :]).replace("&gt;", ">")
    assert rows[0].ranking.order in said
    assert also(rows[0].ranking).startswith("also: ")
    assert also(rows[0].ranking) in said
    assert said.count(rows[0].ranking.sentence) == 1
    assert "not begun" in said
    assert text.count('<a href="a/report.html">') == 1
    assert text.count("data-figure=") == 1
    assert "nas search phase" in text


def test_notes_are_said_once_with_the_values_they_are_about(tmp_path):
    few, many = ranking(seeds=2), ranking(seeds=6)
    same = write(tmp_path / "p.html", [row("100", few), row("300", few)])
    mixed = write(tmp_path / "q.html", [row("100", few), row("300", many)])
    [note] = [n for n in (few.preliminary, *few.notes) if "seeds" in n and "2" in n][:1]
    assert same.count(f"<li>{note}") == 1
    assert f"<li><strong>100:</strong> {note}" in mixed


def test_scores_are_drawn_against_size_where_sizes_vary(tmp_path):
    small = ranking()
    layouts = tuple(replace(each, macs=4 * each.macs) for each in small.layouts)
    rows = [row("20k", small), row("80k", replace(small, layouts=layouts))]
    text = write(tmp_path / "p.html", rows)
    assert text.index('data-figure="figure-scaling"') < text.index('data-figure="figure-phase"')
    assert "A curve joins the sizes of one network" in text
    assert "figure-scaling" not in write(
        tmp_path / "q.html", [row("20k", small), row("80k", small)]
    )


def test_a_sweep_without_results_has_a_page_without_scripts(tmp_path):
    text = write(tmp_path / "p.html", [row("100", None, note="not begun"), row("300", None)])
    assert "script-src &#39;none&#39;" in text
    assert "<script" not in text


@pytest.mark.browser
@pytest.mark.slow
def test_the_figure_is_drawn_offline_without_a_sideways_scroll(tmp_path, browser):
    path = tmp_path / "p.html"
    write(path, [row("100", ranking()), row("300", ranking()), row("1000", None, note="planned")])
    visit = Visit(browser, path)
    assert visit.drawn() == 1
    assert (visit.dialogs, visit.errors, visit.messages, visit.foreign()) == ([], [], [], [])
    assert visit.width() <= 1280
    visit.page.set_viewport_size({"width": 420, "height": 900})
    assert visit.width() <= 420
    visit.page.close()


@pytest.mark.browser
@pytest.mark.slow
def test_scripts_in_names_stay_text(tmp_path, browser):
    assert CHROMIUM.exists()
    layouts = dict.fromkeys(PAYLOADS, DIGITS["C-C-T-T"])
    rows = [row(payload, ranking(2, layouts), note=payload) for payload in PAYLOADS[:3]]
    path = tmp_path / "p.html"
    write(path, rows, title=" ".join(PAYLOADS), facts={payload: payload for payload in PAYLOADS})
    visit = Visit(browser, path)
    assert visit.drawn() == 1
    assert (visit.dialogs, visit.errors, visit.foreign(), visit.messages) == ([], [], [], [])
    assert visit.page.locator("img, iframe, base, link, math, a[href]").count() == 0
    visit.page.close()
