"""A study is added to: nothing is trained twice, no score moves, the rest is refused."""

import shutil

import pytest

import nas
from nas.driver.display import Silent
from nas.driver.extension import changed_spec, extend_study
from nas.driver.study import begin_study, resume_study
from nas.errors import DataError, JournalError, SpecError
from nas.execution.inline import InlineExecutor
from nas.reading.study import StudyReader, rank_study
from nas.spec.choices import Metric, Question
from nas.spec.file import load_spec
from nas.study.folder import open_study
from nas.study.journal import FILE, Journal
from nas.study.records import EpochMeasured, SegmentStarted, StudyEnded, StudyExtended, TrialStatus
from tests.nas.conftest import SMALL
from tests.nas.driver.test_study import Pulling, Stop, comparable
from tests.nas.journals import STOPPED, journalled, read_journal


@pytest.fixture
def study(finished, tmp_path):
    shutil.copytree(finished, tmp_path / "s")
    return open_study(tmp_path / "s")


def extend(study, *changes, display=None):
    return extend_study(study, changes, executor=InlineExecutor(), display=display or Silent())


def begun(folder, *overrides):
    return begin_study(
        load_spec(str(SMALL), overrides),
        folder=folder,
        executor=InlineExecutor(),
        display=Silent(),
    )


def numbers(ranking):
    return (ranking.order, ranking.layouts, ranking.relations, ranking.looks, ranking.equal_loss)


# What is refused

REFUSED = {
    "data.train=90": "data.train: cannot be changed afterwards, what is trained saw these images",
    "training.epochs=4": "training.epochs: cannot be changed afterwards, what is trained was",
    "space.head_size=8": "space.head_size: cannot be changed afterwards, candidates were drawn",
    "ranking.metric=accuracy": "ranking.metric: cannot be changed afterwards, it was declared",
    "ranking.alpha=0.01": "ranking.alpha: cannot be changed afterwards, it was declared",
    "search.placebo=C-C": "search.placebo: cannot be changed afterwards, it chose the trials",
    "search.seed=1": "search.seed: cannot be changed afterwards",
    "search.sampler=random": "search.sampler: cannot be changed afterwards",
    "baselines=[]": "baselines: cannot be changed afterwards",
    "fine_tune.data.train=3": "fine_tune.data.train: cannot be changed afterwards",
    "sweep.key=data.train": "sweep.key: cannot be changed afterwards",
    "name=other": "name: cannot be changed afterwards",
    "search.sedes=6": "search.sedes is nothing that can be added to: search.seeds, search.max",
    "search={seeds: 6}": "search is nothing that can be added to",
    "resources={cpus: 2}": "resources is nothing that can be added to",
    "seeds=6": "seeds is nothing that can be added to",
    "search.seeds": "an override is written key.path=value",
    "=6": "this is nothing that can be added to",
    "resources.cpu=2": "resources.cpu: unknown key, did you mean 'cpus'?",
    "search.seeds=many": "search.seeds: must be a whole number, not 'many'",
    "search.seeds=1": "search.seeds: 1 is fewer than the 2 it has",
    "search.max_seeds=1": "search: max_seeds 1 is less than seeds 2",
    "search.candidates=1": "search.candidates: 1 is fewer than the all it has",
    "search.seeds=2": "has search.seeds=2 already; `nas resume",
}


@pytest.mark.parametrize("change", REFUSED)
def test_what_was_trained_or_declared_stays(tmp_path, change):
    study = journalled(tmp_path / "s", STOPPED)
    before = (study.journal / FILE).read_bytes()
    with pytest.raises(SpecError) as refused:
        extend(study, change)
    assert REFUSED[change] in str(refused.value)
    assert "\n" not in str(refused.value)
    assert (study.journal / FILE).read_bytes() == before


def test_a_refusal_names_the_command_that_works(study, tmp_path):
    with pytest.raises(SpecError, match=r"nas search .*/spec\.json training\.epochs=VALUE --study"):
        changed_spec(study, ["training.epochs=4"])


def test_seeds_are_not_taken_back_by_the_other_key(tmp_path):
    spec = load_spec(str(SMALL), ["search.max_seeds=5"])
    study = journalled(tmp_path / "s", STOPPED, spec=spec)
    for change in ("search.max_seeds=4", "search.max_seeds=null"):
        with pytest.raises(SpecError, match=r"search\.max_seeds: \d is fewer than the 5 it has"):
            changed_spec(study, [change])


