"""What candidates of a study were measured to take, for whoever holds them against it."""

from collections.abc import Mapping

from nas.errors import NotFoundError
from nas.study.folder import Study
from nas.study.latency import Latency, Measurement, recorded


def latencies(study: Study, *, device: str | None = None, batch: int = 1) -> Mapping[str, Latency]:
    """Return what the candidates take by label, of the newest measurement that fits.

    Candidates that came after it are missing.

    Args:
        study: whose candidates.
        device: words of the device's name; None: of any.
        batch: images of a forward pass.

    Raises:
        NotFoundError: none fits.
        SpecError: the study's file of latencies is damaged.
    """
    return newest(study, device=device, batch=batch).latencies


def newest(study: Study, *, device: str | None = None, batch: int = 1) -> Measurement:
    """Return the newest measurement that fits.

    Raises:
        NotFoundError: none does.
        SpecError: the file is damaged.
    """
    words = (device or "").lower()
    for each in reversed(recorded(study.folder)):
        if each.batch == batch and words in each.device.lower():
            return each
    there = f" on {device!r}" if device else ""
    command = f"nas latency {study.place}{'' if batch == 1 else f' --batch {batch}'}"
    raise NotFoundError(
        f"{study.place}: no latency of {batch} image{'s'[: batch != 1]} was measured{there}: "
        f"`{command}` does"
    )
