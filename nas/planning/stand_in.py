"""What is to be said of a plan that is made on a machine smaller than its trials ask for."""

from collections.abc import Sequence

from nas.planning.memory import counted_bytes
from nas.planning.timing_records import Timings
from nas.planning.words import size
from nas.spec.recipe import TrainingSpec
from nas.spec.study import ResourcesSpec
from nas.study.records import Trial


def stand_in_notes(
    asked: ResourcesSpec,
    lent: ResourcesSpec | None,
    recipe: TrainingSpec,
    candidates: Sequence[Trial],
    timings: Timings,
) -> tuple[str, ...]:
    """Return a sentence for each thing that stood for another.

    Args:
        asked: resources of a trial, as the spec has them.
        lent: what it had instead; None: what it asked for.
        recipe: of its training.
        candidates: one trial of each.
        timings: what was measured.
    """
    notes = []
    if lent is not None:
        notes.append(
            f"a trial asks for {asked.words(asked.asked)}, more than this machine "
            f"has: hours are those of its {lent.cpus:g} CPU and {lent.gpus:g} GPU; `nas plan` with "
            "--address tells those of a cluster"
        )
        if asked.gpus > 0 and lent.gpus == 0:
            counts = [c for t in candidates if (c := counted_bytes(t, recipe, gpu=True))]
            if counts:
                notes.append(
                    f"by count, on a GPU a training step of the largest takes {size(max(counts))}"
                )
    batches = [t.batch for rounds in timings.timed for t in rounds if t.batch is not None]
    if batches:
        ends = (
            f"{min(batches)}"
            if min(batches) == max(batches)
            else (f"{min(batches)} to {max(batches)}")
        )
        notes.append(f"steps of {ends} images were timed, for batches of {recipe.batch_size:,}")
    return tuple(notes)
