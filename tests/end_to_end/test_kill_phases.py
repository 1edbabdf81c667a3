"""`kill -9` of the driver in every phase of a search that explores by halving and then confirms."""

import os
import signal
from collections.abc import Callable

import pytest

from nas.study.folder import open_study
from nas.study.journal import is_held
from nas.study.records import EpochMeasured, Record, TrialPlanned, TrialStatus
from tests.end_to_end.command import nas, ranking, start
from tests.end_to_end.test_kill import measured, wait_for

CANDIDATES, FIRST = 10, 1

# Rungs at one, two and four epochs; then three candidates have two more seeds of their own.
SEARCH = """
space:
  stem: {width: 4, depth: 1, stride: 2}
  head_size: 4
  stages:
    - {type: C, depth: {from: 1, to: 3}, width: [4, 8], stride: 1}
    - {type: [C, T], depth: [1, 2], width: {from: 8, to: 16, step: 4}}
data: {image_size: 16, train: 80, probe: 40, evaluation: 60}
training: {epochs: 4, batch_size: 16}
search:
  sampler: random
  candidates: 10
  allocation: {kind: halving, first: 1, reduction: 2}
  confirm: {candidates: 3, seeds: 2, max_seeds: 3}
ranking: {metric: accuracy}
resources: {concurrent: 2}
tracking: {uri: "off"}
"""


def first_rung(records: list[Record]) -> bool:
    """Tell whether some candidates wait at the first rung and others have not come there."""
    return sum(isinstance(r, EpochMeasured) for r in records) >= CANDIDATES // 2


def later_rung(records: list[Record]) -> bool:
    """Tell whether a promoted candidate trains on from its checkpoint."""
    return any(isinstance(r, EpochMeasured) and r.epoch > FIRST and r.attempt > 1 for r in records)


def confirming(records: list[Record]) -> bool:
    """Tell whether a seed that confirms has begun to learn."""
    confirms = {r.trial.id for r in records if isinstance(r, TrialPlanned) and r.trial.seed > 0}
    return any(isinstance(r, EpochMeasured) and r.trial_id in confirms for r in records)


PHASES: tuple[Callable[[list[Record]], bool], ...] = (first_rung, later_rung, confirming)


@pytest.mark.ray
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_kill_in_each_phase_leaves_proposals_rungs_and_ranking_as_undisturbed(tmp_path):
    (tmp_path / "open.yaml").write_text(SEARCH, encoding="utf-8")
    nas("search", "open.yaml", "--study", "calm", cwd=tmp_path)
    study = tmp_path / "studies" / "hit"
    # Alone where two at once ran undisturbed: what is proposed must not depend on that either.
    command = ("search", "open.yaml", "--study", "hit", "--inline")
    for phase in PHASES:
        driver = start(*command, cwd=tmp_path)
        try:
            wait_for(study, phase)
        finally:
            os.kill(driver.pid, signal.SIGKILL)
            driver.wait()
        assert not is_held(study / "journal")
        status = [h.status for h in open_study(study).histories()]
        assert TrialStatus.RUNNING not in status
        command = ("resume", "hit", "--inline")

    nas(*command, cwd=tmp_path)

    calm, hit = (open_study(tmp_path / "studies" / name).histories() for name in ("calm", "hit"))
    assert {h.status for h in calm} >= {TrialStatus.FINISHED, TrialStatus.STOPPED}
    assert [h.trial for h in hit] == [h.trial for h in calm]
    assert [h.status for h in hit] == [h.status for h in calm]
    assert [measured(h) for h in hit] == [measured(h) for h in calm]
    rungs = [nas("rungs", name, "-o", "json", cwd=tmp_path).stdout for name in ("calm", "hit")]
    assert rungs[0].replace("calm", "") == rungs[1].replace("hit", "")
    assert ranking("hit", cwd=tmp_path) == ranking("calm", cwd=tmp_path)
