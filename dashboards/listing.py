"""Trials as a list: filtered, sorted, grouped and cut into pages, all of it in the address."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from urllib.parse import urlencode

import numpy as np
import pandas as pd

PER_PAGE = 100
_NUMBER = re.compile("[1-9][0-9]{0,5}")
_LONGEST = 100  # characters of a text to look for
SORTS = {
    "number": "number",
    "label": "label",
    "seed": "seed",
    "status": "status",
    "epochs": "epochs",
    "accuracy": "shown_accuracy",
    "loss": "probe_loss",
    "time": "seconds",
    "parameters": "parameters",
}
VALUES = {"last": "evaluation_accuracy", "best": "best_accuracy"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What an address asks for; whatever it says beyond that is as if it were not there."""

    status: str = ""
    layout: str = ""
    text: str = ""  # within a trial's id or message
    value: str = "last"
    sort: str = "number"
    group: str = ""  # "layout", or trial by trial
    page: int = 1

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Wanted":
        """Read the parameters of an address."""
        sort, page = given.get("sort", ""), given.get("page", "")
        return cls(
            status=given.get("status", "")[:_LONGEST],
            layout=given.get("layout", "")[:_LONGEST],
            text=given.get("text", "")[:_LONGEST],
            value=given["value"] if given.get("value") in VALUES else "last",
            sort=sort if sort.removeprefix("-") in SORTS else "number",
            group="layout" if given.get("group") == "layout" else "",
            page=int(page) if _NUMBER.fullmatch(page) else 1,
        )

    def address(self, **changes: object) -> str:
        """Return the parameters that ask for the same but for `changes`; short: defaults go."""
        wanted = replace(self, **changes)
        plain = Wanted()
        return "?" + urlencode(
            {
                field.name: getattr(wanted, field.name)
                for field in fields(wanted)
                if getattr(wanted, field.name) != getattr(plain, field.name)
            }
        )

    def sorted_by(self, column: str) -> str:
        """Return the address whose rows are sorted by a column, the other way if they are."""
        return self.address(sort=f"-{column}" if self.sort == column else column, page=1)

    def direction(self, column: str) -> str:
        """Return how the rows are sorted by a column, as ARIA says it."""
        if self.sort == column:
            return "ascending"
        return "descending" if self.sort == f"-{column}" else "none"


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """The rows of one page."""

    rows: list[dict[str, object]]
    found: int
    of: int
    page: int
    pages: int


def trials_page(trials: pd.DataFrame, wanted: Wanted) -> Page:
    """Return the page of trials that is asked for; a page past the last is the last."""
    frame = trials.assign(shown_accuracy=trials[VALUES[wanted.value]])
    if wanted.status:
        frame = frame[frame["status"] == wanted.status]
    if wanted.layout:
        frame = frame[frame["label"] == wanted.layout]
    if wanted.text:
        within = {
            name: frame[name].fillna("").str.contains(wanted.text, case=False, regex=False)
            for name in ("trial", "message")
        }
        frame = frame[within["trial"] | within["message"]]
    if wanted.group:
        frame = _grouped(frame)
    column = SORTS[wanted.sort.removeprefix("-")]
    if column in frame:
        ascending = not wanted.sort.startswith("-")
        frame = frame.sort_values(column, ascending=ascending, na_position="last", kind="stable")
    pages = max(1, -(-len(frame) // PER_PAGE))
    page = min(wanted.page, pages)
    cut = frame.iloc[(page - 1) * PER_PAGE : page * PER_PAGE]
    return Page(rows=_plain(cut), found=len(frame), of=len(trials), page=page, pages=pages)


def _grouped(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a label: how many trials, and the mean and best of what is shown."""
    done = (frame["status"] == "finished").astype(int)
    grouped = frame.assign(done=done).groupby("label", sort=True)
    return grouped.agg(
        trials=("trial", "size"),
        finished=("done", "sum"),
        epochs=("epochs", "sum"),
        shown_accuracy=("shown_accuracy", "mean"),
        best_accuracy=("shown_accuracy", "max"),
        probe_loss=("probe_loss", "mean"),
        seconds=("seconds", "sum"),
        parameters=("parameters", "first"),
    ).reset_index()


def _plain(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Return rows whose missing values are None."""
    names = [str(name) for name in frame.columns]
    return [
        {name: None if pd.isna(value) else value for name, value in zip(names, row, strict=True)}
        for row in frame.itertuples(index=False)
    ]


_PERCENT = ("probe_accuracy", "evaluation_accuracy", "best_accuracy", "accuracy_gap")
_NOT_SAID = ("trial", "number", "label", "message")


def trial_facts(row: pd.Series) -> dict[str, str]:
    """Return a trial's row as a page says it: names with spaces, numbers with few digits."""
    facts = {}
    for name, value in row.items():
        if name in _NOT_SAID or pd.isna(value):
            continue
        if name in _PERCENT:
            said = f"{value:.2%}"
        elif isinstance(value, (int, np.integer)):
            said = f"{value:,}"
        elif isinstance(value, (float, np.floating)):
            said = f"{value:.1f}" if name == "seconds" else f"{value:.4g}"
        else:
            said = str(value)
        facts[str(name).replace("_", " ")] = said
    return facts
