"""Which image comes when: passes, parts of passes, and data without end."""

from itertools import chain

import pytest
import torch

from nas.seeds import derive_seed
from nas.spec.recipe import TrainingSpec
from nas.training.order import epoch_order, images_of_epoch


def shuffled(count: int, *, seed: int, number: int) -> list[int]:
    generator = torch.Generator().manual_seed(derive_seed(seed, "order", number))
    return torch.randperm(count, generator=generator).tolist()


@pytest.mark.parametrize("epoch", [1, 2, 7])
def test_an_epoch_that_is_a_pass_has_the_order_of_its_number(epoch: int) -> None:
    order = epoch_order(3, epoch, count=10, drawn=10)
    assert order.tolist() == shuffled(10, seed=3, number=epoch)


def test_the_order_of_a_pass_is_pinned() -> None:
    """Change it knowingly: trainings of earlier versions will not resume."""
    assert epoch_order(0, 1, count=10, drawn=10).tolist() == [3, 7, 8, 5, 1, 9, 6, 0, 2, 4]


@pytest.mark.parametrize("drawn", [1, 3, 4, 10, 13, 20, 27])
def test_epochs_cut_the_passes_into_pieces(drawn: int) -> None:
    epochs = [epoch_order(0, epoch, count=10, drawn=drawn).tolist() for epoch in range(1, 21)]
    assert {len(epoch) for epoch in epochs} == {drawn}
    passes = [shuffled(10, seed=0, number=number) for number in range(1, 2 * drawn + 1)]
    assert [*chain(*epochs)] == [*chain(*passes)]


def test_without_end_all_seeds_draw_the_same_images_in_orders_of_their_own() -> None:
    orders = {
        (seed, epoch): epoch_order(seed, epoch, count=None, drawn=50)
        for seed in (0, 1)
        for epoch in (1, 2, 3)
    }
    for (_, epoch), order in orders.items():
        assert sorted(order.tolist()) == list(range(50 * (epoch - 1), 50 * epoch))
    assert not torch.equal(orders[0, 2], orders[1, 2])
    assert not torch.equal(orders[0, 2] - 50, orders[0, 1])


@pytest.mark.parametrize(
    ("count", "asked", "expected"), [(10, None, 10), (10, 4, 4), (10, 25, 25), (None, 7, 7)]
)
def test_images_of_an_epoch(count: int | None, asked: int | None, expected: int) -> None:
    assert images_of_epoch(count, TrainingSpec(epoch_images=asked)) == expected
