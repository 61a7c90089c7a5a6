"""What a workflow is given: files, an access file, and the repositories that are selected."""

from collections.abc import Callable, Collection, Container, Iterable, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from reconciler.access_file.document.problems import Problem, invalid_files
from reconciler.access_file.load import Document, Loaded, check_document, read_document
from reconciler.access_file.model import AccessFile, Registry
from reconciler.access_file.rules_file import RulesFile
from reconciler.access_file.sections.include import Included, IncludedFile
from reconciler.closest import did_you_mean
from reconciler.errors import ArgumentError, InvalidError, ReconcileError, Remedy, UsageError
from reconciler.model.guards import Allowances, Guards
from reconciler.model.registry import RegistryName, RegistryScope
from reconciler.policy import glob_matches, has_wildcard
from reconciler.printable import some_of
from reconciler.workflow.file.included import FolderTree, read_included

Globs = tuple[str, ...]
"""Names and patterns of repositories; without any, all are meant."""

NOTHING_ALLOWED = Allowances()


class InvalidFileError(InvalidError):
    """An access file, a part of it or a rules file has errors (exit 3).

    `checked` has all problems.
    """

    def __init__(self, checked: Loaded) -> None:
        wrong = invalid_files(checked.problems)
        verb = "are" if len(wrong) > 1 else "is"
        super().__init__(f"{some_of(wrong)} {verb} invalid; nothing was done")
        self.checked = checked

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems of the file."""
        return self.checked.problems


class SourcePart(NamedTuple):
    """What a file says of one registry, in regions where all of it holds, at the time of a run.

    `name` is what the file calls the registry where it has several.
    """

    access: AccessFile
    now: datetime
    name: RegistryName | None


class AccessSource(NamedTuple):
    """A valid access file as it was read: its parts, its path and content, and the time.

    `allowances` are what this run may do beyond the file's guards; `checked` has the warnings.
    `rules` are rules files, whose `never` rules the parts have beside their own.
    """

    parts: tuple[AccessFile, ...]
    path: str
    content: bytes
    now: datetime
    checked: Loaded
    allowances: Allowances = NOTHING_ALLOWED
    rules: tuple[RulesFile, ...] = ()

    @property
    def registries(self) -> tuple[Registry, ...]:
        """The registries of the parts; one has as many parts as regions that differ."""
        return tuple(part.registry for part in self.parts)

    def each_part(self) -> tuple[SourcePart, ...]:
        """Return the parts with the time of the run, in the order of the file."""
        found = [(part, part.registry) for part in self.parts]
        is_one = len({(registry.account, registry.name) for _, registry in found}) == 1
        return tuple(
            SourcePart(part, self.now, None if is_one else RegistryName(of.name or "", of.account))
            for part, of in found
        )

    def limited_to(self, registries: Collection[str]) -> "AccessSource":
        """Return the file as these of its registries see it; all of it for none.

        Raises ArgumentError for a name that none of them has.
        """
        if not registries:
            return self
        known = dict.fromkeys(name for one in self.registries if (name := one.name))
        require_registry(registries, known, "the file")
        parts = tuple(part for part in self.parts if part.registry.name in registries)
        return self._replace(parts=parts)

    @property
    def left_out(self) -> tuple[AccessFile, ...]:
        """The parts of the file that a limited one is not about."""
        here = frozenset(self.scopes)
        return tuple(one for one in self.checked.parts if here.isdisjoint(one.registry.scopes))

    @property
    def scopes(self) -> tuple[RegistryScope, ...]:
        """Each registry in each of its regions."""
        return tuple(scope for registry in self.registries for scope in registry.scopes)

    @property
    def included(self) -> tuple[IncludedFile, ...]:
        """The files that it includes, as they were read."""
        return self.checked.included

    @property
    def sha256(self) -> str:
        """The digest of the file, as `digest_of` describes it."""
        return digest_of(self.content, self.included)

    @property
    def guards(self) -> Guards:
        """The file's guards, which hold in all parts."""
        return self.parts[0].guards

    @property
    def fails_unmanaged(self) -> bool:
        """Whether the file makes unmanaged repositories a failure."""
        return self.parts[0].unmanaged_repositories == "fail"


def digest_of(content: bytes, included: Iterable[IncludedFile]) -> str:
    """Return the SHA-256 of a file; with included files, that of the list of all their digests.

    Each line of the list has a digest, two spaces, and a path from the directory of the main
    file; `-` for that file, which is first.
    """
    from hashlib import sha256  # noqa: PLC0415 - costs; only a plan needs it

    digest = sha256(content).hexdigest()
    others = [f"{sha256(one.content).hexdigest()}  {one.name}\n" for one in included]
    return sha256("".join([f"{digest}  -\n", *others]).encode()).hexdigest() if others else digest


