"""One pass of steps: pairing across layouts, accumulation, clipping, the odd last batch."""

from collections.abc import Callable

import pytest
import torch

from nas.data.on_device import to_device
from nas.seeds import derive_seed
from nas.spec.recipe import TrainingSpec
from nas.study.records import Trial
from nas.training import steps
from nas.training.augment import Augment
from nas.training.device import Device
from nas.training.optimizer import make_schedule, parameters_of
from nas.training.steps import Run, batch_bounds, take_steps
from nas.training.trial_state import TrialState, start

CPU = torch.device("cpu")
ALONE = Device(torch_device=CPU)


class Setup:
    """A state and a run of 38 tiny images, and what the network was shown."""

    def __init__(self, trial: Trial, data: object, **fields: object) -> None:
        recipe = TrainingSpec(**{"epochs": 4, "batch_size": 8, **fields})
        self.state: TrialState = start(trial, recipe=recipe, data_fingerprint="", device=ALONE)
        on_device = to_device(data, CPU)
        self.run = Run(
            seed=trial.seed,
            recipe=recipe,
            data=on_device,
            augment=Augment(recipe, classes=3),
            schedule=make_schedule(recipe, epochs=4, steps_per_epoch=5),
            device=ALONE,
            precision=torch.float32,
            should_stop=lambda: False,
        )
        self.shown: list[torch.Tensor] = []
        self.state.model.register_forward_pre_hook(
            lambda module, inputs: self.shown.append(inputs[0].detach().clone())
        )
        self.gradients: list[list[torch.Tensor]] = []  # of each step, after clipping
        self.rates: list[float] = []
        self.state.optimizer.register_step_pre_hook(self._note_step)

    def _note_step(self, optimizer: torch.optim.Optimizer, *rest: object) -> None:
        self.gradients.append([p.grad.clone() for p in parameters_of(optimizer)])
        self.rates.append(optimizer.param_groups[-1]["lr"])


@pytest.fixture
def setup(make_trial: Callable, make_data: Callable) -> Callable[..., Setup]:
    def make(layout: str = "C-T", seed: int = 0, count: int = 38, **fields: object) -> Setup:
        return Setup(make_trial(layout, seed=seed), make_data(count), **fields)

    return make


@pytest.mark.parametrize(
    ("count", "size", "expected"),
    [
        (8, 4, [(0, 4), (4, 8)]),
        (10, 4, [(0, 4), (4, 8), (8, 10)]),
        (9, 4, [(0, 4), (4, 8)]),
        (3, 8, [(0, 3)]),
        (1, 8, [(0, 1)]),
        (3, 1, [(0, 1), (1, 2), (2, 3)]),
    ],
)
def test_batch_bounds(count: int, size: int, expected: list[tuple[int, int]]) -> None:
    assert batch_bounds(count, size) == expected


def test_every_image_once_an_epoch_in_an_order_of_its_own(setup: Callable[..., Setup]) -> None:
    made = setup()
    for epoch in (1, 2):
        take_steps(made.state, made.run, epoch)
    assert [len(batch) for batch in made.shown] == [8, 8, 8, 8, 6] * 2
    first, second = torch.cat(made.shown[:5]), torch.cat(made.shown[5:])
    assert not torch.equal(first, second)
    everything = made.run.data.normalize(made.run.data.train.images)
    for seen in (first, second):
        sums = seen.sum((1, 2, 3)).sort().values
        torch.testing.assert_close(sums, everything.sum((1, 2, 3)).sort().values)


def test_all_layouts_of_a_seed_see_the_same_images(setup: Callable[..., Setup]) -> None:
    options = {"flip": True, "crop_padding": 1, "mixup": 0.5, "drop_path": 0.5}
    one, other, reseeded = (
        setup("C-T", **options),
        setup("T-T", **options),
        setup(seed=1, **options),
    )
    for made in (one, other, reseeded):
        take_steps(made.state, made.run, 1)
    for left, right in zip(one.shown, other.shown, strict=True):
        assert torch.equal(left, right)
    assert not torch.equal(one.shown[0], reseeded.shown[0])


