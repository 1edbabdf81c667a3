"""model.safetensors: every tensor is checked against the network before any is read."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from coatnet.folder import require_file

FLOATS = {
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F32": torch.float32,
    "F64": torch.float64,
}
_REFUSED = re.compile(r"\(os error (\d+)\)")  # how the library says what the system said
_DTYPES = {**FLOATS, "I64": torch.int64}


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open the file, of which only the header is read.

    Raises:
        FileNotFoundError: it is missing.
        ValueError: it is not a whole safetensors file.
    """
    require_file(path)
    try:
        file = safe_open(path, framework="pt", device="cpu")
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path} is not a safetensors file: {error}") from error
    with file:
        yield file


def read(
    file: Any, path: Path, expected: Mapping[str, torch.Tensor], *, dtype: torch.dtype | None
) -> dict[str, torch.Tensor]:
    """Return the file's tensors, which must have the names and shapes of `expected`.

    Also its types, unless `dtype` is given: then floating tensors may be of any of `FLOATS` and
    become `dtype`. They lie in memory as the expected ones would, on the CPU.

    Raises:
        ValueError: the first tensor that does not fit.
    """
    names = set(file.keys())
    require_names(path, names, expected)
    for name, tensor in expected.items():
        part = file.get_slice(name)
        shape, found = tuple(part.get_shape()), _DTYPES.get(part.get_dtype(), part.get_dtype())
        convertible = found in FLOATS.values() and tensor.is_floating_point()
        if shape != tuple(tensor.shape) or (
            found != tensor.dtype and not (convertible and dtype is not None)
        ):
            advice = " (give load a dtype to convert)" if convertible else ""
            raise ValueError(
                f"{path}: {name} must be {tuple(tensor.shape)} of {tensor.dtype}, "
                f"not {shape} of {found}{advice}"
            )
    return {name: _copied(file, name, tensor, dtype) for name, tensor in expected.items()}


def _copied(file: Any, name: str, like: torch.Tensor, dtype: torch.dtype | None) -> torch.Tensor:
    """Return a tensor of memory of its own: what safe_open returns lies in the file itself."""
    if dtype is None or not like.is_floating_point():
        dtype = like.dtype
    # Not empty_like: that of a tensor without memory takes half a second of imports.
    own = torch.empty_strided(like.shape, like.stride(), dtype=dtype, device="cpu")
    return own.copy_(file.get_tensor(name))


def require_names(where: object, found: set[str], expected: Mapping[str, torch.Tensor]) -> None:
    """Do nothing if the names are those expected.

    Raises:
        ValueError: there are more or fewer.
    """
    if missing := sorted(expected.keys() - found):
        raise ValueError(f"{where} misses {len(missing)} tensors of the network: {missing[0]}, ...")
    if unknown := sorted(found - expected.keys()):
        raise ValueError(f"{where} has {len(unknown)} tensors too many: {unknown[0]}, ...")


def write(path: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    """Write the tensors, from whatever device and order in memory.

    Raises:
        OSError: the file cannot be written.
    """
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    path.touch()
    mode = path.stat().st_mode  # as the umask has it; what is saved is readable by its owner alone
    try:
        save_file(plain, path, metadata={"format": "pt"})  # the hub's mark of torch's tensors
    except SafetensorError as error:
        number = _REFUSED.search(str(error))
        if number is None:
            raise
        code = int(number[1])
        raise OSError(code, os.strerror(code), str(path)) from error
    path.chmod(mode)
