"""What faults came to: a table by kind, and a sentence for each invariant that does not hold."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.fault_checks import Before
from benchmarks.fault_plan import Kind, Planned


@dataclass(frozen=True, kw_only=True, slots=True)
class Struck:
    """A fault that struck, and what came of it; times are seconds, None where there were none."""

    fault: Planned
    before: Before
    code: int | None = None  # of the driver; None: it lived on
    took: float = 0.0  # until it had ended, or the loss was noticed
    ready: float | None = None  # from `nas resume` to its first record
    ray: float | None = None  # of which Ray took to start
    measured: float | None = None  # from `nas resume` to its first epoch
    lost: int = 0
    doubled: int = 0
    redone: int = 0
    trouble: tuple[str, ...] = ()

    @property
    def resumed(self) -> float | None:
        """Seconds to the first record without Ray's own start."""
        return None if self.ready is None else self.ready - (self.ray or 0.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class StudyReport:
    """What a study under faults came to."""

    struck: tuple[Struck, ...]
    missed: tuple[Planned, ...]  # the study had ended before them
    unlike: tuple[str, ...]  # differences from the undisturbed one
    left_running: int = 0


def row(kind: str, struck: Sequence[Struck], *, same: int) -> tuple[str, ...]:
    """Return a line of the table: of the times the median and the worst."""
    return (
        kind,
        str(len(struck)),
        str(sum(each.lost for each in struck)),
        str(sum(each.doubled for each in struck)),
        str(max((each.redone for each in struck), default=0)),
        f"{same}/{len(struck)}",
        times([each.took for each in struck]),
        times([each.resumed for each in struck]),
        times([each.ray for each in struck]),
        times([each.measured for each in struck]),
    )


HEADINGS = (
    "kind", "faults", "lost", "doubled", "redone at most", "as undisturbed",
    "over after s", "resumed s", "Ray s", "first epoch s",
)  # fmt: skip


def times(seconds: Sequence[float | None]) -> str:
    """Return the median and the worst."""
    known = [each for each in seconds if each is not None]
    return f"{statistics.median(known):.1f} / {max(known):.1f}" if known else ""


def table(reports: Sequence[StudyReport]) -> list[tuple[str, ...]]:
    """Return one row for each kind that struck, and one of all."""
    every = [(each, not report.unlike) for report in reports for each in report.struck]
    rows = []
    for kind in (*Kind, None):
        chosen = [(each, same) for each, same in every if kind in (None, each.fault.kind)]
        if chosen:
            same = sum(same for _, same in chosen)
            rows.append(row(kind or "all", [each for each, _ in chosen], same=same))
    return rows


def broken(reports: Sequence[StudyReport], never: Sequence[Planned], *, within: float) -> list[str]:
    """Return a sentence for each invariant that does not hold."""
    found = [f"{each.kind} while {each.moment} never struck" for each in never]
    for number, report in enumerate(reports, start=1):
        found += [f"study {number}: {what}" for what in report.unlike]
        for each in report.struck:
            words = list(each.trouble)
            words += [f"{each.lost} acknowledged epochs lost"] if each.lost else []
            words += [f"{each.doubled} epochs doubled"] if each.doubled else []
            words += [f"{each.redone} epochs of a trial done again"] if each.redone > 1 else []
            if each.resumed is not None and each.resumed > within:
                words.append(f"{each.resumed:.1f} s to resume")
            where = f"study {number}: {each.fault.kind} while {each.fault.moment}"
            found += [f"{where}: {what}" for what in words]
    return found


def line(struck: Struck) -> str:
    """Return what to tell of a fault while others are to come."""
    fault = struck.fault
    end = "lived on" if struck.code is None else f"ended with {struck.code}"
    words = f"{fault.kind} while {fault.moment}: driver {end} after {struck.took:.1f} s"
    return "; ".join((words, *struck.trouble))
