"""Commands that run trials or send results (search, resume, extend, sync), and what they show."""

import shutil
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nas.errors import NasError, SpecError

if TYPE_CHECKING:
    from nas.driver.conclusion import Conclusion
    from nas.driver.sweep import SweepConclusion
    from nas.reading.target import Target
    from nas.study.folder import Study

_EXECUTION = (
    click.option("--address", metavar="ADDRESS", help="Ray cluster, HOST:PORT; else RAY_ADDRESS."),
    click.option("--inline", is_flag=True, help="Train in this process, without Ray."),
    click.option("--quiet", "-q", is_flag=True, help="No progress on stderr."),
)


def _execution(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_EXECUTION):
        command = option(command)
    return command


@click.command()
@click.argument("spec")
@click.argument("overrides", nargs=-1, metavar="[KEY.PATH=VALUE]...")
@click.option(
    "--study", metavar="PATH", help="Where it goes: a path or a URI; a bare name: studies/NAME."
)
@_execution
def search(spec: str, overrides: tuple[str, ...], study: str | None, **execution: Any) -> None:
    """Run the study of SPEC: a file, or the name of a shipped one such as `quickstart`.

    KEY.PATH=VALUE changes the spec, for example training.epochs=5. A spec with a section `sweep`
    runs one study for each of its values.
    """
    from nas.spec.file import load_spec, located
    from nas.study.places import study_folder, study_name
    from nas.study.sweep import check_new

    loaded = load_spec(spec, overrides)
    folder = study_folder(loaded.name, study)
    loaded = loaded.model_copy(update={"name": study_name(loaded.name, study)})
    check_new(loaded, folder=folder)
    from nas.driver.work import begin  # takes seconds: not before the words are checked

    with located(spec, overrides):
        _run(partial(begin, loaded, folder=folder), folder, **execution)


@click.command()
@click.argument("study")
@click.argument("changes", nargs=-1, metavar="[KEY.PATH=VALUE]...")
@click.option("--retry-failed", is_flag=True, help="Give trials that failed new attempts.")
@_execution
def resume(study: str, changes: tuple[str, ...], retry_failed: bool, **execution: Any) -> None:
    """Go on with STUDY after a crash or a stop; a finished one is ranked and reported anew.

    With KEY.PATH=VALUE, such as search.budget.epochs=600, as `nas extend`. Of a sweep, the studies
    that are complete are passed over.
    """
    from nas.reading.target import open_target

    target = open_target(study)
    if changes and retry_failed:
        raise SpecError("takes no changes with it: extend first", key="--retry-failed")
    if changes:
        _extend(target, changes, **execution)
        return
    from nas.driver.work import resume as go_on

    _run(partial(go_on, target, retry_failed=retry_failed), target.folder, **execution)


@click.command()
@click.argument("study")
@click.argument("changes", nargs=-1, required=True, metavar="KEY.PATH=VALUE...")
@_execution
def extend(study: str, changes: tuple[str, ...], **execution: Any) -> None:
    """Add to STUDY and run what that asks for; what is trained is not trained again.

    KEY.PATH=VALUE is, for example, search.seeds=6: more seeds for every layout. search.max_seeds,
    until, trials, candidates and budget can be changed too, ranking.question, and all of resources
    and tracking. Of a sweep, each study is extended by itself.
    """
    from nas.reading.target import open_target

    _extend(open_target(study), changes, **execution)


def _extend(target: "Target", changes: tuple[str, ...], **execution: Any) -> None:
    opened = target.only_study("extend").study
    from nas.driver.extension import extend_study

    _run(partial(extend_study, opened, changes), opened.folder, **execution)


@click.command()
@click.argument("study")
def sync(study: str) -> None:
    """Send MLflow what it lacks of STUDY, after an outage or into a new server."""
    from nas.reading.target import open_target

    opened = open_target(study).only_study("sync").study
    from nas.cli.progress import TerminalDisplay
    from nas.driver.study import sync_study

    conclusion = sync_study(opened, display=TerminalDisplay(quiet=True))
    if conclusion.warning:
        raise NasError(f"{conclusion.warning}; `nas sync {opened.place}` tries again")
    _show_mlflow(opened, conclusion)