def test_every_step_augments_with_a_seed_of_its_own(setup: Callable[..., Setup]) -> None:
    made = setup(mixup=0.5)
    seeds: list[int] = []
    real = made.run.augment

    def augment(*batch: torch.Tensor, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
        seeds.append(seed)
        return real(*batch, seed=seed)

    object.__setattr__(made.run, "augment", augment)
    for epoch in (1, 2):
        take_steps(made.state, made.run, epoch)
    assert len(set(seeds)) == 10
    assert seeds[7] == derive_seed(0, "augment", 2, 2)


def test_sums(setup: Callable[..., Setup]) -> None:
    made = setup()
    sums = take_steps(made.state, made.run, 1)
    assert (sums.steps, sums.images) == (5, 38)
    assert (made.state.step, made.state.samples) == (5, 38)
    assert sums.learning_rate == made.run.schedule(4)
    assert 0.5 < sums.loss / 38 < 2.5


@pytest.mark.parametrize(("accumulate", "count"), [(2, 38), (4, 38), (2, 5)])
def test_accumulated_steps_equal_whole_ones(
    setup: Callable[..., Setup], accumulate: int, count: int
) -> None:
    """Without batch normalization: its statistics are of a micro-batch by nature.

    Five images are split into three and two, which weigh differently.
    """
    whole, parts = setup("T-T", count=count), setup("T-T", count=count, accumulate=accumulate)
    for made in (whole, parts):
        for module in made.state.model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.eval()
                module.train = lambda mode=True, module=module: module  # stays in evaluation
    sums = [take_steps(made.state, made.run, 1) for made in (whole, parts)]
    assert max(len(batch) for batch in parts.shown) <= 8 // accumulate
    assert sums[1].loss == pytest.approx(sums[0].loss, rel=1e-4)
    first, second = whole.gradients[0], parts.gradients[0]
    for one, other in zip(first, second, strict=True):  # Adam would blow up what is mere rounding
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_no_part_exceeds_its_share_and_none_is_of_one_image(setup: Callable[..., Setup]) -> None:
    """Its 6 images are split into 3 parts, the others' 8 into 4."""
    made = setup("T-T", accumulate=4)
    take_steps(made.state, made.run, 1)
    assert [len(batch) for batch in made.shown] == [2] * 4 * 4 + [2] * 3
    made = setup("T-T", accumulate=2)
    take_steps(made.state, made.run, 1)
    assert [len(batch) for batch in made.shown] == [4] * 2 * 4 + [3, 3]


def test_gradient_is_clipped_by_its_global_norm(setup: Callable[..., Setup]) -> None:
    made = setup(clip_norm=0.01)
    sums = take_steps(made.state, made.run, 1)
    norms = [float(torch.nn.utils.get_total_norm(gradients)) for gradients in made.gradients]
    assert norms == pytest.approx([0.01] * 5, rel=1e-3)
    assert sums.gradient_norm / 5 > 0.1  # recorded as it was


@pytest.mark.parametrize("clip_norm", [None, 1e6])
def test_gradient_below_the_limit_is_left_alone(
    setup: Callable[..., Setup], clip_norm: float | None
) -> None:
    made = setup(clip_norm=clip_norm)
    sums = take_steps(made.state, made.run, 1)
    norms = [float(torch.nn.utils.get_total_norm(gradients)) for gradients in made.gradients]
    assert sum(norms) == pytest.approx(sums.gradient_norm, rel=1e-5)


def test_learning_rate_is_set_at_every_step(setup: Callable[..., Setup]) -> None:
    made = setup()
    take_steps(made.state, made.run, 1)
    assert made.rates == [made.run.schedule(step) for step in range(5)]


def test_label_smoothing_and_mixup_raise_the_loss(setup: Callable[..., Setup]) -> None:
    losses = []
    for fields in ({}, {"label_smoothing": 0.5}, {"mixup": 5.0}):
        made = setup(learning_rate=0.02, **fields)
        for epoch in range(1, 7):
            sums = take_steps(made.state, made.run, epoch)
        losses.append(sums.loss / sums.images)
    assert losses[0] < min(losses[1:])


def test_drop_path_draws_from_the_stream_of_its_epoch(
    setup: Callable[..., Setup], monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds: list[int] = []
    real = torch.manual_seed
    monkeypatch.setattr(torch, "manual_seed", lambda seed: (seeds.append(seed), real(seed))[1])
    made = setup(drop_path=0.5)
    take_steps(made.state, made.run, 3)
    assert seeds == [derive_seed(0, "noise", 3)]


def test_stop_is_asked_before_each_step(setup: Callable[..., Setup]) -> None:
    made = setup()
    answers = iter([False, False, True])
    object.__setattr__(made.run, "should_stop", lambda: next(answers))
    with pytest.raises(steps.StoppedError):
        take_steps(made.state, made.run, 1)
    assert made.state.step == 2
