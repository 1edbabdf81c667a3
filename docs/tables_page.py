"""The data dictionary as a page: tables, the ranking's JSON and MLflow's metrics, from the code."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from textwrap import fill

from nas.ranking.pareto import estimated_front
from nas.ranking.relations import rank, ranking_json
from nas.ranking.result import Group, LayoutScore, Rate, Relation
from nas.spec.choices import Metric, Price
from nas.spec.study import RankingSpec
from nas.tables.columns import WORDS, Column, Type
from nas.tables.pareto import front_json
from nas.tables.schemas import RANKING, RELATIONS, TABLES, Table
from nas.tracking.rows import METRICS

PAGE = Path(__file__).parent / "tables.md"
_TYPES = {Type.TEXT: "text", Type.COUNT: "count", Type.REAL: "number", Type.FLAG: "true or false"}
# Of those keys of the ranking's JSON that are no columns.
KEYS = {
    "question": "`order` or `winner`: what was asked",
    "winner": "label of the best, where that was asked and is certain; else null",
    "contenders": "labels that can be the best, where that was asked, the leader first",
    "layouts": "the labels, best first: objects, below",
    "relations": "every pair of labels, the better estimate as `a`: objects, below",
    "notes": "assumptions and warnings, a sentence each",
    "preliminary": "why the symbols are no certificate yet; empty: they are one",
    "hidden": "claims that `order` neither shows nor implies: objects of `a`, `symbol` and `b`",
    "sentence": "what is known of the label ranked first and what is not, in words",
    "schedule_placebo": "a label against itself over fewer epochs, likewise; null without one",
    "collapsed": "labels of which runs collapsed: objects of `label`, `count`, `of`, `low`, `high`",
    "evaluation_images": "that scores and `low` to `high` are of",
    "placebo": "a label against its own twin, as an object of `relations`; null without one",
    "noise": "sds and shares of evaluation images and of seeds, `sentence`; null: not kept",
    "agreement": "with the paper's order: `paper`, the order, and `tau`; null: not comparable",
    "groups": "layouts of several candidates as they were explored; no claims: objects, below",
    "looks": "seeds at the first look and at the last: claims hold at any number between",
    "spec": "section `ranking` of the spec",
}
_NEW_IMAGES = (
    "an object of `low` and `high`, the columns `new_images_low` and `new_images_high`; null: not "
    "known"
)
_GROUP = {
    "layout": WORDS["layout"].meaning,
    "candidates": "begun",
    "finished": "candidates with a trial that finished",
    "stopped": "candidates that the search let go no further",
    "best": "label of the best candidate",
    "score": "its mean over its runs",
    "low": "first quartile of the candidates' means",
    "median": "of the candidates' means",
    "high": "third quartile of the candidates' means",
}
_RATE = (
    "an object of `count`, `of`, `low` and `high`: the columns `{0}`, `{0}_of`, `{0}_low` and "
    "`{0}_high`"
)
# Of those keys of a front's JSON that are no columns.
FRONT_KEYS = {
    "metric": "of the scores",
    "against": "the costs asked for",
    "sentence": "what is known of the front and what is not, in words",
    "claimed": "whether candidates have a standing: false where a ranking makes no claims",
    "preliminary": "why claims are no certificate yet; empty: they are one",
    "candidates": 'that finished, the best score first: objects of the columns of "Front", of '
    "costs those asked for; `dominated_by` is a list",
    "left_out": "labels of networks of which a cost is not known",
    "notes": "what to know beside it, a sentence each",
    "growth": "of the first cost: `against`, its smallest value `low`, the reference point "
    '`reference_cost` and `reference_score`, `hypervolume` now, and `steps`, the rows of "How a '
    'front grew"; null where nothing has a place',
}
_GENERATED = (
    "Generated from `nas/tables/columns.py` and `nas/tables/schemas.py` by `docs/tables_page.py`: "
    "do not edit."
)
_WORDS_AND_UNITS = (
    "A word means the same wherever it stands. Losses are nats, accuracies and their differences "
    "fractions (on screen percent and points), times seconds. What was not measured is null. A "
    "*label* is what the ranking calls a network: the layout, or `layout#k` where a search tried "
    "several networks of one layout. Tables join on `label`, trials and epochs on `trial`; `a` and "
    "`b` of a relation are labels."
)
_STATUSES = (
    "A trial's status is `planned`, `running`, `interrupted` (goes on at resume), `paused` (its "
    "newest segment ended early; it may go on), `stopped` (the search decided that it goes no "
    "further), `finished`, `diverged` or `failed`. The last four are for good. Only finished "
    "trials are ranked, and a study is finished only when every trial is for good."
)
_SWEEP = (
    "`nas rank SWEEP -o json` is a list of `value`, `study`, `status` and `ranking`, which is null "
    "of a study that has not begun. Listings as JSON are lists of objects, a key a column."
)
_MLFLOW = (
    "A run is a trial, and MLflow's step is its epoch; `ranking/...` stands in the run of the "
    "study once it has ended. The tag `nas.status` is the trial's status, `nas.role` its role, "
    "`nas.label` and `nas.layout` are what they are in the tables. `nas.order` and `nas.sentence`, "
    "of the run of the study, are its order and the sentence of the ranking. Parameters of the "
    "study's run are those it began with; what an extension changed is the tag `nas.extended.KEY`."
)


def page() -> str:
    """Return the page as Markdown.

    Raises:
        KeyError: a key of the ranking's JSON is not explained.
        ValueError: an explanation is of no key.
    """
    words = [_wrapped(text) for text in (_GENERATED, _WORDS_AND_UNITS, _STATUSES)]
    sections = [_section(table) for table in TABLES]
    parts = ["# Tables, JSON and metrics", *words, *sections, _json_section(), _front_section()]
    parts.append(_metrics())
    return "\n\n".join(parts) + "\n"


def _section(table: Table) -> str:
    return f"## {table.title}\n\n{table.found}: a row is {table.row}.\n\n{_columns(table.columns)}"


def _columns(columns: Iterable[Column]) -> str:
    rows = [(f"`{c.name}`", _TYPES[c.type], c.unit, c.meaning) for c in columns]
    return _table(("column", "type", "unit", "meaning"), rows)


def _json_section() -> str:
    found = ranking_json(rank((), RankingSpec(), evaluation_images=1))
    if unknown := sorted(KEYS.keys() - found.keys()):
        raise ValueError(f"explained, but no keys of the ranking: {unknown}")
    top = [(f"`{key}`", WORDS[key].meaning if key in WORDS else KEYS[key]) for key in found]
    rates = {field.name for field in fields(LayoutScore) if field.type is Rate}
    layouts = [
        (f"`{name}`", _RATE.format(name) if name in rates else _meaning(RANKING, name))
        for name in _names(LayoutScore)
    ]
    relations = [
        (f"`{name}`", _NEW_IMAGES if name == "new_images" else _meaning(RELATIONS, name))
        for name in _names(Relation)
    ]
    group = [(f"`{name}`", _GROUP[name]) for name in _names(Group)]
    relations.append(("`seeds`", "the same as `paired_seeds`"))
    heads = ("key", "meaning")
    return "\n\n".join(
        (
            "## The ranking as JSON",
            "`nas rank STUDY -o json`; units and types are those of the columns.",
            _table(heads, top),
            "An object of `layouts`:",
            _table(heads, layouts),
            "An object of `relations`:",
            _table(heads, relations),
            "An object of `groups`:",
            _table(heads, group),
            _wrapped(_SWEEP),
        )
    )


def _front_section() -> str:
    empty = estimated_front({}, {}, {}, [Price.MACS], metric=Metric.ACCURACY, alpha=0.05)
    found = front_json(empty, None)
    if unknown := sorted(FRONT_KEYS.keys() - found.keys()):
        raise ValueError(f"explained, but no keys of a front: {unknown}")
    rows = [(f"`{key}`", FRONT_KEYS[key]) for key in found]
    words = "`nas pareto STUDY -o json`; units and types are those of the columns."
    return "\n\n".join(("## The front as JSON", words, _table(("key", "meaning"), rows)))


def _metrics() -> str:
    rows = [(f"`{key}`", f"`{name}`", WORDS[name].unit) for key, name in METRICS.items()]
    ranked = ("`ranking/METRIC/LABEL`", "`score`", WORDS["score"].unit)
    return "\n\n".join(
        (
            "## Metrics in MLflow",
            _wrapped(_MLFLOW),
            _table(("metric", "column", "unit"), [*rows, ranked]),
        )
    )


def _wrapped(text: str) -> str:
    return fill(text, width=110, break_long_words=False, break_on_hyphens=False)


def _names(record: type[LayoutScore | Relation]) -> list[str]:
    return [field.name for field in fields(record)]


def _meaning(table: Table, name: str) -> str:
    return next(column.meaning for column in table.columns if column.name == name)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
