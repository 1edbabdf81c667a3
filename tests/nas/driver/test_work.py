"""Python's own way in: run a spec, get what reads it, take the best network."""

import pytest
import torch

import nas
from nas.driver.display import Silent
from nas.driver.work import begin, resume
from nas.errors import SpecError, StudyExistsError
from nas.execution.inline import InlineExecutor
from nas.reading.study import rank_study
from nas.reading.target import open_target
from nas.spec.file import load_spec
from nas.study.folder import open_study
from tests.nas.conftest import SMALL, SWEPT
from tests.nas.journals import read_journal

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_run_gives_what_load_gives(folder):
    study = nas.run(SMALL, "search.seeds=1", "training.epochs=2", inline=True)
    assert study.folder.resolve() == folder / "studies" / "small"
    again = nas.load("small")
    for name in ("ranking", "trials", "epochs"):
        assert getattr(study, name).equals(getattr(again, name))
    assert list(study.trials["status"]) == ["finished"] * 2
    assert len(study.epochs) == 4
    with pytest.raises(StudyExistsError, match="nas resume studies/small"):
        nas.run(SMALL, inline=True)


def test_best_is_the_network_that_was_exported(finished):
    import coatnet

    network = nas.load(finished).best()
    assert not network.training
    images = torch.randn(3, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        logits = network(images)
        exported = coatnet.load(finished / "export" / "winner")(images)
    assert logits.shape == (3, 10)
    torch.testing.assert_close(logits, exported)


def test_a_spec_may_be_plain_values():
    space = {
        "stem": {"width": 4, "depth": 1},
        "head_size": 4,
        "stages": [{"depth": 1, "width": 4}, {"depth": 1, "width": 8}],
        "layouts": ["C-C"],
    }
    values = {
        "name": "plain",
        "space": space,
        "data": {"image_size": 16, "train": 40, "probe": 20, "evaluation": 20},
        "training": {"epochs": 2, "batch_size": 16},
        "search": {"seeds": 1},
        "tracking": {"uri": "off"},
    }
    study = nas.run(values, "training.epochs=3", inline=True)
    assert list(study.trials["epochs"]) == [3]
    assert values["training"] == {"epochs": 2, "batch_size": 16}, "the caller's own stays as it was"
    with pytest.raises(SpecError, match=r"training\.epocs: unknown key, did you mean 'epochs'"):
        nas.run({**values, "name": "b", "training": {"epocs": 2}}, inline=True)


def test_a_sweep_runs_too():
    short = ("search.seeds=1", "training.epochs=2", SWEPT[1])
    sweep = nas.run(SMALL, *short, inline=True)
    assert list(sweep.status()["status"]) == ["finished"] * 2
    assert list(sweep.ranking["value"].unique()) == ["48", "80"]


def test_the_package_says_its_version():
    assert nas.__version__[0].isdigit()
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        _ = nas.lode


class Broken(InlineExecutor):
    """An executor on which the trials of one layout fail."""

    def run(self, job, conductor, *, resources, scratch):
        def broken(segment, *, report):
            if segment.trial.layout == "C-T":
                raise RuntimeError("a planted fault")
            return job(segment, report=report)

        super().run(broken, conductor, resources=resources, scratch=scratch)


def test_what_failed_is_tried_again_when_that_is_asked_for_and_only_then(finished, tmp_path):
    def go_on(**asked):
        target = open_target(tmp_path / "s")
        return resume(target, executor=InlineExecutor(), display=Silent(), **asked)

    spec = load_spec(str(SMALL))
    begin(spec, folder=tmp_path / "s", executor=Broken(), display=Silent())
    study = open_study(tmp_path / "s")
    broken = study.histories()
    assert [(h.status.value, h.attempts) for h in broken] == [("finished", 1), ("failed", 3)] * 2
    records = read_journal(study.journal)
    go_on()
    assert read_journal(study.journal) == records
    conclusion = go_on(retry_failed=True)
    assert [(h.status.value, h.attempts) for h in study.histories()] == [
        ("finished", 1), ("finished", 4),
    ] * 2  # fmt: skip
    calm = open_study(finished)
    assert conclusion.ranking == rank_study(calm, calm.histories())
    records = read_journal(study.journal)
    go_on(retry_failed=True)
    assert read_journal(study.journal) == records, "nothing has failed: nothing is recorded"
