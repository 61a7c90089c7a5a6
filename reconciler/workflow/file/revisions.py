"""The access file as it was at a git revision, with the files that it included."""

from pathlib import Path
from typing import NamedTuple

from reconciler.access_file.load import Loaded, check_document, read_document
from reconciler.access_file.model import AccessFile
from reconciler.model.rules import RuleId
from reconciler.plan.causes import ComparedWith
from reconciler.workflow.file.git_repository import find_repository
from reconciler.workflow.file.included import MAX_BYTES, IncludeError, read_included
from reconciler.workflow.file.revision_tree import tree_of
from reconciler.workflow.file.source import AccessSource, digest_of


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

    What counts is the path by which the file is named: at the revision, it can have been a link, or
    none. Grants expire there as they do in `source`, and the same rules files hold. Raises as
    `find_repository` and its `commit`, and ReconcileError where git can't read an object.
    """
    path = Path(source.path)
    repository = find_repository(path)
    version = ComparedWith(revision, repository.commit(revision), "")
    with tree_of(repository, version.commit) as tree:
        try:
            main, content = tree.read(repository.path, MAX_BYTES)
        except IncludeError as error:
            is_gone = error.rule == RuleId.INCLUDE_NOT_FOUND
            why = f"{path} does not exist at {revision}" if is_gone else f"at {revision}, {error}"
            return EarlierVersion(version, (), why)
        if len(content) > MAX_BYTES:
            return EarlierVersion(version, (), f"{path} is too large at {revision}")
        document = read_document(content, source.path)
        beside = path if main == repository.path else repository.top / main
        included = read_included(document.includes, tree.beside(main), beside, len(content))
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
        why = f"{path} is invalid at {revision}: {_first_error(loaded)}"
        return EarlierVersion(version, (), why)
    return EarlierVersion(version, loaded.parts)


def _first_error(loaded: Loaded) -> str:
    """Say what is wrong with an invalid file, as PATH:LINE:COLUMN: RULE: MESSAGE."""
    first = next(problem for problem in loaded.problems if problem.severity == "error")
    return f"{first.place.path}:{first.place}: {first.rule}: {first.message}"
