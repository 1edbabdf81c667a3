"""`nas latency` and `nas space latency`: how long networks, or parts of them, take for images."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nas.cli.formats import LocalPath, format_option
from nas.errors import SpecError

if TYPE_CHECKING:
    from nas.reading.study import StudyReader
    from nas.study.latency import Measurement

_BUSY = 0.5  # of a core, by the system's own average over a minute


@click.command()
@click.argument("study")
@click.option(
    "--device", type=click.Choice(["cpu", "gpu"]), help="Where; else where its trials trained."
)
@click.option("--threads", type=click.IntRange(1, 1024), help="On CPUs; else as its trials have.")
@click.option(
    "--batch",
    type=click.IntRange(1, 65_536),
    default=1,
    show_default=True,
    help="Images of a forward pass.",
)
@click.option(
    "--repeats",
    type=click.IntRange(6, 10_000),
    default=21,
    show_default=True,
    help="Turns of each candidate.",
)
@click.option("--recorded", is_flag=True, help="Show what was measured before; measure nothing.")
@format_option
def latency(study: str, output: str, recorded: bool, **options: Any) -> None:
    """Measure how long each candidate of STUDY takes for an image, on this machine.

    Networks are built from their descriptions; they take turns, so that whatever slows the machine
    slows all. What came out is kept in the study. Let the machine do nothing else.
    """
    from nas.cli.listing import print_frame
    from nas.reading.target import open_target
    from nas.tables.latency import latency_frame

    one = open_target(study).only_study("latency")
    found = _recorded(one, options["batch"]) if recorded else _measured(one, **options)
    frame = latency_frame(found, [history.trial for history in one.histories])
    print_frame(frame.drop(columns=["batch", "device"]) if output == "table" else frame, output)
    if output == "table":
        click.echo(f"\n{found.words()}")
    _say_busy(found.load)


@click.command(name="latency")
@click.argument("spec")
@click.argument("overrides", nargs=-1, metavar="[KEY.PATH=VALUE]...")
@click.option(
    "--to",
    type=LocalPath(dir_okay=False),
    required=True,
    help="The file to write, which `space.latency` of the spec then names.",
)
@click.option("--gpu", is_flag=True, help="On the GPU; else on the CPU.")
@click.option("--threads", type=click.IntRange(1, 1024), help="On CPUs; else as trials have.")
@click.option(
    "--repeats",
    type=click.IntRange(6, 10_000),
    default=21,
    show_default=True,
    help="Timed passes of every part.",
)
def block_times(
    spec: str, overrides: tuple[str, ...], to: Path, gpu: bool, threads: int | None, repeats: int
) -> None:
    """Measure every part that networks of the space have, for limits of latency.

    A network's latency is then the sum over its parts; how far such sums are from whole networks is
    measured too, and printed. Let the machine do nothing else.
    """
    from nas.data.load import peek
    from nas.planning.block_times import measure_block_times
    from nas.space.candidate import sized_space
    from nas.spec.file import load_spec, located
    from nas.study.storage import write_json
    from nas.training.device import Device

    # The table is not there yet, or is to be measured anew.
    none = ("space.latency=null", "space.budget.latency=null", "search.objectives=[]")
    given = (*overrides, *none)
    loaded = load_spec(spec, given)
    resources = loaded.resources.model_copy(
        update={"gpus": float(gpu), "threads": threads or loaded.resources.threads}
    )
    with located(spec, given):
        shape = peek(loaded.data)
        found = measure_block_times(
            sized_space(loaded, shape)[0],
            shape,
            Device.of(resources),
            turns=repeats,
            say=lambda what: click.echo(f"measuring {what}", err=True),
        )
    try:
        write_json(to, found.values)
    except OSError as error:
        raise SpecError(f"{to}: cannot be written: {error.strerror}", key="--to") from error
    _say_busy(found.values["load"])
    click.echo(f"{to}: {found.words()}")


def _say_busy(load: float) -> None:
    if load > _BUSY:
        click.echo(
            f"note: the machine was busy, a load of {load:.1f}: measure again when it is not",
            err=True,
        )


def _recorded(one: "StudyReader", batch: int) -> "Measurement":
    from nas.reading.latency import newest

    return newest(one.study, batch=batch)


def _measured(
    one: "StudyReader", *, device: str | None, threads: int | None, batch: int, repeats: int
) -> "Measurement":
    from nas.driver.latency import measure_study

    return measure_study(
        one.study,
        [history.trial for history in one.histories],
        gpu=None if device is None else device == "gpu",
        threads=threads,
        batch=batch,
        turns=repeats,
        say=lambda what: click.echo(f"measuring {what}", err=True),
    )
