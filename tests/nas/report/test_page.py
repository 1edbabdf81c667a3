"""The page in a real browser: whole, offline, drawn, and deaf to scripts in names."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from nas.ranking.groups import compared, groups, without_claims
from nas.ranking.objective import Objective
from nas.ranking.relations import rank
from nas.ranking.scope import scope
from nas.report import page as report
from nas.report.page import write_report
from nas.report.style import plain, shorten
from nas.spec.study import Metric, RankingSpec
from nas.study.records import TrialStatus
from tests.nas.rankings import ranking
from tests.nas.synthetic import DIGITS, SyntheticLayout, study

CHROMIUM = Path("/usr/bin/chromium")
FACTS = {"data": "digits", "again": "nas search spec.yaml"}

PAYLOADS = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<!--<script>alert(1)//",
    '"><img src=x onerror=alert(1)>',
    "<svg/onload=alert(1)>",
    '<iframe srcdoc="<script>parent.alert(1)</script>">',
    '<a href="javascript:alert(1)">click</a>',
    "<base href=//evil.example/><script src=x.js></script>",
    '<link rel=stylesheet href="https://evil.example/x.css">',
    "</style><script>alert(1)</script>",
    "</textarea></title></noscript><script>alert(1)</script>",
    "{{ 7*7 }}{% raw %}<script>alert(1)</script>",
    "%{x}<extra><script>alert(1)</script></extra>",
    "$\\href{javascript:alert(1)}{x}$",
    "'\";alert(1);//\u2028alert(1)",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
]


def write(path, histories, *, spec=None, **changes):
    """Write a report; return its text."""
    found = rank(histories, spec or RankingSpec(), evaluation_images=599)
    arguments = {"title": "digits", "histories": histories, "ranking": found, "facts": FACTS}
    write_report(path, **{**arguments, **changes})
    return path.read_text(encoding="utf-8")


STUDIES = {
    "five layouts": study(epochs=5),
    "nothing planned": (),
    "nothing finished": study(
        {"A": replace(DIGITS["C-C-T-T"], lost=dict.fromkeys(range(3), TrialStatus.PLANNED))}
    ),
    "all diverged": study(
        {"A": replace(DIGITS["C-C-T-T"], lost=dict.fromkeys(range(3), TrialStatus.DIVERGED))}
    ),
    "running": study(
        {"A": replace(DIGITS["C-C-T-T"], lost=dict.fromkeys(range(3), TrialStatus.RUNNING))}
    ),
    "one layout, one seed, one epoch": study({"C-T": DIGITS["C-C-T-T"]}, seeds=[0], epochs=1),
    "perfect": study({"C-C": SyntheticLayout(accuracy=1.0, spread=0.0, loss=1e-9)}, epochs=3),
    "twelve": study(
        {f"C-T#{k}": SyntheticLayout(accuracy=0.5, spread=0.1) for k in range(12)}, epochs=3
    ),
}
FIGURES = {"nothing planned": 0, "nothing finished": 0, "all diverged": 1, "running": 2}


@pytest.mark.parametrize(
    ("name", "metric"),
    [*((name, Metric.GENERALIZATION) for name in STUDIES), ("five layouts", Metric.ACCURACY)],
)
def test_every_study_has_a_page(tmp_path, name, metric):
    histories = STUDIES[name]
    text = write(tmp_path / "r.html", histories, spec=RankingSpec(metric=metric))
    single = len({history.trial.label for history in histories}) == 1
    assert text.count("data-figure=") == FIGURES.get(name, 5 if single else 8)
    assert all(history.trial.id in text for history in histories)
    assert "nas search spec.yaml" in text


def test_the_page_says_the_order_and_every_claim(tmp_path):
    histories = STUDIES["five layouts"]
    found = rank(histories, RankingSpec(), evaluation_images=599)
    text = write(tmp_path / "r.html", histories)
    headline = re.search(r'<p class="order">(.*?)</p>', text)
    assert headline is not None
    said = re.sub(r"<[^>]+>", "", headline[1]).replace("&gt;", ">")
    assert " ".join(said.split()) == found.order
    assert text.count('<th scope="row">') == 5 + 5 + 10 + 15  # the layouts have two tables
    assert all(note in text for note in found.notes)


def test_the_page_says_what_the_order_hides_and_what_it_means(tmp_path):
    histories = STUDIES["five layouts"]
    found = ranking("C-C-C-C ? C-C-C-T ? C-C-T-T", "C-C-C-C > C-C-T-T")
    text = write(tmp_path / "r.html", histories, ranking=found)
    said = dict(re.findall(r'<p class="(also|answer)">(.*?)</p>', text))
    said = {name: re.sub("<[^>]+>", "", words).strip() for name, words in said.items()}
    assert said == {"also": "also: C-C-C-C &gt; C-C-T-T", "answer": found.sentence}
    assert f'<p class="lead scope">{scope(found).replace(">", "&gt;")}</p>' in text
    assert text.count('<td class="number dim">[0.10, 2.00]</td>') == 1, "for new images too"
    assert text.count('<td class="number dim">[-20.00, 20.00]</td>') == 2
    plain = write(tmp_path / "r.html", histories, ranking=ranking("C-C-C-C > C-C-C-T"))
    assert 'class="also"' not in plain
    assert 'class="answer"' not in write(tmp_path / "r.html", ())


def test_the_same_study_gives_the_same_bytes(tmp_path):
    histories = STUDIES["five layouts"]
    assert write(tmp_path / "a.html", histories) == write(tmp_path / "b.html", histories)


def test_plotly_is_inlined_once_and_nothing_is_linked(tmp_path):
    text = write(tmp_path / "r.html", STUDIES["five layouts"])
    assert text.count("* plotly.js v") == 1
    ours = text.replace(report.get_plotlyjs(), "")
    assert not re.search(r"""(?:src|href|url|import)\s*[=(]\s*["']?\s*(?:https?:)?//""", ours)


def test_figures_are_valid_json_that_cannot_end_its_element(tmp_path):
    text = write(tmp_path / "r.html", study({PAYLOADS[1]: DIGITS["C-C-T-T"]}, epochs=3))
    blocks = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', text, re.DOTALL)
    assert len(blocks) == 5
    assert all("<" not in block for block in blocks)
    names = {trace["name"] for trace in json.loads(blocks[0])["data"]}
    assert names == {plain(PAYLOADS[1])}
    assert "<script>alert" not in text


def test_the_policy_allows_two_scripts_by_hash_and_no_other(tmp_path):
    text = write(tmp_path / "r.html", STUDIES["five layouts"])
    found = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert found is not None
    policy = found[1].replace("&#39;", "'")
    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    assert directives["default-src"] == "'none'"
    assert len(directives["script-src"].split()) == 2
    assert all(part.startswith("'sha256-") for part in directives["script-src"].split())
    assert text.index("Content-Security-Policy") < text.index("<script")


def test_a_page_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "r.html"
    before = write(path, STUDIES["five layouts"])

    def full(self, data):
        raise OSError("disk full")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="disk full"):
        write(path, ())
    assert path.read_text(encoding="utf-8") == before
    assert [each.name for each in tmp_path.iterdir()] == ["r.html"]


