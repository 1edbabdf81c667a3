"""What the report says of rungs: a row each, as text."""

from nas.ranking.result import Rate
from nas.search.allocation.rung_report import Rung, RungReport

_NONE = "–"


def rung_cells(report: RungReport) -> list[dict[str, str | int]]:
    """Return every rung's row as the table shows it, the lowest first."""
    return [
        {
            "epoch": rung.epoch,
            "reached": rung.reached,
            "promoted": rung.promoted,
            "stopped": rung.stopped,
            "controls": rung.controls,
            "among": "all" if rung.pooled else "its stratum",
            "agreement": _agreement(rung),
            "false_kills": _rate(rung.false_kills),
        }
        for rung in report.rungs
    ]


def _agreement(rung: Rung) -> str:
    found = rung.agreement
    if found is None:
        return _NONE
    if found.low is None or found.high is None:
        return f"{found.tau:.2f} of {found.trials} trials"
    return f"{found.tau:.2f} [{found.low:.2f}, {found.high:.2f}] of {found.trials} trials"


def _rate(found: Rate) -> str:
    """Return a count with its interval, of none too: that nothing was seen does not say zero."""
    if not found.of:
        return _NONE
    return f"{found.count} of {found.of} ({found.low:.0%} to {found.high:.0%})"
