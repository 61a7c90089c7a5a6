"""The text of an access file: its sections in order, with the comments that explain them."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from reconciler.access_file.layout.arranging import MOST_ON_ONE_LINE
from reconciler.adopt.yaml_text import Value, entry, flow, scalar
from reconciler.printable import printable

_COMMENT_WIDTH = 98
_MOST_PUBLIC = 100
"""As many names as `guards.public.allow` may have."""


class FileData(NamedTuple):
    """What a file says; `entries` are the values of `repositories`.

    `public` are the repositories that are public, which the guards have to allow. `has_registry`:
    the file manages the registry's own policy, of which `registry_statements` are raw statements.
    """

    account: str
    regions: tuple[str, ...]
    accounts: Mapping[str, str]
    principals: Mapping[str, Value]
    groups: Mapping[str, tuple[str, ...]]
    tiers: Mapping[str, Value]
    entries: Mapping[str, Value]
    public: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()
    has_registry: bool = False
    registry_statements: tuple[Value, ...] = ()

    @property
    def registry_keys(self) -> Mapping[str, Value]:
        """What `registry` says besides the account and the regions."""
        return {"policy": "manage"} if self.has_registry else {}

    @property
    def unmanaged(self) -> Mapping[str, Value]:
        """What `unmanaged` says: the file describes all statements of the registry's policy.

        Else one that is taken out of the file would stay live.
        """
        return {"registry_statements": "remove"} if self.has_registry else {}


def write_file(data: FileData) -> str:
    """Write a file in its canonical layout; the same data always results in the same text."""
    blocks = [
        [*comment_lines(data.comments), "version: 1"],
        entry(
            "registry",
            {"account": data.account, "regions": list(data.regions), **data.registry_keys},
            opened=True,
        ),
        _section("accounts", data.accounts, "names for account ids"),
        _section("principals", data.principals, "names for who has access", data.groups),
        _section("tiers", data.tiers, "sets of actions that no built-in tier has"),
        _repositories(data.entries),
        entry("registry_statements", data.registry_statements) if data.registry_statements else [],
        _guards(data.public),
        _section("unmanaged", data.unmanaged, "the file says all that the registry's policy says"),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def comment_lines(paragraphs: Iterable[str]) -> Iterator[str]:
    """Write paragraphs as comments; a paragraph that begins with a space is indented."""
    for text in paragraphs:
        lines = textwrap.wrap(
            _visible(text),
            _COMMENT_WIDTH,
            subsequent_indent="    " if text.startswith(" ") else "",
            break_long_words=False,
            break_on_hyphens=False,
        )
        yield from (f"# {line}" if line else "#" for line in lines or [""])


def _visible(text: str) -> str:
    """Escape everything in a text from outside that is not plain ASCII."""
    return printable(text).encode("ascii", "backslashreplace").decode("ascii")


def _section(
    name: str,
    pairs: Mapping[str, Value],
    comment: str,
    groups: Mapping[str, Sequence[str]] | None = None,
) -> list[str]:
    if not pairs and not groups:
        return []
    lines = [line for key, value in pairs.items() for line in entry(key, value, 2)]
    for key, members in (groups or {}).items():
        lines += entry(key, list(members), 2)
    return [f"{name}:  # {comment}", *lines]


def _guards(public: Sequence[str]) -> list[str]:
    if not public:
        return []
    allowed: Value = {"allow": list(public)} if len(public) <= _MOST_PUBLIC else "allow"
    return [
        "# Everyone has access to these repositories; without this, the file would be invalid.",
        *entry("guards", {"public": allowed}, opened=True),
    ]


def _repositories(entries: Mapping[str, Value]) -> list[str]:
    if not entries:
        return ["repositories: {}"]
    lines = [line for key, value in entries.items() for line in repository_entry(key, value, 2)]
    return ["repositories:", *lines]


def repository_entry(key: str, value: Value, indent: int = 0) -> list[str]:
    """Write an entry of `repositories` as lines."""
    head = f"{' ' * indent}{scalar(key)}:"
    if not isinstance(value, Mapping) or not value or value == {"access": {}}:
        return [f"{head} {flow(value)}"]
    lines = [head]
    for name, part in value.items():
        is_long = isinstance(part, Mapping) and len(part) > MOST_ON_ONE_LINE
        lines += entry(name, part, indent + 2, opened=name == "access" and is_long)
    return lines
