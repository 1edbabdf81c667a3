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
for _command in (*_RUN, *_READ, *_CLUSTER):
    cli.add_command(_command)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; print errors as one line on stderr."""
    try:
        cli.main(args=list(arguments), prog_name="nas", standalone_mode=False)
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
