"""The page in a real browser, which keeps what went wrong in it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import uvicorn
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from dashboards import serving

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WIDE, NARROW = 1400, 390  # pixels


@contextmanager
def served(root: Path, *, token: str | None = None, prefix: str = "") -> Iterator[str]:
    """Serve the studies under `root` from a thread; yield the address."""
    servers: list[uvicorn.Server] = []
    real, address, said = uvicorn.Server.run, [""], threading.Event()

    def run(self: uvicorn.Server, sockets: Any = None) -> None:
        servers.append(self)
        said.set()
        real(self, sockets=sockets)

    def ready(where: str) -> None:
        address[0] = where

    listening = serving.listen("127.0.0.1", 0, token=token)
    options = {"token": token, "hosts": (), "prefix": prefix, "ready": ready}
    with (
        mock.patch.object(uvicorn.Server, "run", run),
        mock.patch.object(uvicorn.Server, "capture_signals", return_value=nullcontext()),
    ):
        thread = threading.Thread(target=serving.serve, args=(root, listening), kwargs=options)
        thread.start()
        try:
            assert said.wait(60)
            yield address[0].rstrip("/")
        finally:
            servers[0].should_exit = True
            thread.join(60)


@dataclass
class Faults:
    """What no page may do."""

    said: list[str] = field(default_factory=list)  # errors and warnings of the console
    asked_elsewhere: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def any(self) -> list[str]:
        """Return all of them."""
        return [*self.said, *self.asked_elsewhere, *self.dialogs]


@contextmanager
def looking(
    browser: Browser, *, width: int = WIDE, dark: bool = False, **options: Any
) -> Iterator[tuple[BrowserContext, Page, Faults]]:
    """Open a page; at the end nothing may have gone wrong in it."""
    faults = Faults()

    def console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            faults.said.append(f"{message.text} {message.location}")

    def asked(request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:http://127.0.0.1:")):
            faults.asked_elsewhere.append(request.url)

    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        **options,
    )
    try:
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", console)
        page.on("pageerror", lambda error: faults.said.append(str(error)))
        page.on("request", asked)
        page.on("dialog", lambda dialog: (faults.dialogs.append(dialog.message), dialog.dismiss()))
        yield context, page, faults
        assert faults.any() == []
    finally:
        context.close()


def drawn(page: Page) -> None:
    """Scroll through the page until all its figures are drawn."""
    for figure in page.locator("figure[data-figure]").all():
        figure.scroll_into_view_if_needed()
    page.wait_for_function(
        "() => [...document.querySelectorAll('figure[data-figure]')]"
        ".every((each) => each.dataset.drawn)"
    )


def overflows(page: Page) -> int:
    """Return by how many pixels the page is wider than what it is seen in."""
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")
