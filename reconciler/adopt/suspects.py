"""The repositories that the errors of a file may be about: their entries, or what these name."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from reconciler.access_file.document.problems import Problem
from reconciler.adopt.file_text import FileData
from reconciler.adopt.yaml_text import scalar
from reconciler.policy import glob_matches

_INDENT = "  "


def find_suspects(
    problems: Iterable[Problem], text: str, data: FileData, names: Collection[str]
) -> frozenset[str]:
    """Return the names of repositories, all of them where the text does not say which.

    `text` is the file that was written of `data`.
    """
    owners = list(_owners(text))
    reached: set[str] = set()
    entries: set[str] = set()
    for problem in problems:
        section, key = owners[min(problem.place.line, len(owners)) - 1]
        if section == "repositories":
            entries.add(key)
        elif section in ("principals", "tiers"):
            reached.add(key)
        else:
            return frozenset(names)
    of_names = {name: _texts(data.entries[name]) for name in data.entries} if reached else {}
    reached = _with_users(reached, {**data.principals, **data.groups, **data.tiers})
    entries |= {scalar(name) for name, texts in of_names.items() if texts & reached}
    found = [name for name in data.entries if scalar(name) in entries]
    patterns = [name for name in found if name not in names]
    return frozenset(
        name for name in names if name in found or any(glob_matches(p, name) for p in patterns)
    )


def _owners(text: str) -> Iterator[tuple[str, str]]:
    """Yield the section and the key, as it is written, that each line belongs to."""
    section = key = ""
    for line in text.splitlines():
        if not line.startswith((" ", "#")) and line:
            section, key = line.partition(":")[0], ""
        elif line.startswith(_INDENT) and not line.startswith((f"{_INDENT} ", f"{_INDENT}-")):
            key = line.strip().partition(": ")[0].rstrip(":")
        yield section, key


def _texts(value: object) -> frozenset[str]:
    if isinstance(value, str):
        return frozenset({value})
    if isinstance(value, Mapping):
        return frozenset(value).union(*map(_texts, value.values()))
    return (
        frozenset[str]().union(*map(_texts, value))
        if isinstance(value, list | tuple)
        else frozenset()
    )


def _with_users(names: Collection[str], definitions: Mapping[str, object]) -> set[str]:
    """Return names with all definitions that use one of them, directly or not."""
    reached = set(names)
    texts = {name: _texts(value) for name, value in definitions.items()}
    while users := {n for n, used in texts.items() if used & reached} - reached:
        reached |= users
    return reached
