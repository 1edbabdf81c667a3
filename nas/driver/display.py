"""What the driver tells those who watch a study run."""

from typing import Protocol

from nas.search.search import Search
from nas.study.folder import Study
from nas.study.records import Record
from nas.study.state import StudyState


class Display(Protocol):
    """Watches one study after another."""

    def begin(self, study: Study, search: Search) -> None:
        """A study begins or goes on; nothing has run yet."""
        ...

    def observe(self, record: Record, state: StudyState) -> None:
        """A record was journaled; `state` has it already."""
        ...

    def end(self) -> None:
        """Nothing of this study runs any more."""
        ...

    def note(self, sentence: str) -> None:
        """Something is not as it should be, or takes long; shown whatever else is."""
        ...


class Silent:
    """Shows nothing."""

    def begin(self, study: Study, search: Search) -> None:
        """Show nothing."""

    def observe(self, record: Record, state: StudyState) -> None:
        """Show nothing."""

    def end(self) -> None:
        """Show nothing."""

    def note(self, sentence: str) -> None:
        """Show nothing."""
