"""The phase diagram: what stands in each column, above and below."""

import math

import pandas as pd
import pytest

from nas.report.phase import phase_diagram
from nas.report.phase_axis import Value
from nas.report.style import styles

NUMBERS = {"100": 100, "300": 300, "1000": 1000, "endless": math.inf}


def table(scores, *, low=0.01):
    """Rows of values with the scores of their layouts, best first."""
    rows = []
    for value, by_layout in scores.items():
        ranked = sorted(by_layout.items(), key=lambda pair: -pair[1])
        for rank, (layout, score) in enumerate(ranked, start=1):
            rows.append(
                {
                    "value": value,
                    "rank": rank,
                    "label": layout,
                    "score": score,
                    "low": None if low is None else score - low,
                    "high": None if low is None else score + low,
                    "seeds": 6,
                    "mark": ">" if rank < len(ranked) else None,
                }
            )
    return pd.DataFrame(rows)


def draw(rows, numbers=NUMBERS, notes=()):
    values = [
        Value(word=word, number=number, note="not begun" if word in notes else "")
        for word, number in numbers.items()
    ]
    looks = styles(["C-C", "T-T", *rows["label"]])
    return phase_diagram(rows, values=values, looks=looks, axis="images").to_dict()


SCORES = {
    "100": {"C-C": 0.5, "T-T": 0.4},
    "300": {"C-C": 0.6, "T-T": 0.55},
    "1000": {"C-C": 0.7, "T-T": 0.7001},
    "endless": {"C-C": 0.75, "T-T": 0.8},
}


def traces(figure, mode, panel):
    return [t for t in figure["data"] if t["mode"] == mode and t["xaxis"] == panel]


def strip(figure, x):
    """What is written in a column of the strip, from top to bottom."""
    found = [a for a in figure["layout"]["annotations"] if a["yref"] == "y2"]
    return [a["text"] for a in sorted(found, key=lambda a: a["y"]) if a["x"] == pytest.approx(x)]


def test_scores_stand_in_their_columns_with_their_intervals():
    figure = draw(table(SCORES))
    dots = {t["name"]: t for t in traces(figure, "markers", "x")}
    assert list(dots) == ["C-C", "T-T"]
    assert list(dots["T-T"]["y"]) == [0.4, 0.55, 0.7001, 0.8]
    assert list(dots["T-T"]["error_y"]["array"]) == pytest.approx([0.01] * 4)
    assert [round(x) for x in dots["C-C"]["x"]] == [0, 1, 2, 3]
    assert all(a != b for a, b in zip(dots["C-C"]["x"], dots["T-T"]["x"], strict=True))
    assert dots["C-C"]["text"][0] == "100: 50.00% [49.00%, 51.00%] over 6 seeds"


def test_the_strip_is_the_order_of_every_column():
    figure = draw(table(SCORES))
    at = figure["layout"]["xaxis"]["tickvals"]
    assert strip(figure, at[0]) == ["C-C", "<b>&gt;</b>", "T-T"]
    assert strip(figure, at[3]) == ["T-T", "<b>&gt;</b>", "C-C"]
    ways = {t["name"]: list(t["y"]) for t in traces(figure, "lines", "x2")}
    assert ways == {"C-C": [1, 1, 2, 2], "T-T": [2, 2, 1, 1]}
    assert list(figure["layout"]["yaxis2"]["range"]) == [2.5, 0.5]


def test_the_way_to_endless_data_is_dotted_over_a_break_in_the_axis():
    figure = draw(table(SCORES))
    lines = [t for t in traces(figure, "lines", "x") if t["name"] == "C-C"]
    assert [(t["line"]["dash"], list(t["y"])) for t in lines] == [
        ("solid", [0.5, 0.6, 0.7]),
        ("dot", [0.7, 0.75]),
    ]
    assert any("//" in a["text"] for a in figure["layout"]["annotations"])
    assert figure["layout"]["xaxis2"]["title"]["text"] == "images (log scale)"
    rest = {word: number for word, number in NUMBERS.items() if word != "endless"}
    finite = draw(table({word: SCORES[word] for word in rest}), rest)
    assert not any("//" in a["text"] for a in finite["layout"]["annotations"])
    assert not any(t["line"]["dash"] == "dot" and t["x"] for t in traces(finite, "lines", "x"))


def test_a_column_without_a_ranking_says_why_and_breaks_the_lines():
    rows = table({word: scores for word, scores in SCORES.items() if word != "300"})
    figure = draw(rows, notes=("300",))
    assert strip(figure, figure["layout"]["xaxis"]["tickvals"][1]) == ["not begun"]
    line = next(t for t in traces(figure, "lines", "x") if t["line"]["dash"] == "solid")
    assert list(line["y"]) == [0.5, None, 0.7]
    assert all(t["y"][1] is None for t in traces(figure, "lines", "x2"))


def test_columns_that_have_no_scale_say_so():
    words = {"cosine": None, "linear": None}
    figure = draw(table(dict.fromkeys(words, SCORES["100"])), words)
    assert figure["layout"]["xaxis2"]["title"]["text"] == "images (not to scale)"
    assert list(figure["layout"]["xaxis"]["ticktext"]) == ["cosine", "linear"]


def test_scores_near_one_are_drawn_by_their_errors():
    figure = draw(table({"100": {"C-C": 0.98, "T-T": 0.9}}), {"100": 100})
    assert figure["layout"]["yaxis"]["type"] == "log"
    dots = {t["name"]: t for t in traces(figure, "markers", "x")}
    assert list(dots["C-C"]["y"]) == pytest.approx([0.02])
    assert dots["C-C"]["error_y"]["array"][0] == pytest.approx(0.01)
    wide = draw(table({"100": {"C-C": 0.5, "T-T": 0.4}}, low=0.45), {"100": 100})
    assert wide["layout"]["yaxis"].get("type") != "log", "an interval alone does not choose"


def test_one_seed_has_no_interval():
    figure = draw(table(SCORES, low=None))
    assert all(list(t["error_y"]["array"]) == [0.0] * 4 for t in traces(figure, "markers", "x"))


def test_a_layout_may_be_missing_from_a_column():
    scores = {**SCORES, "300": {"C-C": 0.6}}
    figure = draw(table(scores))
    assert strip(figure, figure["layout"]["xaxis"]["tickvals"][1]) == ["C-C"]


def test_long_names_are_cut_to_their_column():
    name = "vit_small_patch16_224.augreg_in21k"
    for columns, longest in ((4, 26), (9, 11)):
        numbers = {str(10**i): 10**i for i in range(columns)}
        figure = draw(table({word: {name: 0.5, "C-C": 0.4} for word in numbers}), numbers)
        [cut] = [text for text in strip(figure, 0.0) if text.startswith("vit")]
        assert len(cut) == longest
        assert "…" in cut


def test_names_are_text():
    scores = {word: {"<b>x</b>$y$": 0.5} for word in NUMBERS}
    assert strip(draw(table(scores)), 0.0) == ["&lt;b&gt;x&lt;/b&gt;&#36;y&#36;"]
