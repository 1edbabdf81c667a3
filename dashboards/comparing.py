"""Two to six layouts beside each other, stage by stage: only what differs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nas.ranking.result import Ranking
from nas.report import figures, words
from nas.report.sections import Section
from nas.report.style import styles
from nas.study.records import Role, TrialHistory
from nas.tables.frames import epochs_frame

LEAST, MOST = 2, 6
_NONE = "–"


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """What a page says of some layouts."""

    labels: tuple[str, ...]
    differences: tuple[tuple[str, tuple[str, ...]], ...]  # what, and its value in each
    same: int  # options that are the same in all
    results: tuple[tuple[str, tuple[str, ...]], ...]
    claims: tuple[tuple[str, str, str, str], ...]  # a, symbol, b, in words
    curves: Section | None


def chosen(labels: Sequence[str], given: Sequence[str]) -> tuple[str, ...]:
    """Return those of the given labels that there are, each once; by default the first few."""
    known = tuple(dict.fromkeys(each for each in given if each in labels))[:MOST]
    return known if len(known) >= LEAST else tuple(labels[:3])


def comparison(
    histories: Sequence[TrialHistory], ranking: Ranking, labels: Sequence[str]
) -> Comparison:
    """Compare layouts by the networks and the runs of their trials."""
    own = [
        each for each in histories if each.trial.label in labels and each.trial.role is Role.TRAINED
    ]
    first = {each.trial.label: each.trial for each in reversed(own)}
    configs = {label: first[label].config for label in labels if label in first}
    options = {label: dict(_flat(config.to_dict())) for label, config in configs.items()}
    for label, each in options.items():
        each |= {f"recipe: {key}": str(value) for key, value in (first[label].recipe or {}).items()}
    names = list(dict.fromkeys(name for each in options.values() for name in each))
    rows = [
        (name, tuple(options.get(label, {}).get(name, _NONE) for label in labels)) for name in names
    ]
    differences = tuple(row for row in rows if len(set(row[1])) > 1)
    epochs = epochs_frame([each for each in own if each.epochs])
    return Comparison(
        labels=tuple(labels),
        differences=differences,
        same=len(rows) - len(differences),
        results=_results(ranking, labels),
        claims=tuple(
            (each.a, each.symbol.value, each.b, words.claim(each, ranking))
            for each in ranking.relations
            if each.a in labels and each.b in labels
        ),
        curves=None
        if epochs.empty
        else Section(
            name="curves",
            title="Learning curves",
            caption=figures.band_of(epochs).words,
            figure=figures.learning_curves(epochs, looks=styles(epochs["label"])),
        ),
    )


def _results(ranking: Ranking, labels: Sequence[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    cells = {layout.label: words.layout_cells(layout) for layout in ranking.layouts}
    shown = {
        "score": "score",
        "interval": "interval",
        "seeds": "seeds",
        "accuracy gap": "accuracy_gap",
        "probe loss": "probe_loss",
        "parameters": "parameters",
        "MACs": "macs",
    }
    return tuple(
        (title, tuple(str(cells[label][key]) if label in cells else _NONE for label in labels))
        for title, key in shown.items()
    )


def _flat(values: object, name: str = "") -> list[tuple[str, str]]:
    """Return a config's values by their path; stages are counted as the paper does, from S1."""
    if isinstance(values, Mapping):
        return [
            pair
            for key, value in values.items()
            for pair in _flat(value, f"{name}: {key}" if name else str(key))
        ]
    if isinstance(values, (list, tuple)) and any(isinstance(each, Mapping) for each in values):
        return [pair for i, each in enumerate(values, 1) for pair in _flat(each, f"S{i}")]
    return [(name, str(values))]
