"""Parts of a page that a program writes: what stands between two markers, made anew."""

from collections.abc import Callable, Mapping

END = "<!-- end -->"


def filled(text: str, parts: Mapping[str, Callable[[], str]], *, page: str) -> str:
    """Return the page's text with what stands between its markers made anew.

    A part NAME stands between a line ``<!-- generated: NAME -->`` and the next `END`.

    Raises:
        ValueError: a marker is missing, or there are two.
    """
    for name, make in parts.items():
        begin = f"<!-- generated: {name} -->"
        if text.count(begin) != 1:
            raise ValueError(f"{page} must have one line {begin}")
        before, _, rest = text.partition(begin)
        old, found, after = rest.partition(END)
        if not found or "<!--" in old:
            raise ValueError(f"{page}: no line {END} follows {begin}")
        text = f"{before}{begin}\n\n{make()}\n\n{END}{after}"
    return text
