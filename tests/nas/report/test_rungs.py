"""Rungs as the report says them."""

from nas.ranking.validity import clopper_pearson
from nas.report.rungs import rung_cells
from nas.search.allocation.agreement import Agreement
from nas.search.allocation.rung_report import Rung, RungReport
from nas.spec.choices import AllocationKind


def test_a_row_has_counts_and_intervals_or_a_dash():
    rungs = (
        Rung(
            epoch=2, reached=60, promoted=20, stopped=38, controls=2, pooled=False,
            agreement=Agreement(tau=0.412, trials=8, low=-0.1, high=0.75),
            false_kills=clopper_pearson(1, 2),
        ),
        Rung(
            epoch=6, reached=20, promoted=6, stopped=14, controls=0, pooled=True,
            agreement=Agreement(tau=1.0, trials=4), false_kills=clopper_pearson(0, 0),
        ),
        Rung(
            epoch=18, reached=6, promoted=2, stopped=4, controls=0, pooled=True,
            agreement=None, false_kills=clopper_pearson(0, 3),
        ),
    )  # fmt: skip
    report = RungReport(kind=AllocationKind.HALVING, rungs=rungs, false_kills=clopper_pearson(1, 5))
    first, second, third = rung_cells(report)
    assert first["agreement"] == "0.41 [-0.10, 0.75] of 8 trials"
    assert first["false_kills"] == "1 of 2 (1% to 99%)"
    assert (first["among"], second["among"]) == ("its stratum", "all")
    assert (second["agreement"], second["false_kills"]) == ("1.00 of 4 trials", "–")
    assert (third["agreement"], third["false_kills"]) == ("–", "0 of 3 (0% to 71%)")
    assert (first["reached"], first["promoted"], first["stopped"], first["controls"]) == (
        60, 20, 38, 2,
    )  # fmt: skip