def test_candidates_grow_where_no_score_moves(tmp_path):
    few = ["search.sampler=random", "search.candidates=2"]
    by_loss = journalled(tmp_path / "l", STOPPED, spec=load_spec(str(SMALL), few))
    with pytest.raises(SpecError, match="would move every score"):
        changed_spec(by_loss, ["search.candidates=3"])
    plain = load_spec(str(SMALL), [*few, "ranking.metric=accuracy"])
    study = journalled(tmp_path / "a", STOPPED, spec=plain)
    assert changed_spec(study, ["search.candidates=3"])[1] == {"search.candidates": 3}
    with pytest.raises(SpecError, match="1 is fewer than the 2 it has"):
        changed_spec(study, ["search.candidates=1"])


def test_what_is_confirmed_depends_on_all_that_was_explored(tmp_path):
    few = ["search.sampler=random", "search.candidates=2", "search.confirm.seeds=3"]
    study = journalled(tmp_path / "s", STOPPED, spec=load_spec(str(SMALL), few))
    for change in ("search.seeds=9", "search.candidates=3"):
        with pytest.raises(SpecError, match="cannot grow: the best of what was explored"):
            changed_spec(study, [change])


def test_candidates_that_are_compared_at_rungs_do_not_grow(tmp_path):
    overrides = ["search.seeds=1", "search.candidates=1", "search.allocation.kind=halving"]
    spec = load_spec(str(SMALL), [*overrides, "ranking.metric=accuracy"])
    halved = journalled(tmp_path / "s", STOPPED, spec=spec)
    with pytest.raises(SpecError, match=r"search.candidates: cannot grow where candidates are"):
        changed_spec(halved, ["search.candidates=2"])


def test_a_running_study_is_refused(study):
    with Journal(study.journal), pytest.raises(JournalError, match="another driver is running"):
        extend(study, "search.seeds=3")


@pytest.mark.slow
def test_other_images_are_noticed(study):
    text = (study.folder / "study.json").read_text()
    (study.folder / "study.json").write_text(text.replace('"split_seed": 0', '"split_seed": 1'))
    before = (study.journal / FILE).read_bytes()
    with pytest.raises(DataError, match="have changed"):
        extend(open_study(study.folder), "search.seeds=3")
    assert (study.journal / FILE).read_bytes() == before


# What is added


@pytest.mark.slow
def test_seeds_are_added_and_nothing_is_trained_twice(study, tmp_path):
    old = read_journal(study.journal)
    scores = {row.trial.id: row for row in study.histories()}
    kept = (study.folder / "study.json").read_bytes()
    conclusion = extend(study, "search.seeds=4")
    new = read_journal(study.journal)
    assert new[: len(old)] == old
    (extension,) = (record for record in new if isinstance(record, StudyExtended))
    assert new[len(old)] == extension
    assert extension.changes == {"search.seeds": 4}
    started = [r.trial_id for r in new[len(old) :] if isinstance(r, SegmentStarted)]
    assert started == ["0005-C-C-s2", "0006-C-T-s2", "0007-C-C-s3", "0008-C-T-s3"]
    assert isinstance(new[-1], StudyEnded)
    assert (study.folder / "study.json").read_bytes() == kept

    whole = begun(tmp_path / "whole", "search.seeds=4", "ranking.alpha=0.025")
    ours = open_study(study.folder).histories()
    theirs = open_study(tmp_path / "whole").histories()
    for a, b in zip(ours, theirs, strict=True):
        assert a.trial == b.trial
        assert [comparable(e) for e in a.epochs] == [comparable(e) for e in b.epochs]
    for history in ours[:4]:
        assert history == scores[history.trial.id]
    accuracy = {
        folder: numbers(StudyReader(open_study(folder)).rank(Metric.ACCURACY))
        for folder in (study.folder, tmp_path / "whole")
    }
    assert accuracy[study.folder] == accuracy[tmp_path / "whole"]
    assert whole.ranking.looks == conclusion.ranking.looks == (4, 4)
    assert conclusion.ranking.spec.alpha == 0.025
    assert any("in at most 7.5 % of studies" in note for note in conclusion.ranking.notes)


@pytest.mark.slow
def test_the_loss_that_scores_are_read_at_does_not_move(study):
    before = rank_study(study, study.histories())
    conclusion = extend(study, "search.seeds=4")
    assert before.equal_loss is not None
    assert conclusion.ranking.equal_loss == before.equal_loss


@pytest.mark.slow
def test_looks_are_added_where_relations_are_open(study, tmp_path):
    """The study that began so, but for the level, gives the same seeds and the same numbers."""
    ours = extend(study, "search.max_seeds=4", "search.until=sharp")
    theirs = begun(
        tmp_path / "w", "search.max_seeds=4", "search.until=sharp", "ranking.alpha=0.025"
    )
    assert numbers(ours.ranking) == numbers(theirs.ranking)
    ids = [
        [history.trial.id for history in open_study(folder).histories()]
        for folder in (study.folder, tmp_path / "w")
    ]
    assert ids[0] == ids[1]
    assert ours.ranking.looks == (2, 4)