def test_a_message_that_is_not_unicode_is_written_escaped(tmp_path):
    histories = [replace(STUDIES["all diverged"][0], message="caf\udce9.png")]
    assert "caf\\udce9.png" in write(tmp_path / "deep" / "r.html", histories)


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        launched = playwright.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        yield launched
        launched.close()


class Visit:
    """A page opened, with all that it did."""

    def __init__(self, browser, path, **options):
        self.page = browser.new_page(viewport={"width": 1280, "height": 900}, **options)
        self.dialogs, self.errors, self.messages, self.requests = [], [], [], []
        self.page.on("dialog", self._dialog)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda message: self.messages.append(message.text))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())
        expected = self.page.locator("script[data-figure]").count()
        self.page.wait_for_function(
            f"document.querySelectorAll('.plot-container.plotly').length == {expected}"
        )

    def _dialog(self, dialog):
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def foreign(self):
        """What was fetched beside the page itself."""
        return [url for url in self.requests[1:] if not url.startswith(("data:", "blob:"))]

    def width(self):
        """How wide the page is, in pixels: more than the window scrolls sideways."""
        return self.page.evaluate("document.documentElement.scrollWidth")

    def cut(self):
        """Texts that reach out of their figure."""
        return self.page.evaluate(
            "[...document.querySelectorAll('.svg-container')].flatMap(plot => {"
            "const box = plot.querySelector('.main-svg').getBoundingClientRect();"
            "return [...plot.querySelectorAll('text')].filter(text => {"
            "const own = text.getBoundingClientRect();"
            "return own.width && (own.left < box.left - 1 || own.right > box.right + 1 "
            "|| own.top < box.top - 1 || own.bottom > box.bottom + 1)"
            "}).map(text => text.textContent)})"
        )

    def drawn(self):
        """Figures with something in them."""
        return self.page.evaluate(
            "[...document.querySelectorAll('.plot-container.plotly')].filter("
            "e => e.querySelector('.main-svg') && "
            "e.querySelector('.trace path, .trace .point, .hm image')).length"
        )


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["five layouts", "nothing planned", "running", "one layout, one seed, one epoch", "twelve"],
)
def test_every_figure_is_drawn_offline_without_a_sideways_scroll(tmp_path, browser, name):
    path = tmp_path / "r.html"
    text = write(path, STUDIES[name])
    visit = Visit(browser, path)
    assert visit.drawn() == text.count("data-figure=")
    assert (visit.dialogs, visit.errors, visit.messages, visit.foreign()) == ([], [], [], [])
    assert visit.width() <= 1280
    visit.page.set_viewport_size({"width": 420, "height": 900})
    assert visit.width() <= 420
    visit.page.close()


