"""Shell completion: the repositories of the access file."""

import re

import typer

from reconciler.cli.files import MAX_ACCESS_FILE, read_file
from reconciler.errors import ReconcileError

_HARMLESS = re.compile(r"[a-z0-9*?][a-z0-9._/*?-]*")
"""Names that are safe to complete: the completion scripts of some shells evaluate them."""


def entry_patterns(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the file's repositories and patterns that begin with `incomplete`."""
    from reconciler.access_file.document.problems import ProblemList  # noqa: PLC0415
    from reconciler.access_file.document.source import read_source  # noqa: PLC0415
    from reconciler.access_file.document.tree import child, pairs_of  # noqa: PLC0415 - costs; most runs need none
    from reconciler.cli.options import DEFAULT_FILE  # noqa: PLC0415 - whose options complete so

    file = ctx.params.get("file") or DEFAULT_FILE
    if not file.is_file():  # completion must not wait for a pipe or stdin
        return []
    try:
        content = read_file(file, MAX_ACCESS_FILE)
    except ReconcileError:
        return []
    root = read_source(content, str(file), ProblemList()).root
    names = {pair.key.text for pair in pairs_of(child(root, "repositories"))}
    return sorted(n for n in names if n.startswith(incomplete) and _HARMLESS.fullmatch(n))


def entry_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the file's repositories that begin with `incomplete`, without patterns."""
    return [name for name in entry_patterns(ctx, incomplete) if not set("*?") & set(name)]
