"""What a run on some of a file's registries leaves out."""

from reconciler.access_file.desired import entries_for
from reconciler.printable import some_of
from reconciler.workflow.file.source import AccessSource


def entry_elsewhere(source: AccessSource, repository: str) -> str | None:
    """Return a hint in which registries that are left out a repository has an entry, if in any."""
    having = (part.registry.name for part in source.left_out if entries_for(part, repository))
    names = dict.fromkeys(one for one in having if one)
    return f"it has an entry in {some_of(names)}" if names else None
