"""A study that its budget ended, in words: by which limit, and which command goes on."""

import shlex

from nas.spec.budget import budget_key
from nas.study.folder import Study


def budget_ended(study: Study, ended_by: str | None) -> str:
    """Return by which limit a study was ended and how it goes on; empty where none did.

    Args:
        study: the study, with its extensions.
        ended_by: the limit, as the journal says it.
    """
    if ended_by is None:
        return ""
    has = getattr(study.spec.search.budget, ended_by)
    if has is None:
        return ""
    key = budget_key(ended_by)
    command = f"nas resume {shlex.quote(study.place)} {key}={2 * has}"
    return f"its budget ended it ({key} {has}); `{command}` goes on"
