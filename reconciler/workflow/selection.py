"""The repositories that the caller names: selected ones, and names that nothing has."""

from collections.abc import Callable, Container, Iterable

from reconciler.errors import ArgumentError
from reconciler.policy import glob_matches, has_wildcard

Globs = tuple[str, ...]
"""Names and patterns of repositories; without any, all are meant."""


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
