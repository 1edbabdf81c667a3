"""`nas doctor`'s checks: what of a cluster, a storage or a server would stop a study, and why."""

import secrets
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from nas.errors import NasError
from nas.execution import ray_checkup, ray_cluster
from nas.execution.job_address import is_loopback
from nas.execution.ray_checkup import NodeFacts
from nas.objects.folder import object_folder
from nas.spec.paths import is_uri
from nas.study.faults import UNREACHED
from nas.tracking.uri import redacted, resolve_uri

GIB = 2**30
FEW_BYTES, LOW_BYTES = GIB, 5 * GIB
HTTP_SECONDS = 5.0


class Verdict(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One check: what was found, and where it is not fine what to do."""

    check: str
    verdict: Verdict
    words: str


def check_inside(address: str | None, study: str | None, *, alone: bool) -> Iterator[Finding]:
    """Yield what a cluster's own nodes show; `alone`: this machine only, without Ray."""
    folder = None if study is None else _place(study)
    nonce = secrets.token_hex(8)
    try:
        if folder is not None:
            ray_checkup.write_nonce(folder, nonce)
    except OSError as error:
        words = f"{folder} cannot be written here: {error.strerror}; {_remedy(str(folder))}"
        yield _finding("storage", Verdict.FAIL, words)
        folder = None
    try:
        if alone:
            facts = (ray_checkup.look_here(folder, nonce),)
        else:
            try:
                ray_cluster.connect(address)
            except NasError as error:
                yield _finding("address", Verdict.FAIL, str(error))
                return
            facts = ray_checkup.look_everywhere(folder, nonce)
            yield _finding("address", Verdict.OK, f"{len(facts)} nodes answer")
        here = facts[0] if alone else ray_checkup.look_here()
        yield from check_nodes(here, facts, folder)
    finally:
        if folder is not None:
            ray_checkup.remove_nonce(folder, nonce)


def _remedy(folder: str) -> str:
    return UNREACHED if is_uri(folder) else "mount it, or choose another"


def _place(study: str) -> str:
    if is_uri(study):
        return str(object_folder(study, key="--study"))
    return str(Path(study).expanduser().absolute())


def check_nodes(
    here: NodeFacts, nodes: Iterable[NodeFacts], folder: str | None
) -> Iterator[Finding]:
    """Yield what is found in the facts of nodes, beside those of this process."""
    nodes = tuple(nodes)
    silent = [each for each in nodes if each.problem]
    for each in silent:
        yield _finding("nodes", Verdict.FAIL, f"{each.node} does not answer: {each.problem}")
    nodes = tuple(each for each in nodes if not each.problem)
    yield from _check_versions(here, nodes)
    if folder is not None:
        yield from _check_storage(nodes, folder)
    yield from _check_gpus(nodes)
    yield from _check_disks(nodes)


def check_dashboard(url: str) -> Finding:
    """Return whether a dashboard lets those in who have no token: they could run anything."""
    try:
        with urllib.request.urlopen(f"{url}/api/jobs/", timeout=HTTP_SECONDS):
            is_open = True
    except urllib.error.HTTPError as error:
        is_open = error.code not in (401, 403)
    except (OSError, ValueError) as error:
        return _finding("dashboard", Verdict.WARN, f"{url} does not answer: {error}")
    if not is_open:
        return _finding("dashboard", Verdict.OK, f"{url} wants a token")
    if is_loopback(url):
        return _finding("dashboard", Verdict.OK, f"{url} has no token, and is for this machine")
    words = (
        f"{url} lets everybody who reaches it run programs: start Ray with RAY_AUTH_MODE=token "
        "and RAY_AUTH_TOKEN, or with --dashboard-host 127.0.0.1"
    )
    return _finding("dashboard", Verdict.FAIL, words)


def check_tracking(uri: str) -> Finding:
    """Return whether MLflow answers at a URI."""
    try:
        resolved = resolve_uri(uri, folder=Path())
    except NasError as error:
        return _finding("mlflow", Verdict.FAIL, str(error))
    if resolved is None or not resolved.startswith(("http://", "https://")):
        return _finding("mlflow", Verdict.OK, f"{uri}: no server is needed")
    shown = redacted(resolved)
    try:
        with urllib.request.urlopen(f"{resolved.rstrip('/')}/health", timeout=HTTP_SECONDS):
            return _finding("mlflow", Verdict.OK, f"{shown} answers")
    except (OSError, ValueError) as error:
        words = f"{shown} does not answer: {error}; studies go on and `nas sync` sends it later"
        return _finding("mlflow", Verdict.FAIL, words)


def _check_versions(here: NodeFacts, nodes: tuple[NodeFacts, ...]) -> Iterator[Finding]:
    fine = True
    for each in nodes:
        if _minor(each.python) != _minor(here.python):
            fine = False
            words = f"{each.node} has Python {each.python}, the driver {here.python}: use one image"
            yield _finding("versions", Verdict.FAIL, words)
        for (name, mine), (_, theirs) in zip(here.libraries, each.libraries, strict=True):
            if mine == theirs or (name == "coatnet-nas" and not theirs):
                continue  # `nas submit` sends this package along
            fine = False
            verdict = Verdict.FAIL if name == "ray" or not theirs else Verdict.WARN
            words = f"{each.node} has {name} {theirs or 'not'}, the driver {mine}: use one image"
            yield _finding("versions", verdict, words)
    if fine:
        shown = ", ".join(f"{name} {number}" for name, number in here.libraries if number)
        yield _finding("versions", Verdict.OK, f"python {here.python}, {shown}")


def _check_storage(nodes: tuple[NodeFacts, ...], folder: str) -> Iterator[Finding]:
    blind = [each.node for each in nodes if not each.reads_storage]
    mute = [each.node for each in nodes if each.reads_storage and not each.writes_storage]
    if blind:
        there = ", ".join(blind)
        words = f"{folder} is another folder on {there}: mount shared storage there"
        if is_uri(folder):
            words = f"{folder} cannot be read by {there}: give it the keys and the endpoint"
        yield _finding("storage", Verdict.FAIL, words)
    if mute:
        words = f"{folder} cannot be written by {', '.join(mute)}: give its user the right to"
        yield _finding("storage", Verdict.FAIL, words)
    if not blind and not mute:
        yield _finding("storage", Verdict.OK, f"{folder} is read and written by all nodes")
    free = min((f for each in nodes if (f := each.storage_free_bytes) is not None), default=None)
    if free is not None and free < LOW_BYTES:
        verdict = Verdict.FAIL if free < FEW_BYTES else Verdict.WARN
        yield _finding("storage", verdict, f"{folder} has {free / GIB:.1f} GiB left: free some")


def _check_gpus(nodes: tuple[NodeFacts, ...]) -> Iterator[Finding]:
    unseen = [each for each in nodes if each.torch_gpus < each.ray_gpus]
    for each in unseen:
        words = (
            f"{each.node}: Ray hands out {each.ray_gpus:g} GPUs, torch can use {each.torch_gpus}: "
            "install the driver, and torch for CUDA"
        )
        yield _finding("gpus", Verdict.FAIL, words)
    if not unseen:
        count = sum(max(each.ray_gpus, each.torch_gpus) for each in nodes)
        yield _finding("gpus", Verdict.OK, f"{count:g}" if count else "none: trials run on CPUs")


def _check_disks(nodes: tuple[NodeFacts, ...]) -> Iterator[Finding]:
    low = [each for each in nodes if each.free_bytes < LOW_BYTES]
    for each in low:
        verdict = Verdict.FAIL if each.free_bytes < FEW_BYTES else Verdict.WARN
        words = f"{each.node} has {each.free_bytes / GIB:.1f} GiB for temporary files: free some"
        yield _finding("disk", verdict, words)
    if not low and nodes:
        least = min(each.free_bytes for each in nodes)
        yield _finding("disk", Verdict.OK, f"at least {least / GIB:.0f} GiB for temporary files")


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _finding(check: str, verdict: Verdict, words: str) -> Finding:
    return Finding(check=check, verdict=verdict, words=" ".join(words.split()))
