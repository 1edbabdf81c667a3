"""Rich's console, as all printing uses it: what it is told to print cannot steer the terminal."""

import sys
from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from nas.cli.terminal import clean, raw


class CleanConsole(Console):
    """A console whose text is shown as it is: only its own styles and cursor are control codes."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Render, with control characters within the text as their escapes."""
        for segment in super().render(renderable, options):
            text = segment.text if segment.control else clean(segment.text)
            yield Segment(text, segment.style, segment.control)


def console(*, stderr: bool = False) -> CleanConsole:
    """Return a console as wide as its terminal, or as what is printed where there is none."""
    # Piped output is never cut to the width of a terminal that is not there.
    made = CleanConsole(file=raw(sys.stderr if stderr else sys.stdout))
    if made.is_terminal or stderr:
        return made
    return CleanConsole(file=made.file, width=1000, highlight=False)