@pytest.mark.slow
def test_killed_in_the_middle_it_goes_on_with_the_extension(study, tmp_path):
    shutil.copytree(study.folder, tmp_path / "calm")
    calm = extend(open_study(tmp_path / "calm"), "search.seeds=3")

    def pull(record, state):
        if sum(len(h.epochs) for h in state.histories()) >= 4 * 3 + 2:
            raise Stop

    with pytest.raises(Stop):
        extend(study, "search.seeds=3", display=Pulling(pull))
    hit = open_study(study.folder)
    assert any(h.status is not TrialStatus.FINISHED for h in hit.histories())
    assert StudyReader(hit).headline().startswith("small: interrupted; `nas resume")
    conclusion = resume_study(hit, executor=InlineExecutor(), display=Silent())
    assert conclusion.ranking == calm.ranking
    assert len(open_study(study.folder).extensions) == 1


@pytest.mark.slow
def test_what_an_interrupted_study_lacks_is_run_with_what_is_added(tmp_path):
    def pull(record, state):
        if isinstance(record, EpochMeasured):
            raise Stop

    with pytest.raises(Stop):
        begin_study(
            load_spec(str(SMALL), ["search.seeds=1", "ranking.metric=accuracy"]),
            folder=tmp_path / "s",
            executor=InlineExecutor(),
            display=Pulling(pull),
        )
    conclusion = extend(open_study(tmp_path / "s"), "search.seeds=2")
    assert [layout.seeds for layout in conclusion.ranking.layouts] == [2, 2]
    assert conclusion.ranking.spec.alpha == 0.05, "one seed had claimed nothing"


@pytest.mark.slow
def test_the_question_can_be_changed_and_costs_no_level(study):
    conclusion = extend(study, "ranking.question=winner")
    after = open_study(study.folder)
    assert conclusion.ranking.question is after.spec.ranking.question is Question.WINNER
    assert after.declared == study.declared
    assert rank_study(after, after.histories(), question=Question.ORDER) == rank_study(
        study, study.histories()
    )


def test_it_can_be_extended_again_from_python(study, tmp_path):
    once = nas.extend(study.folder, "search.seeds=3", inline=True)
    twice = nas.extend(str(once.folder), "search.seeds=4", "resources.attempts=1", inline=True)
    assert twice.answer().spec.alpha == 0.0125
    assert len(twice.trials) == 8
    study = open_study(study.folder)
    assert study.declared.together == pytest.approx(0.0875)
    assert study.spec.resources.attempts == 1


@pytest.mark.slow
def test_what_asks_for_no_training_needs_no_cluster(study):
    class NoCluster(InlineExecutor):
        def prepare(self, resources):
            pytest.fail("asked for a cluster")

    extend_study(study, ["resources.cpus=2"], executor=NoCluster(), display=Silent())
    assert open_study(study.folder).state().ended
    assert len(open_study(study.folder).histories()) == 4


@pytest.mark.slow
def test_random_candidates_go_on_in_their_order(tmp_path):
    few = ("search.sampler=random", "search.seeds=1", "ranking.metric=accuracy")
    begun(tmp_path / "s", *few, "search.candidates=1")
    begun(tmp_path / "whole", *few, "search.candidates=2")
    extend(open_study(tmp_path / "s"), "search.candidates=2")
    ours, theirs = (
        [h.trial for h in open_study(tmp_path / name).histories()] for name in ("s", "whole")
    )
    assert ours == theirs


@pytest.mark.mlflow
@pytest.mark.slow
def test_the_run_in_mlflow_goes_on_and_says_what_changed(tmp_path):
    from mlflow import MlflowClient

    begun(tmp_path / "s", "search.seeds=1", "training.epochs=2", "tracking.uri=null")
    conclusion = extend(open_study(tmp_path / "s"), "search.seeds=2")
    assert conclusion.warning == ""
    client = MlflowClient(f"sqlite:///{tmp_path}/s/mlflow.db")
    runs = client.search_runs([conclusion.experiment_id])
    (parent,) = (run for run in runs if run.data.tags["nas.kind"] == "study")
    assert len(runs) == 1 + 4
    assert parent.info.status == "FINISHED"
    assert parent.data.params["search.seeds"] == "1"
    assert parent.data.tags["nas.extended.search.seeds"] == "2"
