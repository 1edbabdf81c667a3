"""A network as a program that needs neither this package nor its code: torch.export, ONNX.

Both take pixels as bytes, uint8 [B, C, S, S], B any number from 1, and give logits float32 [B, K]:
the normalization of training is inside.
"""

import json
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nas.errors import SpecError
from nas.export.preprocessing import Preprocessing

if TYPE_CHECKING:
    import torch
    from torch import nn

PT2, ONNX = "model.pt2", "model.onnx"
IMAGES, LOGITS = "images", "logits"
EXTRA = "install the extra: pip install 'coatnet-nas[export]'"
# What an archive of torch.export holds beside tensors that are stored as they are.
_TEXTS = ("archive_format", "archive_version", "byteorder", "version", "serialization_id")
_LONGEST = 2**26  # bytes of a JSON record


def portable(model: "nn.Module", preprocessing: Preprocessing) -> "nn.Module":
    """Return a module that takes pixels as bytes, in evaluation mode, on the CPU."""
    import torch
    from torch import nn

    class Portable(nn.Module):
        """Normalizes as training does, and asks the network."""

        def __init__(self) -> None:
            super().__init__()
            self.network = model
            mean, std = (
                torch.tensor(each, dtype=torch.float64).view(1, -1, 1, 1)
                for each in (preprocessing.mean, preprocessing.std)
            )
            self.register_buffer("scale", (1 / (255 * std)).float())
            self.register_buffer("shift", (-mean / std).float())

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.network(torch.addcmul(self.shift, images.to(torch.float32), self.scale))

    return Portable().eval()


def save_pt2(module: "nn.Module", preprocessing: Preprocessing, path: Path) -> None:
    """Write a program of `torch.export`, in which nothing is pickled."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch about its own code
        program = torch.export.export(
            module, (_example(preprocessing),), dynamic_shapes=_shapes(torch.export.Dim)
        )
        program.example_inputs = None  # they alone would be pickled
        torch.export.save(program, path)


def save_onnx(module: "nn.Module", preprocessing: Preprocessing, path: Path) -> None:
    """Write an ONNX file.

    Raises:
        SpecError: onnx or onnxscript is not installed.
    """
    try:
        import onnxscript  # noqa: F401, PLC0415 - what torch.onnx writes by
    except ImportError as error:
        raise SpecError(f"--format onnx: {error}; {EXTRA}") from error
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            (_example(preprocessing),),
            path,
            input_names=[IMAGES],
            output_names=[LOGITS],
            dynamic_shapes=_shapes(torch.export.Dim),
            external_data=False,
            dynamo=True,
            verbose=False,
        )


def load_pt2(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    """Return what labels pixels by a program of `torch.export`.

    Raises:
        SpecError: it may hold pickles, which could run any program, or is no such program.
    """
    _refuse_pickles(path)
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            program = torch.export.load(path).module()
        except (RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SpecError(f"{path}: not a program that torch can read: {error}") from error

    def logits(images: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return program(torch.from_numpy(images)).numpy()

    return logits


def load_onnx(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    """Return what labels pixels by an ONNX file.

    Raises:
        SpecError: onnxruntime is not installed, or it is no such file.
    """
    try:
        import onnxruntime  # noqa: PLC0415
    except ImportError as error:
        raise SpecError(f"{path}: {error}; {EXTRA}") from error
    try:
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        [name] = [each.name for each in session.get_inputs()]
    except Exception as error:
        raise SpecError(f"{path}: not a network that onnxruntime can read: {error}") from error

    def logits(images: np.ndarray) -> np.ndarray:
        return np.asarray(session.run(None, {name: images})[0])

    return logits


def _example(preprocessing: Preprocessing) -> "torch.Tensor":
    """Two images: of one, the program would know that there is one."""
    import torch

    size = preprocessing.image_size
    return torch.zeros((2, preprocessing.channels, size, size), dtype=torch.uint8)


def _shapes(dimension: Callable[[str], object]) -> dict[str, dict[int, object]]:
    return {IMAGES: {0: dimension("batch")}}


def _refuse_pickles(path: Path) -> None:
    """Look through an archive of torch.export: `torch.export.load` would unpickle what is one."""
    try:
        with zipfile.ZipFile(path) as archive:
            raw: set[str] = set()
            rest = []
            for info in archive.infolist():
                name = info.filename
                if not name.endswith(".json"):
                    rest.append(info)
                    continue
                if info.file_size > _LONGEST:
                    raise ValueError(f"{name} is too long")
                values = json.loads(archive.read(info))
                if name.endswith(("_weights_config.json", "_constants_config.json")):
                    folder = name.rpartition("/")[0]
                    for each in values["config"].values():
                        if each["use_pickle"] is not False:
                            raise ValueError(f"{each['path_name']} in {name} is pickled")
                        raw.add(f"{folder}/{each['path_name']}")
            for info in rest:
                text = info.filename.rpartition("/")[2] in _TEXTS and info.file_size < 100
                if info.file_size and info.filename not in raw and not text:
                    raise ValueError(f"{info.filename} may be pickled")
    except (OSError, zipfile.BadZipFile, ValueError, KeyError, TypeError, RecursionError) as error:
        raise SpecError(f"{path}: not read: {error}; a pickle can run any program") from error