def _run(
    work: Callable[..., "Conclusion | SweepConclusion"],
    folder: Path,
    *,
    address: str | None,
    inline: bool,
    quiet: bool,
) -> None:
    """Do work that runs trials and show what comes of it; a stop says how to go on."""
    from nas.cli.progress import TerminalDisplay
    from nas.driver.sweep import SweepConclusion
    from nas.execution.choose import make_executor
    from nas.study.copies import place_of

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, signal.getsignal(signal.SIGINT))
    if not quiet and sys.stderr.isatty():  # what follows is silent for seconds
        then = "trains in this process" if inline else "starts Ray"
        click.echo(f"{place_of(folder)}: reads the images, then {then}", err=True)
    try:
        display = TerminalDisplay(quiet=quiet)
        with closing(make_executor(address=address, inline=inline, say=display.note)) as executor:
            conclusion = work(executor=executor, display=display)
    except KeyboardInterrupt:
        if folder.is_dir():
            click.echo(f"nas: stopped; `nas resume {place_of(folder)}` goes on", err=True)
        raise
    if isinstance(conclusion, SweepConclusion):
        _show_sweep(folder, conclusion)
    else:
        _show_study(folder, conclusion)


def _show_study(folder: Path, conclusion: "Conclusion") -> None:
    from nas.cli.next_step import print_next
    from nas.cli.output import print_ranking
    from nas.reading.budget import budget_ended
    from nas.study.folder import open_study
    from nas.tables.listings import trial_counts

    study = open_study(folder)
    state = study.state()
    print_ranking(conclusion.ranking, "table")
    ended = budget_ended(study, state.ended_by)
    print_next(study, state.histories(), conclusion.ranking, budget_ended=ended)
    click.echo(f"\nreport    {conclusion.report}")
    if study.place != str(study.folder):
        click.echo(f"study     {study.place}  (the report, the tables and the model too)")
    if conclusion.exported is not None:
        click.echo(f"model     {conclusion.exported.folder}  ({conclusion.exported.trial_id})")
        if conclusion.exported.note:
            click.echo(f"note: {conclusion.exported.note}", err=True)
    _show_mlflow(study, conclusion)
    if conclusion.warning:
        click.echo(f"nas: {conclusion.warning}; `nas sync {study.place}` sends it later", err=True)
    _say_lost(folder, [trial_counts(state.histories())])


def _show_sweep(folder: Path, conclusion: "SweepConclusion") -> None:
    from nas.cli.orders import print_orders
    from nas.study.sweep import open_sweep

    key = open_sweep(folder).key
    print_orders(key, conclusion.points, "table")
    click.echo(f"\nphase     {conclusion.page}")
    click.echo(f"studies   {folder}/{key}=VALUE, each with its own report, tables and model")
    for warning in conclusion.warnings:
        click.echo(f"nas: {warning}; `nas sync` of that study sends it later", err=True)
    _say_lost(folder, [point.counts for point in conclusion.points])


def _say_lost(folder: Path, counts: "Sequence[Mapping[str, int]]") -> None:
    """Say how many trials failed, and how they are tried again; if nothing is left, as an error."""
    from nas.study.copies import place_of

    place = place_of(folder)
    trials, failed, diverged = (
        sum(each[name] for each in counts) for name in ("trials", "failed", "diverged")
    )
    again = f"`nas resume {place} --retry-failed` tries them again"
    if 0 < trials == failed + diverged:
        how = [f"{number} {word}" for number, word in ((failed, "failed"), (diverged, "diverged"))]
        found = " and ".join(each for each in how if not each.startswith("0 "))
        then = again if failed else "a lower training.learning_rate may help"
        raise NasError(f"{place}: no trial is left to rank: {found}; {then}")
    if failed:
        click.echo(f"nas: {failed} of {trials} trials failed; {again}", err=True)


def _show_mlflow(study: "Study", conclusion: "Conclusion") -> None:
    from nas.tracking.uri import charts_link, redacted, resolve_uri, ui_command

    uri = resolve_uri(study.spec.tracking.uri, folder=study.folder)
    if uri is None:
        return
    click.echo(f"mlflow    {redacted(uri)}")
    click.echo(f"open with {_reachable(ui_command(uri))}")
    if conclusion.experiment_id is not None:
        link = charts_link(uri, experiment_id=conclusion.experiment_id, study_id=study.id)
        click.echo(f"then see  {link}")


def _reachable(command: str) -> str:
    """Name the `mlflow` of this environment where the shell would find none, or another one."""
    program, _, rest = command.partition(" ")
    ours = Path(sys.executable).parent / program
    if program != "mlflow" or not ours.exists() or shutil.which(program) == str(ours):
        return command
    near = ours.relative_to(Path.cwd()) if ours.is_relative_to(Path.cwd()) else ours
    return f"{near} {rest}"
