"""Memory of a step: counted, and corrected by what was measured."""

import coatnet
from nas.planning.memory import counted_bytes, step_memory
from nas.planning.shapes import shapes_of
from nas.planning.timing_records import Timed, Timings
from nas.spec.recipe import TrainingSpec
from tests.nas.planning.test_shapes import widths

RECIPE = TrainingSpec(batch_size=32, accumulate=2)


def timings(*peaks: int | None, base: int = 1000, process: int = 0) -> Timings:
    timed = tuple((Timed(epoch=1.0, start=0.0, save=0.0, peak_bytes=peak),) for peak in peaks)
    return Timings(
        device="d",
        memory_bytes=10**9,
        base_bytes=base,
        peak_bytes=process,
        neighbours=0,
        timed=timed,
    )


def test_a_micro_batch_is_counted_in_the_precision_that_is_used():
    trial = widths("C-T", 1)[0]
    cost = coatnet.cost(trial.config)
    assert counted_bytes(trial, RECIPE, gpu=False) == cost.training_bytes(16)
    on_gpu = cost.training_bytes(16, "bfloat16", fused_attention=True)
    assert counted_bytes(trial, RECIPE, gpu=True) == on_gpu


def test_on_cpus_the_largest_and_the_program():
    shapes = shapes_of(widths("C-T", 3))
    largest = counted_bytes(shapes[-1].trial, RECIPE, gpu=False)
    found = step_memory(shapes, shapes[:1], timings(None), RECIPE, gpu=False)
    assert (found.low, found.estimate, found.high) == (largest, 1000 + largest, 1000 + largest)
    seen = timings(None, process=10**8)
    assert step_memory(shapes, shapes[:1], seen, RECIPE, gpu=False).high == 10**8


def test_on_gpus_peaks_correct_the_count():
    shapes = shapes_of(widths("C-T", 3))
    counts = [counted_bytes(shape.trial, RECIPE, gpu=True) for shape in shapes]
    seen = timings(2 * counts[0], 3 * counts[1])
    found = step_memory(shapes, shapes[:2], seen, RECIPE, gpu=True)
    assert found.low == 1000 + 2 * counts[2]
    assert found.high == 1000 + 3 * counts[2]
