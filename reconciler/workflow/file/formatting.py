"""An access file and those that it includes in their canonical layout, and files replaced by it."""

import os
from collections.abc import Iterator
from pathlib import Path

from reconciler.access_file.layout.canonical import Layout, canonical_layout
from reconciler.errors import ReconcileError
from reconciler.workflow.file.replacing import replace_file
from reconciler.workflow.file.source import AccessSource


def format_source(source: AccessSource) -> Iterator[Layout]:
    """Yield the layouts of a valid file and of each one that it includes, in their order.

    Raises ReconcileError where one can't be formatted.
    """
    yield canonical_layout(source.content, source.path)
    for one in source.included:
        yield canonical_layout(one.content, one.path)


def write_formatted(layout: Layout, path: Path) -> None:
    """Replace the file at `path` by its canonical text. It keeps its mode and owner.

    Raises ReconcileError where it can't be written, or was changed since it was read.
    """
    try:
        target = path.resolve(strict=True)
        status = target.stat()
        if not os.access(target, os.W_OK):
            raise ReconcileError(f"{layout.path} can't be written: it is read-only")
        if target.read_bytes() != layout.before.encode():
            raise ReconcileError(
                f"{layout.path} was changed while it was formatted; not written",
                hint="run this again",
            )
        replace_file(target, layout.after.encode(), like=status)
    except OSError as error:
        raise ReconcileError(f"{layout.path} can't be written: {error.strerror}") from None
