"""The command that shows studies in a browser."""

import re
from pathlib import Path

import click

from nas.cli.formats import LocalPath
from nas.errors import NotFoundError, SpecError

_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*")


@click.command()
@click.argument("root", default="studies", type=LocalPath())
@click.option("--port", default=8500, show_default=True, type=click.IntRange(0, 65535),
              help="0 takes a free one.")  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True,
              help="Where to listen; beyond this machine it takes a token.")  # fmt: skip
@click.option("--token-file", type=LocalPath(), help="A file with the token that everyone needs.")
@click.option("--allow-host", multiple=True, metavar="NAME",
              help="Another name of this server, as of a proxy before it.")  # fmt: skip
@click.option("--prefix", default="", metavar="/PATH", help="Of all addresses, behind a proxy.")
def dashboard(
    root: Path,
    port: int,
    host: str,
    token_file: Path | None,
    allow_host: tuple[str, ...],
    prefix: str,
) -> None:
    """Show the studies under ROOT (default: studies) in a browser, live and read-only."""
    from dashboards.serving import listen, read_token, serve

    if not root.is_dir():
        raise NotFoundError(f"no folder {root}; `nas search quickstart` makes studies/quickstart")
    prefix = prefix.rstrip("/")
    if not _PREFIX.fullmatch(prefix):
        raise SpecError("must be a path such as /nas", key="--prefix")
    token = None if token_file is None else read_token(token_file)
    listening = listen(host, port, token=token)
    serve(
        root,
        listening,
        token=token,
        hosts=allow_host,
        prefix=prefix,
        ready=lambda address: click.echo(f"{root} is shown at {address}; Ctrl-C ends it"),
    )
