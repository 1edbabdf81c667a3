"""Segments: resumed bit by bit, reported once, stopped by what is not finite."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from nas.data.load import load
from nas.data.on_device import to_device
from nas.errors import CheckpointError, DataError
from nas.networks.registry import family_of
from nas.spec.recipe import TrainingSpec
from nas.spec.study import DataSpec
from nas.study.correct import correct_images
from nas.study.records import EpochMeasured, Outcome, Segment, brief_label, twin_label
from nas.training import checkpoint, loop, steps, trial_state
from nas.training.batch_statistics import estimate_statistics
from nas.training.loop import train_segment
from nas.training.metrics import Measurement, evaluate
from nas.training.task import Task
from nas.training.trial_state import TrialState
from tests.nas.tiny import CPU, make_trial

NOISY = {
    "drop_path": 0.4,
    "mixup": 0.5,
    "flip": True,
    "crop_padding": 1,
    "ema_decay": 0.99,
    "label_smoothing": 0.1,
}


class CrashError(Exception):
    """The worker dies here."""


def numbers(epoch: EpochMeasured) -> EpochMeasured:
    """Without what may differ between two runs."""
    return replace(epoch, at=0.0, seconds=0.0, attempt=1)


def assert_images_add_up(epochs: list[EpochMeasured], *, images: int = 12) -> None:
    """A contradiction of bits and accuracies raises."""
    for epoch in epochs:
        assert correct_images(epoch, images=images) is not None
        averaged = correct_images(epoch, images=images, averaged=True)
        assert (averaged is None) is (epoch.ema_evaluation_accuracy is None)


def assert_same_end(one: checkpoint.Checkpoint | None, other: checkpoint.Checkpoint | None) -> None:
    assert one is not None
    assert other is not None
    assert one.tensors.keys() == other.tensors.keys()
    assert {name.split(".")[0] for name in one.tensors} == {"model", "optimizer", "average"}
    for name, tensor in one.tensors.items():
        assert torch.equal(tensor, other.tensors[name]), name
    assert [*map(numbers, one.history)] == [*map(numbers, other.history)]


@pytest.fixture
def states(monkeypatch: pytest.MonkeyPatch) -> list[TrialState]:
    """Every state that a segment builds."""
    made: list[TrialState] = []
    real = trial_state.start

    def start(*args: object, **kwargs: object) -> TrialState:
        made.append(real(*args, **kwargs))
        return made[-1]

    monkeypatch.setattr(trial_state, "start", start)
    return made


def test_a_whole_segment(training: Callable) -> None:
    made = training(ema_decay=0.9)
    ended = made.run(4)
    assert (ended.outcome, ended.attempt) == (Outcome.FINISHED, 1)
    assert [epoch.epoch for epoch in made.reported] == [1, 2, 3, 4]
    assert [epoch.step for epoch in made.reported] == [5, 10, 15, 20]
    assert [epoch.samples for epoch in made.reported] == [38, 76, 114, 152]
    assert made.reported[-1].learning_rate == pytest.approx(1e-5)
    seconds = [epoch.seconds for epoch in made.reported]
    assert seconds == sorted(seconds)
    assert all(epoch.ema_evaluation_accuracy is not None for epoch in made.reported)
    errors = [(epoch.probe_loss_error, epoch.evaluation_loss_error) for epoch in made.reported]
    assert all(probe and evaluation and probe != evaluation for probe, evaluation in errors)
    assert_images_add_up(made.reported)


def test_the_average_lags_behind_the_weights(training: Callable) -> None:
    made = training(ema_decay=0.9)
    made.run(4)
    saved = checkpoint.newest(made.folder)
    assert saved is not None
    assert saved.tensors["average.n_averaged"] == 20
    name = "head.inner.weight"
    weights, average = saved.tensors[f"model.{name}"], saved.tensors[f"average.module.{name}"]
    assert 0 < (weights - average).abs().max() < 0.1


def test_resumed_equals_straight_bit_by_bit(training: Callable) -> None:
    straight, resumed = training("straight", **NOISY), training("resumed", **NOISY)
    straight.run(4)
    resumed.run(2)
    torch.manual_seed(99)  # nothing may hang on what the process did in between
    resumed.run(4)
    assert_same_end(checkpoint.newest(straight.folder), checkpoint.newest(resumed.folder))
    assert [*map(numbers, straight.reported)] == [*map(numbers, resumed.reported)]
    assert resumed.reported[2].seconds > resumed.reported[1].seconds


@pytest.mark.parametrize("at", [0, 3, 5, 8, 12, 19, 25, 35])  # in training and in measuring
def test_stopped_anywhere_and_resumed_equals_straight(training: Callable, at: int) -> None:
    straight, stopped = training("straight", **NOISY), training("stopped", **NOISY)
    asked: list[None] = []
    straight.run(4, should_stop=lambda: asked.append(None) is not None)
    each = len(asked) // 4
    assert each > 5  # the steps of an epoch, and what is measured after it
    questions = iter(range(100))
    ended = stopped.run(4, should_stop=lambda: next(questions) == at)
    assert ended.outcome is Outcome.INTERRUPTED
    assert at // each == len(stopped.reported)
    assert stopped.run(4).outcome is Outcome.FINISHED
    assert_same_end(checkpoint.newest(straight.folder), checkpoint.newest(stopped.folder))
    assert [*map(numbers, straight.reported)] == [*map(numbers, stopped.reported)]


@pytest.mark.parametrize("at", [1, 4, 12, 24])  # in training: of the first epoch, of later ones
def test_in_the_midst_of_an_epoch_training_goes_on_where_it_was_saved(
    training: Callable, at: int
) -> None:
    saving = {**NOISY, "checkpoint_minutes": 1e-9}
    straight, stopped = training("straight", **NOISY), training("stopped", **saving)
    straight.run(4)
    questions = iter(range(100))
    assert stopped.run(4, should_stop=lambda: next(questions) == at).outcome is Outcome.INTERRUPTED
    begun = checkpoint.newest(stopped.folder)
    assert begun is not None
    assert begun.under_way is not None
    done = begun.epoch * 5 + begun.under_way.sums.steps
    steps_left: list[float] = []
    torch.manual_seed(99)
    real = torch.optim.AdamW.step
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            torch.optim.AdamW, "step", lambda *given: (steps_left.append(1.0), real(*given))
        )
        assert stopped.run(4).outcome is Outcome.FINISHED
    assert len(steps_left) == 20 - done
    assert_same_end(checkpoint.newest(straight.folder), checkpoint.newest(stopped.folder))
    assert [*map(numbers, straight.reported)] == [*map(numbers, stopped.reported)]


def test_what_is_saved_in_the_midst_never_takes_the_place_of_what_was_measured(
    training: Callable, caplog: pytest.LogCaptureFixture
) -> None:
    straight = training("straight", **NOISY)
    stopped = training("stopped", **NOISY, checkpoint_minutes=1e-9)
    straight.run(4)
    stopped.run(2)
    questions = iter(range(100))
    stopped.run(4, should_stop=lambda: next(questions) == 4)
    names = sorted(path.name for path in stopped.folder.iterdir())
    assert names == [
        "epoch-0002-a1.json",
        "epoch-0002-a1.safetensors",
        "epoch-0002-step-000004-a2.json",
        "epoch-0002-step-000004-a2.safetensors",
        "manifest.json",
    ]
    measured = checkpoint.newest(stopped.folder, measured=True)
    assert measured is not None
    assert (measured.epoch, measured.under_way) == (2, None)
    (stopped.folder / names[3]).write_bytes(b"damaged")
    stopped.run(4)
    assert "damaged and left out" in caplog.text
    assert_same_end(checkpoint.newest(straight.folder), checkpoint.newest(stopped.folder))


def test_noise_of_another_kind_of_device_is_drawn_anew(training: Callable) -> None:
    made = training(**NOISY, checkpoint_minutes=1e-9)
    questions = iter(range(100))
    made.run(1, should_stop=lambda: next(questions) == 3)
    saved = checkpoint.newest(made.folder)
    assert saved is not None
    assert saved.under_way is not None
    elsewhere = replace(saved.under_way, noise=torch.zeros(16, dtype=torch.uint8))  # as CUDA's
    checkpoint.save(made.folder, replace(saved, under_way=elsewhere), attempt=1)
    assert made.run(1).outcome is Outcome.REACHED
    assert [epoch.samples for epoch in made.reported] == [38]


@pytest.mark.parametrize("train", [None, 20])  # without end; epochs of more than a pass
@pytest.mark.parametrize("at_step", [0, 3, 8, 15])
def test_epochs_of_so_many_images_resume_too(
    training: Callable, make_trial: Callable, train: int | None, at_step: int
) -> None:
    spec = DataSpec(
        source="procedural", image_size=16, channels=1, train=train, probe=9, evaluation=12
    )
    made = [
        training(name, trial=make_trial(image_size=16, classes=12), epoch_images=33, **NOISY)
        for name in ("straight", "stopped")
    ]
    for each in made:
        each.data = load(spec)
    straight, stopped = made
    straight.run(4)
    asked = iter(range(100))
    stopped.run(4, should_stop=lambda: next(asked) == at_step)
    stopped.run(4)
    assert_same_end(checkpoint.newest(straight.folder), checkpoint.newest(stopped.folder))
    assert [*map(numbers, straight.reported)] == [*map(numbers, stopped.reported)]
    # 33 images are 4 batches of 8, the last image being left out
    assert [epoch.samples for epoch in straight.reported] == [32, 64, 96, 128]
    assert [epoch.step for epoch in straight.reported] == [4, 8, 12, 16]
    assert straight.reported[-1].learning_rate == pytest.approx(1e-5)
    assert_images_add_up(straight.reported)


def test_as_many_images_as_there_are_is_no_other_training(training: Callable) -> None:
    plain, said = training("plain", **NOISY), training("said", epoch_images=38, **NOISY)
    plain.run(3)
    said.run(3)
    assert [*map(numbers, plain.reported)] == [*map(numbers, said.reported)]


def test_crash_between_checkpoint_and_report_loses_and_doubles_nothing(training: Callable) -> None:
    made = training()

    def dying(measured: EpochMeasured) -> None:
        if measured.epoch == 2:
            raise CrashError
        made.reported.append(measured)

    with pytest.raises(CrashError):
        made.run(4, report=dying)
    found = checkpoint.newest(made.folder)
    assert found is not None
    assert found.epoch == 2  # checkpointed before it was reported
    made.run(4)
    assert [epoch.epoch for epoch in made.reported] == [1, 2, 3, 4]
    assert [epoch.attempt for epoch in made.reported] == [1, 2, 2, 2]
    assert numbers(made.reported[1]) == numbers(found.history[1])


def test_segments_may_end_before_the_training_does(training: Callable) -> None:
    straight, rungs = training("straight"), training("rungs")
    straight.run(4)
    outcomes = [rungs.run(until).outcome for until in (1, 3, 4)]
    assert outcomes == [Outcome.REACHED, Outcome.REACHED, Outcome.FINISHED]
    assert [*map(numbers, straight.reported)] == [*map(numbers, rungs.reported)]


def test_finished_twice_is_finished_once(training: Callable) -> None:
    made = training()
    made.run(4)
    assert made.run(4).outcome is Outcome.FINISHED
    assert len(made.reported) == 4


def test_lost_checkpoints_are_made_good_in_silence(
    training: Callable, caplog: pytest.LogCaptureFixture
) -> None:
    straight, made = training("straight", **NOISY), training("made", **NOISY)
    straight.run(4)
    made.run(3)
    for path in made.folder.glob("*.safetensors"):
        path.write_bytes(b"damaged")
    made.run(4)
    assert "training starts over" in caplog.text
    assert [epoch.epoch for epoch in made.reported] == [1, 2, 3, 4]
    assert_same_end(checkpoint.newest(straight.folder), checkpoint.newest(made.folder))


def test_one_damaged_checkpoint_costs_one_epoch(
    training: Callable, states: list[TrialState], caplog: pytest.LogCaptureFixture
) -> None:
    straight, made = training("straight", **NOISY), training("made", **NOISY)
    straight.run(4)
    made.run(3)
    path = made.folder / "epoch-0003-a1.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    made.run(4)
    assert [epoch.epoch for epoch in made.reported] == [1, 2, 3, 4]
    assert [epoch.attempt for epoch in states[-1].history] == [1, 1, 2, 2]
    assert "damaged" in caplog.text
    assert_same_end(checkpoint.newest(straight.folder), checkpoint.newest(made.folder))


def test_checkpoints_are_as_far_apart_as_asked(training: Callable) -> None:
    made = training(checkpoint_every=3, epochs=5)
    at_report: list[int] = []

    def note(measured: EpochMeasured) -> None:
        found = checkpoint.newest(made.folder)
        at_report.append(0 if found is None else found.epoch)
        made.reported.append(measured)

    made.run(5, report=note)
    assert at_report == [0, 0, 3, 3, 5]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("where", ["loss", "gradient norm"])
def test_divergence_is_an_outcome_and_its_step_is_not_taken(
    training: Callable,
    states: list[TrialState],
    monkeypatch: pytest.MonkeyPatch,
    where: str,
    bad: float,
) -> None:
    reference, made = training("reference"), training("made")
    reference.run(4, should_stop=lambda: states[0].step == 7)
    real, calls = steps._accumulate_gradients, iter(range(100))

    def poisoned(state: TrialState, *rest: object) -> tuple[float, float]:
        poison = next(calls) == 7
        handle = None
        if poison and where == "loss":
            head = state.model.head
            handle = head.register_forward_hook(lambda module, inputs, output: output * bad)
        elif poison:
            parameter = next(state.model.parameters())
            handle = parameter.register_hook(lambda gradient: torch.full_like(gradient, bad))
        try:
            return real(state, *rest)
        finally:
            if handle is not None:
                handle.remove()

    monkeypatch.setattr(steps, "_accumulate_gradients", poisoned)
    ended = made.run(4)
    assert ended.outcome is Outcome.DIVERGED
    assert len(made.reported) == 1
    assert ended.message.startswith(f"epoch 2, step 8: the {where} is ")
    for one, other in zip(states[0].model.parameters(), states[1].model.parameters(), strict=True):
        assert torch.equal(one, other)
    assert states[1].step == 7


@pytest.mark.parametrize("name", ["probe", "evaluation"])
def test_a_measurement_that_is_not_finite_is_a_divergence(
    training: Callable, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    real = loop.evaluate
    size = {"probe": 19, "evaluation": 12}[name]

    def evaluate(model: object, data: object, **rest: object) -> Measurement:
        found = real(model, data, **rest)
        return replace(found, loss=math.nan) if len(data) == size else found

    monkeypatch.setattr(loop, "evaluate", evaluate)
    made = training()
    ended = made.run(4)
    assert ended.outcome is Outcome.DIVERGED
    assert ended.message == f"epoch 1: the {name} loss is nan"
    assert not made.reported
    assert checkpoint.newest(made.folder) is None


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate"),
        MemoryError(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_lack_of_memory_is_one_line(
    training: Callable, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def full(*args: object) -> None:
        raise error

    made = training()
    made.run(1)
    monkeypatch.setattr(steps, "_accumulate_gradients", full)
    ended = made.run(4)
    assert ended.outcome is Outcome.FAILED
    assert ended.message == "out of memory on cpu: lower batch_size or raise accumulate"


def test_other_errors_propagate(training: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(steps, "_accumulate_gradients", broken)
    with pytest.raises(RuntimeError, match="a defect"):
        training().run(4)


def test_nothing_leaks_from_a_segment(training: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.get_num_threads()
    inside: list[int] = []
    real = steps._accumulate_gradients

    def look(*args: object) -> tuple[float, float]:
        inside.append(torch.get_num_threads())
        assert torch.is_grad_enabled()
        return real(*args)

    monkeypatch.setattr(steps, "_accumulate_gradients", look)
    torch.set_num_threads(2)
    try:
        torch.manual_seed(4)
        state = torch.random.get_rng_state()
        with torch.no_grad():
            training(**NOISY).run(1)
        assert torch.equal(torch.random.get_rng_state(), state)
        assert torch.get_num_threads() == 2
        assert set(inside) == {1}
    finally:
        torch.set_num_threads(before)


def test_checkpoints_of_another_training_are_refused(training: Callable) -> None:
    training("one").run(1)
    other = training("one", learning_rate=0.01)
    with pytest.raises(CheckpointError, match="another network, seed, recipe or data"):
        other.run(2)


def test_images_must_fit_the_network(training: Callable, make_trial: Callable) -> None:
    made = training(trial=make_trial(classes=4))
    with pytest.raises(DataError, match=r"takes .* \(8, 1, 4\), the images are \(8, 1, 3\)"):
        made.run(1)


def test_checkpointed_activations_change_no_result(training: Callable) -> None:
    plain = training("plain", drop_path=0.3)
    plain.run(4)
    checkpointed = training("checkpointed", drop_path=0.3, checkpoint_activations=True)
    checkpointed.run(4)
    for one, other in zip(plain.reported, checkpointed.reported, strict=True):
        for name in ("train_loss", "probe_loss", "evaluation_loss", "gradient_norm"):
            assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-5), name


def test_bf16_trains_too(training: Callable) -> None:
    low, full = training("low", precision="bf16"), training("full")
    low.run(2)
    full.run(2)
    assert low.reported[0].train_loss != full.reported[0].train_loss
    assert low.reported[1].train_loss == pytest.approx(full.reported[1].train_loss, rel=0.1)
    assert_images_add_up(low.reported)


@pytest.mark.parametrize("averaged", [False, True])
def test_the_images_recorded_are_those_that_the_saved_network_is_right_about(
    training: Callable, averaged: bool
) -> None:
    made = training(ema_decay=0.9)
    made.run(4)
    model = trial_state.load_weights(made.folder, made.trial.config, ema=averaged)
    data = to_device(made.data, torch.device("cpu"))
    ((images, labels),) = data.evaluation.batches([torch.arange(12)])
    with torch.inference_mode():
        right = model(data.normalize(images)).argmax(dim=1) == labels
    found = correct_images(made.reported[-1], images=12, averaged=averaged)
    assert found is not None
    assert found.tolist() == right.tolist()
    assert 0 < found.sum() < 12
    saved = checkpoint.newest(made.folder)
    assert saved is not None
    assert saved.history[-1] == made.reported[-1]


@pytest.mark.slow
def test_it_learns(tmp_path: object, make_trial: Callable, make_config: Callable) -> None:
    data = load(DataSpec(image_size=8))
    trial = replace(make_trial("C-T", epochs=5), config=make_config("C-T", classes=10))
    reported: list[EpochMeasured] = []
    train_segment(
        Segment(trial=trial, attempt=1, acknowledged=0, until_epoch=5),
        task=Task(data=data, recipe=TrainingSpec(epochs=5, batch_size=32, learning_rate=5e-3)),
        folder=tmp_path,
        device=CPU,
        report=reported.append,
    )
    assert reported[-1].evaluation_accuracy > 0.6
    assert reported[-1].probe_loss < reported[0].probe_loss
    assert reported[-1].train_loss < reported[0].train_loss


def test_what_is_measured_is_with_statistics_of_the_weights_as_they_are(
    training: Callable,
) -> None:
    """Those of the checkpoint are of the probe, which the momentum of training never gives."""
    made = training(ema_decay=0.9)
    made.run(4)
    saved = checkpoint.newest(made.folder)
    assert saved is not None
    data = to_device(made.data, torch.device("cpu"))
    for part, loss in (("model.", "probe_loss"), ("average.module.", "ema_probe_loss")):
        network = family_of(made.trial.config).build(made.trial.config, seed=0)
        weights = {
            name.removeprefix(part): tensor
            for name, tensor in saved.tensors.items()
            if name.startswith(part)
        }
        network.load_state_dict(weights)
        before = {name: buffer.clone() for name, buffer in network.named_buffers()}
        estimate_statistics(network, data.probe, normalize=data.normalize)
        for name, buffer in network.named_buffers():
            torch.testing.assert_close(buffer, before[name])
        measured = evaluate(network.eval(), data.probe, normalize=data.normalize)
        assert getattr(made.reported[-1], loss) == pytest.approx(measured.loss, rel=1e-5)


def test_a_brief_twin_begins_as_what_it_copies_and_a_twin_elsewhere() -> None:
    def state_of(label: str, *, twin: bool, epochs: int) -> TrialState:
        trial = replace(make_trial(epochs=epochs), label=label, twin=twin)
        return trial_state.start(
            trial,
            recipe=TrainingSpec(),
            data_fingerprint="x",
            device=CPU,
        )

    original = state_of("C-T", twin=False, epochs=4)
    brief = state_of(brief_label("C-T"), twin=True, epochs=2)
    twin = state_of(twin_label("C-T"), twin=True, epochs=4)
    weights = [list(each.model.parameters()) for each in (original, brief, twin)]
    assert all(torch.equal(a, b) for a, b in zip(weights[0], weights[1], strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(weights[0], weights[2], strict=True))
    assert len({original.identity, brief.identity, twin.identity}) == 3
