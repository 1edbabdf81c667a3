"""A study in an object store: submitted to a cluster, followed, stopped, gone on with anywhere."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from nas.study.folder import open_study
from nas.study.places import find_study
from tests.end_to_end.command import NAS, SHORT
from tests.nas.head import Head, started_head

pytestmark = [pytest.mark.slow, pytest.mark.ray, pytest.mark.mlflow, pytest.mark.timeout(900)]

SPEC = ("quickstart", *SHORT, "training.epochs=8")
TRIALS, EPOCHS = 10, 8


@pytest.fixture
def head(bucket, object_server, tmp_path):
    given = {**object_server.environment, "XDG_CACHE_HOME": str(tmp_path / "head")}
    with started_head(given=given) as started:
        yield started


class User:
    """Somebody with the token of the cluster and the keys of the store; `nas` runs elsewhere."""

    def __init__(self, head: Head, folder: Path) -> None:
        self.head, self.folder = head, folder

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*NAS, *words],
            cwd=self.folder,
            env=self.head.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def nas(self, *words: str) -> str:
        process = self.start(*words)
        out, _ = process.communicate(timeout=400)
        assert process.returncode == 0, out
        return out


def epochs_of(uri: str) -> list[tuple]:
    """Return every epoch acknowledged, as it was measured."""
    histories = open_study(find_study(uri)).histories()
    return [
        (history.trial.id, each.epoch, each.probe_loss, each.evaluation_accuracy)
        for history in histories
        for each in history.epochs
    ]


def wait(condition) -> None:
    deadline = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.5)


def is_there(uri: str, epochs: int) -> bool:
    try:
        return len(epochs_of(uri)) >= epochs
    except LookupError:
        return False


def test_a_study_in_a_store_is_run_by_three_drivers_to_its_ranking(head, bucket, tmp_path):
    """One as a job that is stopped, one here that is killed, one as a job again."""
    user = User(head, tmp_path)
    uri, at = f"{bucket}/studies/mine", ("--address", head.address)
    submit = ("submit", *SPEC, "--study", uri, *at)

    user.nas(*submit)
    following = user.start("logs", "mine", "-f", *at)
    wait(lambda: is_there(uri, 2 * EPOCHS + 1))
    refused = user.start("resume", uri)
    out, _ = refused.communicate(timeout=100)
    assert refused.returncode == 1
    assert "is running this study" in out.splitlines()[-1]
    user.nas("stop", "mine", *at)
    out, _ = following.communicate(timeout=100)
    assert f"study {uri}: {TRIALS} trials" in out
    assert f"finished: epoch {EPOCHS}/{EPOCHS}" in out
    assert f"`nas resume {uri}` goes on" in out
    before = epochs_of(uri)
    assert len(before) < TRIALS * EPOCHS, "stopped too late to test anything"

    driver = user.start("resume", uri)
    wait(lambda: is_there(uri, len(before) + 5))
    os.kill(driver.pid, signal.SIGKILL)
    driver.communicate()
    middle = epochs_of(uri)
    assert set(before) <= set(middle)
    assert len(middle) < TRIALS * EPOCHS, "killed too late to test anything"

    last = user.nas(*submit, "--follow")
    assert f"study     {uri}" in last
    after = epochs_of(uri)
    assert set(middle) <= set(after)
    assert len(after) == len(set(after)) == TRIALS * EPOCHS

    calm = tmp_path / "calm"
    user.nas("search", *SPEC, "--study", str(calm), "--inline")
    assert set(after) == set(epochs_of(str(calm)))
    answers = [json.loads(user.nas("rank", each, "-o", "json")) for each in (uri, str(calm))]
    assert answers[0] == answers[1]
    user.nas("export", uri, "--to", str(tmp_path / "model"))
    here, there = (
        (folder / "model.safetensors").read_bytes()
        for folder in (tmp_path / "model", calm / "export" / "winner")
    )
    assert here == there
