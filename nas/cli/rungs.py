"""`nas rungs` and `nas replay`: what early stopping did, and what another one would have done."""

import click

from nas.cli.formats import format_option

_SAMPLERS = ("random", "grid")


@click.command()
@click.argument("study")
@format_option
def rungs(study: str, output: str) -> None:
    """Show the rungs of STUDY: who went on, how well each told the end, false kills."""
    from nas.cli.formats import print_json
    from nas.cli.listing import print_frame
    from nas.reading.rungs import only_rungs
    from nas.reading.target import open_target
    from nas.tables.listings import rungs_frame

    one = open_target(study).only_study("rungs")
    report = only_rungs(one.study, one.histories)
    if output == "json":
        print_json(report.to_json())
        return
    print_frame(rungs_frame(report), output)
    if output == "table":
        click.echo(f"\n{report.sentence}")


@click.command()
@click.argument("study")
@click.option(
    "--allocation",
    "allocations",
    multiple=True,
    metavar="KIND[:KEY=VALUE,...]",
    help="As search.allocation, or with a budget: full:budget=0.2. May be given again and again; "
    "without, those of docs/search.md.",
)
@click.option(
    "--sampler",
    type=click.Choice(_SAMPLERS),
    default=_SAMPLERS[0],
    show_default=True,
    help="Candidates in a random order, or in that of STUDY.",
)
@click.option("--budget", metavar="SHARE", help="End at this share of the full grid's epochs.")
@click.option(
    "--replays",
    type=click.IntRange(1, 100_000),
    default=300,
    show_default=True,
    help="Searches to run for each allocation.",
)
@click.option(
    "--candidates",
    type=click.IntRange(1),
    metavar="N",
    help="Draw N candidates for each replay, so that it is another search space; default all.",
)
@format_option
def replay(
    study: str,
    allocations: tuple[str, ...],
    sampler: str,
    budget: str | None,
    replays: int,
    candidates: int | None,
    output: str,
) -> None:
    """Run searches over the recorded curves of STUDY, which trained everything in full.

    Says for each allocation what share of the epochs it takes, how far what it finds is from the
    best candidate, and how often it stops that one. Nothing is trained, nothing is written.
    """
    from nas.cli.formats import print_json
    from nas.cli.listing import print_frame
    from nas.reading.replay_table import (
        default_settings,
        outcomes_json,
        outcomes_rows,
        recording_of,
        replayed,
        setting,
        share_of,
    )
    from nas.reading.rungs import study_objective
    from nas.reading.target import open_target
    from nas.tables.schemas import REPLAYS

    one = open_target(study).only_study("replay")
    spec, share = one.study.spec, None if budget is None else share_of(budget, key="--budget")
    asked = [setting(text, spec) for text in allocations] or default_settings(spec)
    recording, truth = recording_of(one.histories, study_objective(one.study))
    results = [
        replayed(
            recording,
            truth,
            each,
            replays=replays,
            shuffled=sampler == "random",
            budget=share,
            candidates=candidates,
        )
        for each in asked
    ]
    if output == "json":
        print_json(outcomes_json(results))
    else:
        print_frame(REPLAYS.frame(outcomes_rows(results)), output)
