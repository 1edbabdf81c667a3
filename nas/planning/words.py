"""A plan as rows of numbers, and as words for people."""

from collections.abc import Callable

from nas.planning.plan import Plan
from nas.planning.seconds import Estimate

_UNITS = ((3600.0, "h"), (60.0, "min"), (1.0, "s"))


def rows(plan: Plan) -> list[dict[str, str | float | None]]:
    """Return a row a quantity: `quantity`, `estimate`, `low`, `high`; spans have no estimate."""
    found: list[dict[str, str | float | None]] = [
        {"quantity": "candidates", "estimate": plan.candidates, "low": None, "high": None}
    ]
    for name in ("parameters", "macs", "seeds"):
        low, high = getattr(plan, name)
        found.append({"quantity": name, "estimate": None, "low": low, "high": high})
    for name in ("trials", "epochs", "device_hours", "wall_hours", "memory_bytes", "money"):
        value = getattr(plan, name)
        if value is not None:
            found.append(
                {
                    "quantity": name,
                    "estimate": value.estimate,
                    "low": value.low,
                    "high": value.high,
                }
            )
    return found


def written(plan: Plan) -> list[dict[str, str]]:
    """Return a row a quantity, as a table shows it: `what`, `about`, `between`."""
    found = [("candidates", f"{plan.candidates:,}", "")]
    for name, (low, high) in (
        ("parameters", plan.parameters),
        ("multiply-adds of an image", plan.macs),
        ("seeds of a ranked candidate", plan.seeds),
    ):
        found.append((name, f"{low:,}", "") if low == high else (name, "", f"{low:,} to {high:,}"))
    for name, value in (("trials", plan.trials), ("epochs", plan.epochs)):
        found.append(_between(name, value, lambda number: f"{number:,.0f}"))
    for name, value in (("device time", plan.device_hours), ("time on the wall", plan.wall_hours)):
        found.append(_between(name, value, duration))
    found.append(_between("memory of a trial", plan.memory_bytes, size))
    if plan.money is not None:
        found.append(_between("money", plan.money, lambda number: f"{number:,.2f}"))
    return [{"what": what, "about": about, "between": ends} for what, about, ends in found]


def sentence(plan: Plan) -> str:
    """Return where it would run, and whether its memory is enough."""
    at_once = f"{plan.workers} trial{'s'[: plan.workers != 1]} at once"
    verdict = "enough" if plan.fits else "too little"
    return (
        f"{at_once} on {plan.device}; its {size(plan.device_memory_bytes)} of memory are {verdict} "
        f"for the largest trial; {len(plan.measured)} networks were measured"
    )


def _between(name: str, value: Estimate, say: Callable[[float], str]) -> tuple[str, str, str]:
    about, low, high = say(value.estimate), say(value.low), say(value.high)
    return name, about, "" if low == high else f"{low} to {high}"


def duration(hours: float) -> str:
    """Return hours as ``1.5 h``, ``12 min`` or ``8 s``."""
    seconds = 3600 * hours
    scale, unit = next(((s, u) for s, u in _UNITS if seconds >= s), _UNITS[-1])
    return f"{seconds / scale:.3g} {unit}"


def size(count: float) -> str:
    """Return bytes as ``1.5 GiB``."""
    for power, unit in ((3, "GiB"), (2, "MiB")):
        if count >= 1024**power:
            return f"{count / 1024**power:,.3g} {unit}"
    return f"{count / 1024:,.3g} KiB"
