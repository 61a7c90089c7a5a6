"""The Markdown of a run that failed, in place of the report that reconcile wrote. Pure."""

import re
from pathlib import PurePath
from urllib.parse import quote

USUAL_FILE = "ecr_access.yaml"
_MOST = 60_000
"""Characters of a block of code; a comment has 65,536 at most."""


def marker(command: str, file: str, name: str) -> str:
    """Return the first line of a comment or an issue, by which a later run finds its own.

    `name` tells several jobs on one file apart; empty for none.
    """
    path = str(PurePath(file))
    named = [path, name] if name else [] if path == USUAL_FILE else [path]
    return f"<!-- {' '.join([f'reconcile:{command}', *map(_quoted, named)])} -->"


def _quoted(text: str) -> str:
    # An HTML comment ends with its first `-->`.
    return quote(text, errors="backslashreplace").replace("--", "-%2D")


def marked(first: str, report: str) -> str:
    """Return a report of reconcile with another first line than its own marker."""
    _, _, rest = report.partition("\n")
    return f"{first}\n{rest}"


def failure(first: str, command: str, code: int, messages: str) -> str:
    """Return what stands in place of a report where reconcile wrote none; `first` is the marker."""
    return (
        f"{first}\n❌ `reconcile {command}` failed with exit code {code}.\n\n{code_block(messages)}"
    )


def code_block(text: str) -> str:
    """Return text as a block of code, without its end where it is too long."""
    shown = text[:_MOST].rpartition("\n")[0] + "\n[…]" if len(text) > _MOST else text.rstrip("\n")
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{shown}\n{fence}\n"
