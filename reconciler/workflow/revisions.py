"""The access file as it was at a git revision, with the files that it included."""

from pathlib import Path
from typing import NamedTuple

from reconciler.access_file.load import check_document, read_document
from reconciler.access_file.model import AccessFile
from reconciler.plan.causes import ComparedWith
from reconciler.workflow.git import tree_at
from reconciler.workflow.included import MAX_BYTES, IncludeError, read_included
from reconciler.workflow.source import AccessSource, digest_of


class EarlierVersion(NamedTuple):
    """An access file at a git revision.

    Where the revision has no such file, or an invalid one, it has no `parts`, and `missing` says
    why: all of the file counts as changed.
    """

    version: ComparedWith
    parts: tuple[AccessFile, ...]
    missing: str = ""

    @property
    def revision(self) -> str:
        """The revision, as the user called it."""
        return self.version.revision


def at_revision(source: AccessSource, revision: str) -> EarlierVersion:
    """Return the access file as it was at a revision: a branch, tag, commit, or `HEAD~1`.

    Of a link, the file that it leads to is read, and what that includes. Grants expire there as
    they do in `source`, and the same rules files hold. Raises as `tree_at`.
    """
    path = source.path
    real = Path(path).resolve()
    tree = tree_at(Path(path), revision)
    version = ComparedWith(revision, tree.commit, "")
    try:
        content = tree.read(real.name, MAX_BYTES).content
    except IncludeError:
        return EarlierVersion(version, (), f"{path} does not exist at {revision}")
    document = read_document(content, path)
    included = read_included(document.includes, tree, real, len(content))
    version = version._replace(sha256=digest_of(content, included.files))
    if version.sha256 == source.sha256 and not included.problems:
        return EarlierVersion(version, source.parts)
    loaded = check_document(
        document,
        included,
        now=source.now,
        allow_public=source.allowances.public,
        rules=source.rules,
    )
    if not loaded.parts:
        return EarlierVersion(version, (), f"{path} is invalid at {revision}")
    return EarlierVersion(version, loaded.parts)
