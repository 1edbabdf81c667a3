"""The live page as people use it, in Chromium: look, filter, compare, wait, download."""

import csv
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect, sync_playwright

from dashboards import live
from nas.study.journal import Journal
from tests.dashboards.browsing import (
    CHROMIUM,
    FLAGS,
    NARROW,
    WIDE,
    drawn,
    looking,
    overflows,
    served,
)
from tests.dashboards.served import FIXTURES, a_study, begun, ended, epoch, some
from tests.nas.conftest import SMALL
from tests.nas.journals import journalled
from tests.payloads import PAYLOADS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium"),
]
VIEWS = (
    "/",
    "/s/finished",
    "/s/finished/trials",
    "/s/finished/trials?group=layout",
    "/s/finished/t/1",
    "/s/finished/compare",
    "/s/finished/search",
    "/s/interrupted/queue",
    "/s/finished/figures/scores",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield found
        found.close()


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with served(FIXTURES) as address:
        yield address


@pytest.mark.parametrize(
    ("width", "dark"), [(WIDE, False), (NARROW, True)], ids=["wide, light", "narrow, dark"]
)
def test_every_view_is_drawn_fits_and_is_open_to_all(browser, site, width, dark):
    for view in VIEWS:
        with looking(browser, width=width, dark=dark) as (_, page, _):
            page.goto(site + view)
            drawn(page)
            assert overflows(page) <= 0, view
            found = Axe().run(page)
            assert found.violations_count == 0, f"{view}: {found.generate_report()}"


def test_from_the_overview_to_a_trial_by_links(browser, site):
    with looking(browser) as (_, page, _):
        page.goto(site)
        page.get_by_role("link", name="finished").click()
        expect(page.locator("h1")).to_contain_text("fixture")
        page.get_by_role("link", name="trials", exact=True).click()
        page.get_by_role("row").nth(1).get_by_role("link").click()
        expect(page.locator("h1")).to_contain_text("-s0")
        for tab in ("answer", "compare", "search", "queue"):
            page.get_by_role("navigation", name="This study").get_by_text(tab).click()
            expect(page.locator("[aria-current=page]")).to_have_text(tab)
        page.get_by_role("link", name="Studies", exact=True).click()
        expect(page.locator("h1")).to_have_text("Studies")


def test_filters_and_sorting_are_in_the_address(browser, tmp_path):
    a_study(tmp_path / "a", messages={2: "loss is NaN"})
    with served(tmp_path) as address, looking(browser) as (_, page, _):
        page.goto(f"{address}/s/a/trials")
        rows = page.locator("#trials tbody tr")
        expect(rows).to_have_count(4)
        page.get_by_label("status").select_option("diverged")
        expect(rows).to_have_count(1)
        assert "status=diverged" in page.url
        page.get_by_label("status").select_option("")
        page.keyboard.press("/")
        page.get_by_role("searchbox").press("Control+a")
        page.keyboard.type("-s0")
        page.keyboard.press("Enter")
        expect(rows).to_have_count(2)
        page.get_by_role("searchbox").fill("")
        page.get_by_role("button", name="Show").click()
        expect(rows).to_have_count(4)
        page.get_by_role("link", name="last accuracy").click()
        page.get_by_role("link", name="last accuracy").click()
        expect(page.locator("[aria-sort=descending]")).to_contain_text("accuracy")
        expect(rows.first).to_contain_text("90.00%")
        shared = page.url
        page.goto(shared)
        expect(rows.first).to_contain_text("90.00%")
        page.get_by_label("group by").select_option("layout")
        expect(rows).to_have_count(2)


def test_chosen_layouts_are_compared(browser, site):
    with looking(browser) as (_, page, _):
        page.goto(f"{site}/s/finished/compare")
        boxes = page.get_by_role("checkbox")
        names = [box.get_attribute("value") for box in boxes.all()]
        for box in boxes.all():
            box.check()
        page.get_by_role("button", name="Compare").click()
        heads = page.locator("#compared thead th").all_inner_texts()
        assert heads == names
        assert page.url.count("l=") == len(names)
        expect(page.get_by_role("row", name="S2: block")).to_have_count(1)
        assert page.locator("img.drawing").evaluate("(each) => each.decode().then(() => true)")


def test_a_running_study_is_seen_to_go_on_without_a_reload(browser, tmp_path, monkeypatch):
    monkeypatch.setattr(live, "SOONEST", 0.0)
    monkeypatch.setattr(live, "SHARE", 0)
    one, two = some(["C"])
    study = journalled(tmp_path / "a", [*ended(one, 0.6), *begun(two), epoch(two, 1, 0.3)])
    journal = Journal(study.journal)
    try:
        with served(tmp_path) as address, looking(browser) as (_, page, _):
            page.goto(f"{address}/s/a/trials?text=-s1")
            row = page.locator("#trials tbody tr")
            expect(row).to_contain_text("running")
            expect(row).to_contain_text("1 of 3")
            page.evaluate("window.before = true")
            journal.append(epoch(two, 2, 0.61))
            expect(row).to_contain_text("2 of 3", timeout=30_000)
            expect(row).to_contain_text("61.00%")
            page.get_by_role("link", name="answer").click()
            drawn(page)
            page.evaluate("window.before = true")
            expect(page.locator("#answer")).to_contain_text("1 of 2 trials have finished")
            figure = page.locator("figure[data-figure*=curves]")
            tag = figure.get_attribute("data-tag")
            for record in ended(two, 0.9)[-2:]:
                journal.append(record)
            expect(page.locator("#answer")).to_contain_text("2 of 2 trials", timeout=30_000)
            expect(page.locator("#live")).to_have_text("updated")
            assert figure.get_attribute("data-tag") != tag
            assert page.evaluate("window.before"), "nothing was loaded anew"
    finally:
        journal.close()


def test_what_is_downloaded_is_the_table_and_the_picture(browser, site):
    with looking(browser) as (_, page, _):
        page.goto(f"{site}/s/finished")
        with page.expect_download() as saved:
            page.get_by_role("link", name="trials as csv").click()
        rows = list(csv.DictReader(io.StringIO(Path(saved.value.path()).read_text())))
        assert saved.value.suggested_filename == "finished-trials.csv"
        assert {row["label"] for row in rows} == {"C-C", "C-T", "C-C~twin"}
        drawn(page)
        figure = page.locator("figure").first
        figure.hover()
        with page.expect_download() as saved:
            figure.locator("[data-title*=png i]").click()
        assert Path(saved.value.path()).read_bytes().startswith(b"\x89PNG")


def test_dark_figures_are_light_on_dark(browser, site):
    inks = []
    for dark in (False, True):
        with looking(browser, dark=dark) as (_, page, _):
            page.goto(f"{site}/s/finished")
            drawn(page)
            inks.append(
                page.locator("figure text").first.evaluate("(each) => getComputedStyle(each).fill")
            )
    assert inks[0] != inks[1]
    light = [int(each) for each in inks[1].strip("rgb()").split(",")]
    assert min(light) > 140, inks


def test_by_keyboard_alone(browser, site):
    with looking(browser) as (_, page, _):
        page.goto(f"{site}/s/finished")
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_text("Skip to the content")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('main') !== null")
        page.goto(f"{site}/s/finished/compare")
        page.get_by_role("checkbox").first.focus()
        before = page.get_by_role("checkbox").first.is_checked()
        page.keyboard.press("Space")
        assert page.get_by_role("checkbox").first.is_checked() is not before


def test_without_scripts_all_texts_and_tables_are_there(browser, site):
    with looking(browser, java_script_enabled=False) as (_, page, _):
        page.goto(f"{site}/s/finished")
        expect(page.locator("#answer")).to_contain_text("trials have finished")
        page.get_by_role("link", name="As a table").first.click()
        expect(page.locator("tbody tr").first).to_be_visible()
        page.goto(f"{site}/s/finished/trials")
        page.get_by_label("layout", exact=False).first.select_option("C-C")
        page.get_by_role("button", name="Show").click()
        assert "layout=C-C" in page.url


def test_behind_a_prefix_with_a_token(browser):
    token = "b" * 43
    with (
        served(FIXTURES, token=token, prefix="/deep/nas") as address,
        looking(browser) as (context, page, faults),
    ):
        page.goto(f"{address}/s/finished")
        expect(page.locator("h1")).to_have_text("This page asks for a token")
        page.get_by_label("token").fill("wrong")
        page.get_by_role("button", name="Enter").click()
        expect(page.get_by_role("alert")).to_be_visible()
        assert Axe().run(page).violations_count == 0
        page.get_by_label("token").fill(token)
        page.get_by_role("button", name="Enter").click()
        page.goto(f"{address}/s/finished")
        drawn(page)
        assert page.evaluate("document.cookie") == "", "scripts cannot read it"
        [cookie] = context.cookies()
        assert cookie["httpOnly"]
        assert cookie["path"] == "/deep/nas/"
        assert faults.any() == []


def shown_as_text(page, payload: str) -> bool:
    """Tell whether a payload stands in the page, letter by letter."""
    return " ".join(payload.split()) in " ".join(page.locator("body").inner_text().split())


def test_a_hundred_scripts_in_every_text_show_as_text(browser, tmp_path):
    """As labels and messages of trials, as names of folders, and in every address."""
    for number, payloads in enumerate(PAYLOADS[i : i + 25] for i in range(0, 100, 25)):
        trials = some(payloads, seeds=1)
        records = []
        for i, (each, payload) in enumerate(zip(trials, payloads, strict=True)):
            records += ended(each, 0.5 + i / 100, message=payload if i % 3 == 0 else "")
        name = "x" + payloads[1].replace("/", "\u2215")
        journalled(tmp_path / f"{number}{name}", records)
    with served(tmp_path) as address:
        studies = sorted(folder.name for folder in tmp_path.iterdir())
        with looking(browser) as (_, page, _):
            page.goto(address)
            assert all(shown_as_text(page, name) for name in studies)
        for number, name in enumerate(studies):
            base = f"{address}/s/{quote(name, safe='')}"
            labels = PAYLOADS[25 * number : 25 * number + 25]
            query = "&".join(f"l={quote(label, safe='')}" for label in labels[:6])
            with looking(browser) as (_, page, _):
                page.goto(f"{base}/trials")
                assert all(shown_as_text(page, label) for label in labels)
                for view in ("", f"/compare?{query}", "/search", "/t/1", "/queue"):
                    page.goto(base + view)
                    drawn(page)
                    if view == "/t/1":
                        assert shown_as_text(page, labels[0])
                for text in labels[:5]:
                    page.goto(f"{base}/trials?text={quote(text, safe='')}&layout={quote(text)}")
                    assert page.get_by_role("searchbox").input_value() == text


@pytest.mark.timeout(240)
def test_a_real_study_is_watched_from_nothing_to_its_answer(browser, tmp_path, monkeypatch):
    """`nas search` trains in another process; the page is opened before it begins."""
    monkeypatch.setattr(live, "SHARE", 0)
    command = [sys.executable, "-m", "nas.cli", "search", str(SMALL), "--inline", "-q"]
    changes = ["training.epochs=100", "search.seeds=4", "--study", str(tmp_path / "real")]
    with served(tmp_path) as address, looking(browser) as (_, page, _):
        page.goto(address)
        expect(page.locator("#studies")).to_contain_text("There is no study here yet")
        with subprocess.Popen([*command, *changes], stdout=subprocess.DEVNULL) as search:
            try:
                link = page.get_by_role("link", name="real")
                expect(link).to_be_visible(timeout=90_000)
                link.click()
                answer = page.locator("#answer")
                expect(answer).to_contain_text(re.compile("[1-7] of 8 trials"), timeout=90_000)
                page.evaluate("window.before = true")
                expect(answer).to_contain_text("8 of 8 trials have finished", timeout=90_000)
                expect(answer.locator(".status")).to_have_text("finished", timeout=90_000)
                assert page.evaluate("window.before"), "nothing was loaded anew"
                assert search.wait(60) == 0
            finally:
                search.kill()
        page.get_by_role("link", name="trials", exact=True).click()
        expect(page.locator("#trials tbody tr")).to_have_count(8)
