"""Measures how long the networks of a study take for images here, and keeps it in the study."""

import os
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from math import comb
from statistics import median

from coatnet.config import sides
from nas.errors import NasError, NotFoundError
from nas.networks.registry import family_of
from nas.ranking.metrics import METRICS
from nas.spec.study import StudySpec
from nas.study.copies import copy_at
from nas.study.folder import Study
from nas.study.latency import Latency, Measurement, record
from nas.study.records import NetworkConfig, Role, Trial
from nas.training.device import Device
from nas.training.latency import Subject, device_name, time_modules

LEAST_TURNS = 6  # of fewer, no interval of the median holds at 95 %
_ERROR = 0.05
_VERSIONED = ("torch", "coatnet-nas")


def measure_study(
    study: Study,
    trials: Iterable[Trial],
    *,
    gpu: bool | None = None,
    threads: int | None = None,
    batch: int = 1,
    turns: int = 21,
    say: Callable[[str], None] | None = None,
) -> Measurement:
    """Measure every candidate of the study on this machine, keep it in the study and return it.

    Networks are built anew: no checkpoint is needed. Candidates of one network, whose recipes
    differ, share its numbers.

    Args:
        study: not running, since its trials would slow what is measured.
        trials: those of the study.
        gpu: whether on a GPU; None: as its trials are.
        threads: of torch on CPUs; None: as its trials have.
        batch: images of a forward pass.
        turns: of each network, `LEAST_TURNS` or more.
        say: is told how far it is.

    Raises:
        NasError: the study is running; a network does not fit into memory; there is no GPU.
        NotFoundError: it has no candidate yet.
        SpecError: a network's library is missing, or the study's file cannot be written.
    """
    if study.running:
        raise NasError(
            f"{study.place} is running, and its trials would slow what is measured: "
            "`nas latency` again when it has ended"
        )
    networks = candidates(study.spec, trials)
    if not networks:
        raise NotFoundError(f"{study.place}: there is no candidate yet")
    asked = study.spec.resources
    on_gpu = asked.gpus > 0 if gpu is None else gpu
    device = Device.of(
        asked.model_copy(
            update={"gpus": 1.0 if on_gpu else 0.0, "threads": threads or asked.threads}
        )
    )
    precision = device.precision(study.spec.training)
    load, at = os.getloadavg()[0], time.time()
    alike = _alike(networks)
    first = [labels[0] for labels in alike]
    subjects = [_subject(label, networks[label]) for label in first]
    seconds = time_modules(subjects, device, precision=precision, batch=batch, turns=turns, say=say)
    name = device_name(device)
    found = {
        label: _latency(each, device=name, batch=batch)
        for labels, each in zip(alike, seconds, strict=True)
        for label in labels
    }
    measured = Measurement(
        device=name,
        batch=batch,
        precision=str(precision).removeprefix("torch."),
        turns=turns,
        at=at,
        load=load,
        versions={package: version(package) for package in _VERSIONED},
        latencies={label: found[label] for label in networks},
    )
    record(study.folder, measured)
    if (copy := copy_at(study.folder)) is not None:
        copy.put_kept()
    return measured


def candidates(spec: StudySpec, trials: Iterable[Trial]) -> Mapping[str, NetworkConfig]:
    """Return the network of each label, as the study's metric judges it: fine-tuned where it does.

    Twins are no candidates.
    """
    judged = Role.FINE_TUNED if METRICS[spec.ranking.metric].fine_tuned else Role.TRAINED
    return {
        trial.label: trial.config
        for trial in trials
        if trial.role is judged and not trial.twin and not trial.brief
    }


def summary(seconds: Sequence[float]) -> tuple[float, float, float]:
    """Return the median and the ends of its interval at 95 %, whatever the numbers are like.

    By order statistics: the median lies below the k-th smallest with probability
    P(Bin(n, 1/2) < k).

    Raises:
        ValueError: there are fewer than `LEAST_TURNS`.
    """
    n, ordered = len(seconds), sorted(seconds)
    if n < LEAST_TURNS:
        raise ValueError(f"an interval at 95 % needs {LEAST_TURNS} turns or more, not {n}")
    below, k = 1, 0
    while 2 * below <= _ERROR * 2**n:
        k += 1
        below += comb(n, k)
    return median(ordered), ordered[k - 1], ordered[n - k]


def _latency(seconds: Sequence[float], *, device: str, batch: int) -> Latency:
    middle, low, high = (1000.0 * each for each in summary(seconds))
    return Latency(milliseconds=middle, low=low, high=high, device=device, batch=batch)


def _alike(networks: Mapping[str, NetworkConfig]) -> list[list[str]]:
    """Return the labels of each network; drop path is of training alone."""
    found: dict[Hashable, list[str]] = {}
    for label, config in networks.items():
        plain = replace(config, drop_path=0.0)
        family = family_of(plain)
        found.setdefault((family.name, family.identity(plain)), []).append(label)
    return list(found.values())


def _subject(label: str, config: NetworkConfig) -> Subject:
    plain = replace(config, drop_path=0.0)
    family = family_of(plain)
    rows, columns = sides(config.image_size)
    return Subject(
        name=label,
        build=lambda: family.build(plain, seed=0),
        input=(config.in_channels, rows, columns),
        parameters=family.cost(plain).parameters,
    )
