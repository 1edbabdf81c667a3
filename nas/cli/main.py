"""The `nas` command: its commands by name, and the one place where errors become one line."""

import gc
import os
import sys
import traceback
from collections.abc import Sequence

import click

from nas.cli.dashboard import dashboard
from nas.cli.doctor import doctor
from nas.cli.jobs import jobs, logs, run_job, stop, submit
from nas.cli.latency import block_times, latency
from nas.cli.models import export, predict
from nas.cli.pareto import pareto
from nas.cli.plan import plan
from nas.cli.results import ls, rank, report, status
from nas.cli.run import extend, resume, search, sync
from nas.cli.rungs import replay, rungs
from nas.cli.spaces import schema, space, validate
from nas.cli.terminal import protect
from nas.errors import NasError, SpecError
from nas.study.faults import machine_fault

INTERRUPTED, USAGE, FAILED = 130, 2, 1


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.version_option(package_name="coatnet-nas", prog_name="nas")
def cli(debug: bool) -> None:
    """Search for CoAtNet layouts: train them on Ray, rank them with evidence.

    Begin with `nas search quickstart`.
    """


_RUN = (search, resume, extend, sync, validate, schema, space, plan)
_READ = (status, ls, rank, pareto, report, export, predict, dashboard, rungs, replay, latency)
_CLUSTER = (submit, jobs, logs, stop, doctor, run_job)
space.add_command(block_times)
# Of each command in the list of all: what fits a line of 80 columns whole.
SUMMARIES = {
    "search": "Run the study of a spec; begin with `nas search quickstart`.",
    "resume": "Go on with a study after a crash or a stop.",
    "extend": "Add to a study: seeds, candidates, budget.",
    "sync": "Send MLflow what it lacks of a study.",
    "validate": "Check a spec and its images; say what it would run.",
    "schema": "Print the JSON Schema of specs, for editors.",
    "space": "Look at the search space of a spec.",
    "plan": "Say what a study will take: hours, memory, money.",
    "status": "Show the trials of a study and where each stands.",
    "ls": "List the studies of a folder or an object store.",
    "rank": "Rank the layouts of a study: the answer.",
    "pareto": "Show which candidates nothing is cheaper and better than.",
    "report": "Write a study's report as one HTML file.",
    "export": "Write a study's best model, in one format or several.",
    "predict": "Label image files by an exported model.",
    "dashboard": "Show studies in a browser, live and read-only.",
    "rungs": "Show who went on at each rung, and what that stopped wrongly.",
    "replay": "Say what other allocations would have found at what cost.",
    "latency": "Measure how long each candidate takes for an image.",
    "submit": "Run a study on a Ray cluster, as a job.",
    "jobs": "List the jobs of a cluster with their studies.",
    "logs": "Show what the newest job of a study prints.",
    "stop": "Stop the newest job of a study.",
    "doctor": "Check a cluster, its storage and an MLflow server.",
}
for _command in (*_RUN, *_READ, *_CLUSTER):
    _command.short_help = SUMMARIES.get(_command.name or "")
    cli.add_command(_command)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; print errors as one line on stderr."""
    try:
        cli.main(args=list(arguments), prog_name="nas", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return USAGE
    except click.ClickException as error:
        return _fail(_one_line(error.format_message()), USAGE, arguments)
    except SpecError as error:
        *first, last = (_one_line(str(each)) for each in (error, *error.others))
        for line in first:
            click.echo(f"nas: {line}", err=True)
        return _fail(last, error.exit_code, arguments)
    except NasError as error:
        return _fail(_one_line(str(error)), error.exit_code, arguments)
    except (KeyboardInterrupt, click.Abort):
        return _fail("interrupted", INTERRUPTED, ())
    except BrokenPipeError:
        # The reader (`head`, say) has gone; nobody is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - the last border: no traceback without --debug
        return _fail(_surprise(error), FAILED, arguments)
    return 0


def main() -> None:
    """Run the command line of this process."""
    # Imports and studies of thousands make objects that stay: looking for garbage among them each
    # 700 is a tenth of the time of a short command.
    gc.set_threshold(50_000, 20, 50)
    protect()
    sys.exit(run(sys.argv[1:]))


def _fail(line: str, code: int, arguments: Sequence[str]) -> int:
    if "--debug" in arguments:
        traceback.print_exc()
    click.echo(f"nas: {line}", err=True)
    return code


def _surprise(error: Exception) -> str:
    if (fault := machine_fault(error)) is not None:
        return f"{_one_line(fault.what)}; {fault.remedy}, then try again"
    return f"unexpected {type(error).__name__}: {_one_line(str(error))}; --debug shows where"


def _one_line(text: str) -> str:
    return " ".join(text.split())
