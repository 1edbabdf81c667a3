"""An export in every format: the rooms that write them, brought together."""

import tempfile
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import numpy as np

from nas.errors import SpecError
from nas.export.formats import WRITERS, Export, Format, Writer, write_onnx
from nas.export.portable import ONNX
from nas.export.winner import Exported, chosen, export_winner
from nas.ranking.result import Ranking
from nas.study.folder import Study
from nas.study.records import TrialHistory

MLFLOW = "mlflow"  # the folder's name


def export_study(
    study: Study,
    ranking: Ranking,
    histories: tuple[TrialHistory, ...],
    *,
    to: Path,
    formats: Collection[Format] = (),
    trial: str | None = None,
    layout: str | None = None,
) -> Exported:
    """Write a network to the folder `to`: the winner, the best of a layout, or a trial.

    Raises:
        NotFoundError: there is no such finished trial.
        CheckpointError: its checkpoint is gone or damaged.
        SpecError: a format cannot hold it, what writes it is not installed, or `to` cannot be
            written.
    """
    history = chosen(ranking, histories, trial=trial, layout=layout)
    try:
        to.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SpecError(f"{to}: cannot be made: {error.strerror}", key="--to") from error
    return export_winner(
        study, ranking, histories, to=to, history=history, writers=writers_of(formats)
    )


def writers_of(formats: Collection[Format]) -> list[Writer]:
    """Return what writes these formats, each once."""
    writers = {**WRITERS, Format.MLFLOW: _mlflow}
    return [writers[each] for each in Format if each in formats and each in writers]


def _mlflow(going: Export) -> None:
    from nas.tracking.mlflow_model import save_onnx_model  # noqa: PLC0415 - imports MLflow

    preprocessing = going.preprocessing
    size = preprocessing.image_size
    example = np.zeros((1, preprocessing.channels, size, size), dtype=np.uint8)
    with tempfile.TemporaryDirectory() as name:
        write_onnx(replace(going, folder=Path(name)))
        save_onnx_model(
            Path(name) / ONNX,
            going.folder / MLFLOW,
            example=example,
            classes=len(preprocessing.class_names),
            metadata={"study": going.study, "preprocessing": preprocessing.to_json()},
        )
