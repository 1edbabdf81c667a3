"""What a study does not train on because it evaluates on it, and how that is said."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut:
    """Images that a task does not train on because the study evaluates on them."""

    reserved: int = 0  # images of its own source that the study's other task evaluates on
    copies: tuple[str, ...] = ()  # where images lie that equal an evaluation image, by content

    def words(self, section: str, other: str) -> Iterator[str]:
        """Yield what was left out, a sentence each; `section` and `other` name the two tasks."""
        if self.reserved:
            yield (
                f"{section}: of the images that could be trained on, {self.reserved:,} are set "
                f"apart, since {other} evaluates on them"
            )
        if self.copies:
            yield (
                f"{section}: training images left out because they equal an evaluation image: "
                f"{len(self.copies):,}, the first {self.copies[0]}"
            )
