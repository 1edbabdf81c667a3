"""A network as an MLflow model: of the ONNX flavor, so that nothing in it is a pickle."""

import shutil
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlflow.onnx
import numpy as np
import onnx
from mlflow.models import ModelSignature
from mlflow.types import Schema, TensorSpec

IMAGES, LOGITS = "images", "logits"  # as the ONNX file names them
_LOADERS = ("mlflow", "numpy", "onnx", "onnxruntime")


def save_onnx_model(
    onnx_file: Path, folder: Path, *, example: np.ndarray, classes: int, metadata: dict[str, Any]
) -> None:
    """Write `folder` anew: `mlflow models serve` serves it, `mlflow.onnx.load_model` loads it.

    Args:
        onnx_file: takes images uint8 [B, C, S, S], gives logits float32 [B, classes].
        folder: to write; an older one is replaced.
        example: images that it takes.
        classes: how many.
        metadata: plain values that go along.
    """
    with (
        warnings.catch_warnings(),
        tempfile.TemporaryDirectory(dir=folder.parent, prefix=".mlflow-") as beside,
    ):
        warnings.simplefilter("ignore")  # of MLflow about its own code
        made = Path(beside) / "model"
        mlflow.onnx.save_model(
            onnx.load(onnx_file),
            made,
            signature=signature(example, classes),
            input_example={IMAGES: example},
            save_as_external_data=False,  # the other file would be readable by its owner alone
            # In the versions that wrote it: MLflow would find them out by running it.
            pip_requirements=[f"{name}=={version(name)}" for name in _LOADERS],
            metadata=metadata,
        )
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)


def signature(example: np.ndarray, classes: int) -> ModelSignature:
    """Return what goes in and comes out, for any number of images."""
    images = TensorSpec(example.dtype, (-1, *example.shape[1:]), name=IMAGES)
    logits = TensorSpec(np.dtype(np.float32), (-1, classes), name=LOGITS)
    return ModelSignature(inputs=Schema([images]), outputs=Schema([logits]))
