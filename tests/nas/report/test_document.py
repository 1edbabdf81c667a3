"""Pages are whole: nothing is fetched, figures are inert, and a page is there or it is not."""

import base64
import hashlib
import json
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from plotly import graph_objects as go

from nas.report.document import figure_json, policy, read, render_page, write_page


def test_only_the_scripts_that_are_named_may_run():
    digest = base64.b64encode(hashlib.sha256(b"let x = 1").digest()).decode()
    allowed = policy(["let x = 1"])
    assert f"script-src 'sha256-{digest}';" in allowed
    assert allowed.startswith("default-src 'none'; ")
    assert "unsafe-eval" not in allowed
    assert "script-src 'none';" in policy([])


def test_a_figure_cannot_end_the_element_it_stands_in():
    figure = go.Figure(layout={"title": {"text": "</script><b>&amp;"}})
    text = figure_json(figure)
    assert "<" not in text
    assert "&" not in text
    assert json.loads(text)["layout"]["title"]["text"] == "</script><b>&amp;"


def test_what_a_template_is_not_given_is_an_error():
    with pytest.raises(UndefinedError, match="'title' is undefined"):
        render_page("page.html.j2", scripts=[])


def test_files_of_the_folder_are_read():
    assert "{" in read("page.css")


def test_a_page_replaces_the_old_one_and_leaves_nothing_else(tmp_path: Path):
    path = tmp_path / "deep" / "page.html"
    for page in ("old", "new \udce9"):
        write_page(path, page)
    assert path.read_text(encoding="utf-8") == "new \\udce9"
    assert [each.name for each in path.parent.iterdir()] == ["page.html"]