def validate(
    content: bytes,
    path: str,
    *,
    file: Path | None = None,
    allow_public: Iterable[str] = (),
    now: datetime | None = None,
    rules: Sequence[RulesFile] = (),
) -> Loaded:
    """Check a file's content, and return the model where it is valid, and all problems.

    `path` is what problems call the file. `file` is where it is: what it includes is beside it, and
    is read from there. `allow_public` names entries whose public access is no problem. `now` (UTC)
    decides which grants have expired. `rules` are rules files. Raises ArgumentError for a name in
    `allow_public` that no entry of the file matches.
    """
    allowed = frozenset(allow_public)
    document = read_document(content, path)
    included = None if file is None else included_by(document, file, len(content))
    now = now or datetime.now(UTC)
    loaded = check_document(document, included, now=now, allow_public=allowed, rules=rules)
    entries = loaded.repositories
    for name in sorted(allowed) if entries is not None else ():
        if not any(glob_matches(entry, name) for entry in entries or ()):
            raise ArgumentError(
                "allow_public",
                name,
                "the file has no such repository",
                hint=did_you_mean(name, entries or ()) or "name an entry as the file writes it",
            )
    return loaded


def included_by(document: Document, file: Path, size: int) -> Included:
    """Read what a file of `size` bytes includes; `file` is where it is, or a link to it.

    Included files are called by a path beside that of the document, unless a link leads elsewhere.
    """
    if not document.includes:
        return Included()
    real = file.resolve()
    is_here = real.parent == file.parent.resolve()
    called = Path(document.path).with_name(real.name) if is_here else real
    return read_included(document.includes, FolderTree(real.parent), called, size)


def load(
    content: bytes,
    path: str,
    *,
    file: Path | None = None,
    allowances: Allowances = NOTHING_ALLOWED,
    now: datetime | None = None,
    rules: Sequence[RulesFile] = (),
) -> AccessSource:
    """Return the access file that a content is. Raises InvalidFileError, and as `validate`."""
    now = now or datetime.now(UTC)
    checked = validate(
        content, path, file=file, allow_public=allowances.public, now=now, rules=rules
    )
    if not checked.parts:
        raise InvalidFileError(checked)
    return AccessSource(checked.parts, path, content, now, checked, allowances, tuple(rules))


def read_file(
    path: Path,
    most: int,
    *,
    opened: BinaryIO | None = None,
    called: str = "file",
    hint: str | None = None,
    remedy: Remedy | None = None,
    check: Callable[[int], None] = lambda _handle: None,
) -> bytes:
    """Read a file of at most `most` bytes.

    `opened` is read where it is given; `path` is then only a name. `called` is what the file should
    be, `hint` and `remedy` help where it does not exist, `check` is called with the open file's
    handle. Raises UsageError where there is no such file, InvalidError for a larger one,
    ReconcileError for one that can't be read.
    """
    try:
        with nullcontext(opened) if opened is not None else path.open("rb") as file:
            check(file.fileno())
            content = file.read(most + 1)
    except FileNotFoundError:
        raise UsageError(f"there is no {called} {path}", hint=hint, remedy=remedy) from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a directory, not a {called}") from None
    except OSError as error:
        raise ReconcileError(f"{path} can't be read: {error.strerror}") from None
    if len(content) > most:
        raise InvalidError(f"{path} is larger than a {called} can be ({most:,} bytes)")
    return content


def selected(name: str, globs: Globs) -> bool:
    """Whether a repository is among the selected ones."""
    return not globs or any(glob_matches(glob, name) for glob in globs)


def without_match(globs: Globs, names: Iterable[str]) -> list[str]:
    """Return the names and patterns that select none of these repositories."""
    found = frozenset(names)
    return [glob for glob in globs if not any(glob_matches(glob, name) for name in found)]


def exact_names(globs: Iterable[str]) -> list[str]:
    """Return the names among names and patterns."""
    return [glob for glob in globs if not has_wildcard(glob)]


def require_registry(names: Iterable[str], known: Collection[str], whole: str) -> None:
    """Raise ArgumentError for the first name that is none of a whole's registries."""
    of_it = f"only {some_of(known)}" if known else "its only one has no name"
    reason = f"{whole} has no such registry, {of_it}"
    require_known("registry", names, known, reason, lambda name: did_you_mean(name, known))


def require_known(
    parameter: str,
    names: Iterable[str],
    known: Container[str],
    reason: str,
    hint: Callable[[str], str | None] = lambda _name: None,
) -> None:
    """Raise ArgumentError for the first name that is not known; `hint` is called with it."""
    for name in names:
        if name not in known:
            raise ArgumentError(parameter, name, reason, hint=hint(name))