UNEVEN = {
    **DIGITS,
    "C-T-T-T": replace(DIGITS["C-T-T-T"], lost={1: TrialStatus.DIVERGED}),
    "vit_small_patch16_224": replace(DIGITS["ViT_REL"], macs=300_000_000, parameters=22_000_000),
    "mobilenetv2_100.ra_in1k_a_long_name": replace(DIGITS["C-C-T-T"], macs=9_000_000),
}


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize(
    ("layouts", "seeds"),
    [(DIGITS, 20), ({f"C-T#{k}": DIGITS["C-C-T-T"] for k in range(12)}, 3), (UNEVEN, 6)],
)
def test_no_text_of_a_figure_is_cut(tmp_path, browser, layouts, seeds):
    path = tmp_path / "r.html"
    write(path, study(layouts, seeds=range(seeds), epochs=4))
    visit = Visit(browser, path)
    assert visit.cut() == []
    visit.page.set_viewport_size({"width": 700, "height": 900})
    visit.page.wait_for_timeout(500)  # plotly draws anew a while after the window changed
    assert visit.cut() == []
    visit.page.close()


@pytest.mark.browser
@pytest.mark.slow
def test_scripts_in_names_and_messages_stay_text(tmp_path, browser):
    layouts = {payload: replace(DIGITS["C-C-T-T"], spread=0.01) for payload in PAYLOADS}
    histories = [
        replace(history, message=PAYLOADS[i % len(PAYLOADS)])
        for i, history in enumerate(study(layouts, seeds=[0, 1], epochs=3))
    ]
    path = tmp_path / "r.html"
    title = " ".join(PAYLOADS)
    write(path, histories, title=title, facts={payload: payload for payload in PAYLOADS})
    visit = Visit(browser, path)
    for figure in visit.page.locator(".plot-container.plotly").all():
        figure.hover()
    assert (visit.dialogs, visit.errors, visit.foreign()) == ([], [], [])
    # a violation would mean that markup got through and only the policy stopped it
    assert visit.messages == []
    assert visit.drawn() == 8
    assert visit.width() <= 1280
    assert visit.page.locator("h1").text_content() == title
    facts = visit.page.locator("dl:not(.legend dl) dd")
    assert facts.all_text_contents() == PAYLOADS
    drawn = " ".join(visit.page.locator("#figure-scores .ytick text").all_text_contents())
    assert all(shorten(payload).split()[0] in drawn for payload in PAYLOADS)
    assert visit.page.locator("iframe, base, link, math, a[href]").count() == 0
    pictures = visit.page.locator("img").all()
    sources = [picture.get_attribute("src") or "" for picture in pictures]
    assert [source.partition(",")[0] for source in sources] == ["data:image/svg+xml;base64"]
    visit.page.close()


@pytest.mark.browser
@pytest.mark.slow
def test_the_policy_stops_a_script_that_got_in(tmp_path, browser):
    path = tmp_path / "r.html"
    text = write(path, STUDIES["running"])
    evil = "<script>alert(1)</script><img src=https://evil.example/x onerror=alert(1)>"
    path.write_text(text.replace("<h1>", f"{evil}<h1>"), encoding="utf-8")
    visit = Visit(browser, path)
    assert visit.dialogs == []
    assert sum("Content Security Policy" in message for message in visit.messages) >= 2
    visit.page.close()


@pytest.mark.browser
@pytest.mark.slow
def test_the_page_follows_the_dark_and_prints_light(tmp_path, browser):
    path = tmp_path / "r.html"
    write(path, STUDIES["five layouts"])
    visit = Visit(browser, path, color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert visit.page.evaluate(ground) == "rgb(20, 24, 29)"
    visit.page.emulate_media(media="print")
    assert visit.page.evaluate(ground) == "rgb(255, 255, 255)"
    visit.page.close()


def test_of_many_candidates_the_page_shows_those_that_are_ranked(tmp_path):
    layouts = {f"C#{k}": SyntheticLayout(accuracy=0.3 + k / 200, spread=0.0) for k in range(40)}
    trials = study(layouts, seeds=range(13), epochs=2)
    named = tuple(replace(h, trial=replace(h.trial, layout="C")) for h in trials)
    objective = Objective(metric=Metric.ACCURACY)
    chosen, _ = compared(named, objective)
    spec = RankingSpec(metric=Metric.ACCURACY)
    found = replace(
        without_claims(rank(chosen, spec, evaluation_images=599), of=40),
        groups=groups(named, objective),
    )
    text = write(tmp_path / "report.html", named, spec=spec, ranking=found)
    figures = text[text.index('class="figures"') : text.index("<h2>Trials</h2>")]
    assert "C#39" in figures
    assert "C#7" not in figures  # the 32 best begin at C#8
    assert "The last 500 of 520 trials" in text
    assert text.count('<th scope="row">C</th>') == 1
