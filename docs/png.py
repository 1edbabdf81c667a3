"""Figures as PNG for the pages in docs, drawn by the Chromium that the browser tests use too.

A tool for developers: the product draws in its reader's browser, and has no need of one here.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from plotly import graph_objects as go
from plotly.offline import get_plotlyjs

SCALE = 2  # pixels of the file per pixel of the figure: sharp where it is shown
PATIENCE = 180_000  # milliseconds: the machine may be busy with other things
_ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
_PAGE = '<!doctype html><meta charset="utf-8"><body style="margin:0"><div id="figure"></div>'
_DRAW = """async (figure) => {
    const element = document.getElementById("figure");
    await Plotly.newPlot(element, figure.data, figure.layout, {staticPlot: true});
    await document.fonts.ready;
}"""


def write_png(figure: go.Figure, path: Path, *, width: int, height: int) -> None:
    """Draw a figure, `width` x `height` CSS pixels, into a PNG of `SCALE` times as many.

    The file is written beside and renamed. The figure itself is not changed.

    Raises:
        playwright.sync_api.Error: there is no Chromium, or the figure cannot be drawn.
    """
    drawn = go.Figure(figure).update_layout(width=width, height=height, autosize=False)
    with _page(width, height) as page:
        page.evaluate(_DRAW, json.loads(drawn.to_json()))
        picture = page.locator("#figure").screenshot()
    _write(path, picture)


def write_page_png(page_path: Path, path: Path, *, width: int, height: int) -> None:
    """Draw an HTML file, all of it and at least `height` high, into a PNG; sizes in CSS pixels.

    Raises:
        playwright.sync_api.Error: there is no Chromium, or no such page.
    """
    with _page(width, height) as page:
        page.goto(page_path.resolve().as_uri())
        expected = page.locator("script[data-figure]").count()
        page.wait_for_function(
            "count => document.querySelectorAll('.plot-container.plotly').length === count",
            arg=expected,
        )
        picture = page.screenshot(full_page=True)
    _write(path, picture)


def write_figure_png(page_path: Path, path: Path, *, name: str, width: int) -> None:
    """Draw a named figure of an HTML file, without the page around it; `width` in CSS pixels.

    Raises:
        playwright.sync_api.Error: there is no Chromium, or no such page or figure.
    """
    with _page(width, 900) as page:
        page.goto(page_path.resolve().as_uri())
        figure = page.locator(f"#figure-{name}")
        figure.locator("text").first.wait_for()
        picture = figure.locator(".svg-container").first.screenshot()
    _write(path, picture)


@contextmanager
def _page(width: int, height: int) -> Iterator[Page]:
    """Yield an empty page that knows plotly and reaches no network."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(_ARGUMENTS))
        try:
            context = browser.new_context(
                viewport={"width": width, "height": height},
                device_scale_factor=SCALE,
                offline=True,
            )
            context.set_default_timeout(PATIENCE)
            page = context.new_page()
            page.set_content(_PAGE)
            page.add_script_tag(content=get_plotlyjs())
            yield page
        finally:
            browser.close()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_bytes(content)
    beside.replace(path)
