"""What a model can be exported as beside a folder of `coatnet`, and what writes each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from nas.export.portable import ONNX, PT2, portable, save_onnx, save_pt2
from nas.export.preprocessing import Preprocessing
from nas.export.timm_files import save_timm

if TYPE_CHECKING:
    import coatnet


class Format(StrEnum):
    """What `nas export --format` takes."""

    SAFETENSORS = "safetensors"  # the folder of `coatnet`, which is always written
    PT2 = "pt2"  # a program of torch.export
    ONNX = "onnx"
    TIMM = "timm"  # weights of timm's MaxxVit, where it can express the layout
    MLFLOW = "mlflow"  # a folder that MLflow serves


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Export:
    """A network on its way out."""

    model: "coatnet.CoAtNet"
    preprocessing: Preprocessing
    folder: Path  # to write into
    study: str  # its id


Writer = Callable[[Export], None]


def _pt2(going: Export) -> None:
    module = portable(going.model, going.preprocessing)
    save_pt2(module, going.preprocessing, going.folder / PT2)


def write_onnx(going: Export) -> None:
    """Write model.onnx.

    Raises:
        SpecError: what writes it is not installed.
    """
    module = portable(going.model, going.preprocessing)
    save_onnx(module, going.preprocessing, going.folder / ONNX)


def _timm(going: Export) -> None:
    save_timm(going.model, going.model.config, going.folder)


# `nas.reading` knows MLflow's own, which is of another room.
WRITERS: Mapping[Format, Writer] = {
    Format.PT2: _pt2,
    Format.ONNX: write_onnx,
    Format.TIMM: _timm,
}
