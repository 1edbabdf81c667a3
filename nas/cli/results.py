"""Commands that read studies: status, ls, rank, report."""

from pathlib import Path

import click

from nas.cli import forecasts
from nas.cli.formats import LocalPath, format_option, metric_option, question_option
from nas.errors import SpecError
from nas.spec.choices import Metric, Question


@click.command()
@click.argument("study")
@format_option
def status(study: str, output: str) -> None:
    """Show the trials of STUDY, or the studies of a sweep, and where each stands."""
    from nas.cli.listing import print_frame
    from nas.reading.target import open_target

    target = open_target(study)
    frame = target.status()
    if output == "table":
        click.echo(f"{target.headline()}\n")
    print_frame(frame, output, newest=True)


@click.command()
@click.argument("root", default="studies")
@format_option
def ls(root: str, output: str) -> None:
    """List the studies under ROOT (default: studies), a folder or a URI of an object store."""
    from nas.cli.listing import print_frame
    from nas.spec.paths import is_uri, local_path
    from nas.tables.listings import studies_frame

    place = root if is_uri(root) else local_path(root, key="ROOT")
    frame = studies_frame(place)
    if output == "table" and frame.empty:
        click.echo(f"No study under {root} yet.\n\nnext: nas search quickstart")
        return
    print_frame(frame, output)


@click.command()
@click.argument("study")
@click.argument("overrides", nargs=-1, metavar="[KEY.PATH=VALUE]...")
@metric_option
@question_option
@click.option(
    "--simulate",
    is_flag=True,
    help="STUDY is a spec: tell how many seeds its questions need. Nothing is trained.",
)
@click.option(
    "--noise",
    metavar="POINTS,...",
    help=f"With --simulate: how much seeds scatter, as sd in points; default {forecasts.NOISE}.",
)
@click.option("--sizes", is_flag=True, help="Scores against parameters and MACs.")
@format_option
def rank(
    study: str,
    overrides: tuple[str, ...],
    simulate: bool,
    noise: str | None,
    sizes: bool,
    output: str,
    **another: str | None,
) -> None:
    """Rank the layouts of STUDY by its finished trials; of a sweep, one row a value.

    With --simulate STUDY is a spec, whose keys KEY.PATH=VALUE changes.
    """
    metric, question = another["metric"], another["question"]
    if simulate:
        for key, given in (("--metric", metric), ("--question", question), ("--sizes", sizes)):
            if given:
                raise SpecError("is not for --simulate: no trial is scored", key=key)
        forecasts.print_forecast(study, overrides, noise=noise or forecasts.NOISE, output=output)
        return
    if overrides or noise is not None:
        raise SpecError("is only for --simulate", key=overrides[0] if overrides else "--noise")
    from nas.cli.next_step import print_next
    from nas.cli.orders import print_answer, print_sizes
    from nas.ranking.result import Ranking
    from nas.reading.target import open_target

    chosen = None if metric is None else Metric(metric)
    target = open_target(study)
    answer = target.answer(chosen, None if question is None else Question(question))
    if sizes:
        print_sizes(answer, output)
        return
    print_answer(answer, output)
    own = metric is None and question is None
    if output == "table" and own and isinstance(answer, Ranking):
        one = target.only_study("rank")
        print_next(one.study, one.histories, answer, budget_ended=one.budget_ended)


@click.command()
@click.argument("study")
@click.option("--to", type=LocalPath(), help="HTML file; else inside STUDY.")
def report(study: str, to: Path | None) -> None:
    """Write the report of STUDY as one HTML file and print its path; of a sweep, its picture."""
    from nas.reading.target import open_target

    click.echo(open_target(study).report(to))
