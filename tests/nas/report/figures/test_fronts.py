"""The front as a step line, names where there is room, dots thinned where there are thousands."""

import pandas as pd

from nas.report.figures import front, hypervolume


def table(count):
    rows = [
        {"label": f"C#{i}", "score": 0.5 + (i % 7) / 100, "low": None, "high": None,
         "macs": 1000 + i, "on_front": i < 3 , "standing": None}
        for i in range(count)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_the_front_is_a_step_line_that_goes_on_to_the_largest_cost():
    _, line, on = front(table(5), cost="macs", words="MACs").data
    assert (line.line.shape, line.x[-1], line.y[-1]) == ("hv", 1004, on.y[-1])
    assert list(on.x) == [1000, 1001, 1002]
    assert on.mode == "markers+text"


def test_of_thousands_every_so_many_th_is_drawn():
    behind, *_ = front(table(9003), cost="macs", words="MACs").data
    assert len(behind.x) == 1800


def test_growth_is_a_step_a_change():
    grown = pd.DataFrame({"trials_finished": [3, 6], "hypervolume": [0.4, 0.5]})
    (line,) = hypervolume(grown).data
    assert (list(line.x), line.line.shape) == ([3, 6], "hv")
