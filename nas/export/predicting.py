"""Labels for image files by an exported model, with the very preprocessing of its training."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nas.data.decoding import SUFFIXES, decode_files, to_channels
from nas.errors import NotFoundError, SpecError
from nas.export.portable import ONNX, PT2, load_onnx, load_pt2, portable
from nas.export.preprocessing import Preprocessing, read_preprocessing
from nas.export.timm_files import load_timm
from nas.export.timm_model import WEIGHTS as TIMM

if TYPE_CHECKING:
    from torch import nn

WEIGHTS = "model.safetensors"
MLFLOW = "mlflow"
AT_ONCE = 64  # images

Logits = Callable[[NDArray[np.uint8]], NDArray[np.float32]]  # of pixels [B, C, S, S]


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """What labels pixels, and what they must be."""

    file: Path  # what was loaded
    logits: Logits
    preprocessing: Preprocessing


@dataclass(frozen=True, kw_only=True, slots=True)
class Prediction:
    """What a model says of an image; `unreadable` says why it says nothing."""

    file: str
    predicted: str | None = None  # a class
    probability: float | None = None  # softmax of the logits: not calibrated
    runner_up: str | None = None  # the next best class
    runner_up_probability: float | None = None
    unreadable: str | None = None  # why it is no image


def open_model(path: Path) -> Model:
    """Load a folder that `nas export` wrote, or one of its files.

    Of several files in a folder the first of safetensors, ONNX, pt2 and timm is taken.

    Raises:
        NotFoundError: there is no model.
        SpecError: what is there cannot be read, or would need a pickle.
    """
    if path.is_dir():
        for name in (WEIGHTS, ONNX, PT2, TIMM, f"{MLFLOW}/{ONNX}"):
            if (path / name).is_file():
                return open_model(path / name)
        raise NotFoundError(f"{path}: no model; `nas export STUDY --to {path}` writes one")
    if not path.is_file():
        raise NotFoundError(f"{path}: there is no such model")
    loaders = {WEIGHTS: _coatnet, ONNX: load_onnx, PT2: load_pt2, TIMM: _timm}
    load = loaders.get(path.name)
    if load is None:
        raise SpecError(f"{path}: must be one of {', '.join(loaders)}, or their folder")
    folder = path.parent
    if path.name == ONNX and not _says(folder):  # within the folder `mlflow`
        folder = folder.parent
    return Model(file=path, logits=load(path), preprocessing=read_preprocessing(folder))


def image_files(paths: Sequence[Path]) -> list[Path]:
    """Return the files that are named, and of folders the images in them, sorted.

    Raises:
        NotFoundError: one is not there, or a folder has no image.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            within = [each for each in sorted(path.rglob("*")) if each.suffix.lower() in SUFFIXES]
            if not within:
                raise NotFoundError(f"{path}: no image in it")
            found += within
        elif path.exists():
            found.append(path)
        else:
            raise NotFoundError(f"{path}: there is no such file")
    return found


def pixels_of(
    files: Sequence[Path], preprocessing: Preprocessing
) -> tuple[NDArray[np.uint8], dict[int, str]]:
    """Return images uint8 [N, C, S, S] as training has them, and why some could not be read."""
    images, bad = decode_files(files, size=preprocessing.image_size)
    return to_channels(images, preprocessing.channels), bad


def predict(model: Model, files: Sequence[Path]) -> Iterator[Prediction]:
    """Yield what the model says of each file, in their order.

    Raises:
        SpecError: the model takes other images than its preprocessing says.
    """
    names = model.preprocessing.class_names
    for start in range(0, len(files), AT_ONCE):
        some = files[start : start + AT_ONCE]
        images, bad = pixels_of(some, model.preprocessing)
        try:
            logits = model.logits(images)
        except Exception as error:
            raise SpecError(f"{model.file}: {error}") from error
        if logits.shape != (len(some), len(names)):
            raise SpecError(f"{model.file}: {logits.shape[-1]} logits for {len(names)} classes")
        for i, file in enumerate(some):
            if i in bad:
                yield Prediction(file=str(file), unreadable=bad[i])
                continue
            shares = _softmax(logits[i])
            first, *rest = np.argsort(-shares, kind="stable")[:2]
            yield Prediction(
                file=str(file),
                predicted=names[first],
                probability=float(shares[first]),
                runner_up=names[rest[0]] if rest else None,
                runner_up_probability=float(shares[rest[0]]) if rest else None,
            )


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    powers = np.exp(logits.astype(np.float64) - logits.max())
    return powers / powers.sum()


def _says(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("preprocessing.json", "config.json"))


def _coatnet(path: Path) -> Logits:
    import coatnet  # noqa: PLC0415 - imports torch

    try:
        network = coatnet.load(path.parent)
    except (OSError, ValueError) as error:
        raise SpecError(f"{path}: not read: {error}") from error
    return _by_torch(network, path)


def _timm(path: Path) -> Logits:
    return _by_torch(load_timm(path.parent), path)


def _by_torch(network: "nn.Module", path: Path) -> Logits:
    import torch

    module = portable(network, read_preprocessing(path.parent))

    def logits(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        with torch.inference_mode():
            return module(torch.from_numpy(images)).numpy()

    return logits
