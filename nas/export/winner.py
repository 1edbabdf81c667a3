"""Which trial is the winner, and its weights on the way to a folder that others load."""

import json
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from coatnet.drawing import draw
from coatnet.folder import replace_files
from nas.errors import NotFoundError
from nas.export.card import DRAWING, card, metadata, searched, trained_on
from nas.export.formats import Export, Writer
from nas.export.preprocessing import PREPROCESSING, Preprocessing
from nas.networks.registry import family_of
from nas.ranking.metrics import METRICS
from nas.ranking.result import LayoutScore, Ranking
from nas.study.folder import Study
from nas.study.records import TrialHistory, TrialStatus

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """Which trial went out, and where to."""

    trial_id: str
    folder: Path
    note: str = ""  # why it is not of the network ranked first


def winner(ranking: Ranking, histories: tuple[TrialHistory, ...]) -> TrialHistory:
    """Return, of the layout ranked first, the trial with the highest final evaluation accuracy.

    Networks of other families are passed over; a ranking names no twin. Of a study ranked by
    transfer it is a fine-tuning, of others a training.

    Raises:
        NotFoundError: no trial of a layout has finished.
    """
    tuned = METRICS[ranking.metric].fine_tuned
    for score in ranking.layouts:
        finished = [
            history
            for history in histories
            if history.trial.label == score.label
            and history.status is TrialStatus.FINISHED
            and family_of(history.trial.config).searched
            and (history.trial.parent is not None) == tuned
        ]
        if finished:
            return max(finished, key=lambda h: (h.epochs[-1].evaluation_accuracy, -h.trial.number))
    raise NotFoundError("no trial of a layout has finished, so there is no winner to export")


def chosen(
    ranking: Ranking,
    histories: tuple[TrialHistory, ...],
    *,
    trial: str | None = None,
    layout: str | None = None,
) -> TrialHistory:
    """Return the trial of an id, the best of a layout, or the winner.

    Raises:
        NotFoundError: there is none, it has not finished, or it is not of a ranked layout.
    """
    if trial is None and layout is None:
        return winner(ranking, histories)
    ranked = [score for score in ranking.layouts if layout in (None, score.label)]
    if layout is not None and not ranked:
        known = ", ".join(score.label for score in ranking.layouts) or "none"
        raise NotFoundError(f"no layout {layout} is ranked; there are: {known}")
    one = [history for history in histories if trial in (None, history.trial.id)]
    if not one:
        raise NotFoundError(f"no trial {trial}; `nas status` lists them")
    try:
        return winner(replace(ranking, layouts=tuple(ranked)), tuple(one))
    except NotFoundError as error:
        what = trial or layout
        raise NotFoundError(f"{what} is no finished trial of a ranked layout") from error


def export_winner(
    study: Study,
    ranking: Ranking,
    histories: tuple[TrialHistory, ...],
    *,
    to: Path,
    writers: Sequence[Writer] = (),
    history: TrialHistory | None = None,
) -> Exported:
    """Write a network, by default the winner, to `to`; `coatnet.load` reads it.

    That is model.safetensors, config.json, preprocessing.json, layout.svg and README.md, and what
    the `writers` of other formats write, which is made first: where one cannot, nothing is
    written. Where a network of another family is ranked first, the best layout goes out, and `note`
    says so.

    Raises:
        NotFoundError: no trial of a layout has finished.
        CheckpointError: its checkpoint is gone or damaged.
        SpecError: a format cannot hold it, or what writes it is not installed.
    """
    import coatnet  # noqa: PLC0415 - imports torch at `save`

    history = history or winner(ranking, histories)
    trained = trained_on(study, history)
    # `winner` and `chosen` choose layouts
    model = cast("coatnet.CoAtNet", _load(study, history))
    score = next(score for score in ranking.layouts if score.label == history.trial.label)
    note = _note(ranking, score)
    preprocessing = Preprocessing.of(trained.facts)
    to.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        made: list[Path] = []
        if writers:
            beside = Path(
                stack.enter_context(tempfile.TemporaryDirectory(dir=to, prefix=".export-"))
            )
            going = Export(model=model, preprocessing=preprocessing, folder=beside, study=study.id)
            for write in writers:
                write(going)
            made = sorted(beside.iterdir())
        found = searched(histories)
        coatnet.save(
            model,
            to,
            metadata=metadata(study, trained, ranking, score, history),
            card=card(study, trained, ranking, score, history, note=note, searched=found),
        )
        text = json.dumps(preprocessing.to_json(), indent=2, ensure_ascii=False) + "\n"
        drawn = draw(model.config, title=history.trial.label)
        # Each under its name when it is whole; a rename within a folder survives a power cut.
        replace_files(
            to,
            {
                PREPROCESSING: lambda path: path.write_text(text, encoding="utf-8"),
                DRAWING: lambda path: path.write_text(drawn, encoding="utf-8"),
            },
        )
        for each in made:
            place = to / each.name
            if place.is_dir():
                shutil.rmtree(place)
            each.rename(place)
    return Exported(trial_id=history.trial.id, folder=to, note=note)


def load_winner(study: Study, ranking: Ranking, histories: tuple[TrialHistory, ...]) -> "nn.Module":
    """Return the winner's network, on the CPU, in evaluation mode.

    Raises:
        NotFoundError: no trial of a layout has finished.
        CheckpointError: its checkpoint is gone or damaged.
    """
    return _load(study, winner(ranking, histories))


def _load(study: Study, history: TrialHistory) -> "nn.Module":
    from nas.training.trial_state import load_weights  # noqa: PLC0415 - imports torch

    return load_weights(
        study.checkpoints / history.trial.id,
        history.trial.config,
        ema=trained_on(study, history).recipe.ema_decay is not None,
    )


def _note(ranking: Ranking, score: LayoutScore) -> str:
    first = ranking.layouts[0]
    if not first.baseline:
        return ""
    return f"{first.label}, of another family, is ranked first; {score.label} is the best layout"
