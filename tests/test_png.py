"""PNGs of figures: the size asked for, and something drawn in them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from plotly import graph_objects as go

from docs.png import SCALE, write_page_png, write_png

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(autouse=True)
def chromium():
    if not Path("/usr/bin/chromium").exists():
        pytest.skip("/usr/bin/chromium is not installed")


def pixels(path: Path) -> np.ndarray:
    """[height, width, 3], 0 to 255."""
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"), dtype=int)


def reddish(path: Path) -> int:
    """How many pixels of the picture are red."""
    red, green, blue = pixels(path).transpose(2, 0, 1)
    return int(((red > 200) & (green < 80) & (blue < 80)).sum())


def test_a_figure_has_the_size_asked_for_and_its_line(tmp_path):
    line = {"color": "#ff0000", "width": 4}
    figure = go.Figure(go.Scatter(x=[1, 2], y=[0, 1], mode="lines", line=line))
    figure.update_layout(height=99)
    path = tmp_path / "deep" / "figure.png"
    write_png(figure, path, width=300, height=200)
    assert pixels(path).shape == (200 * SCALE, 300 * SCALE, 3)
    assert reddish(path) > 1000
    assert figure.layout.height == 99
    assert [each.name for each in path.parent.iterdir()] == ["figure.png"]


def test_a_whole_page_is_drawn_with_what_is_below_the_window(tmp_path):
    page = tmp_path / "page.html"
    page.write_text('<body style="margin:0"><div style="background:red;margin-top:900px">x</div>')
    path = tmp_path / "page.png"
    write_page_png(page, path, width=100, height=50)
    assert pixels(path).shape[0] > 900 * SCALE
    assert reddish(path) > 1000
