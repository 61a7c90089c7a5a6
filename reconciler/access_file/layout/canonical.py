"""The canonical text of an access file, and the proof that it says the same."""

from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from reconciler.access_file.document.problems import ProblemList
from reconciler.access_file.document.schema import Schema, inlined, schema_text
from reconciler.access_file.document.source import read_source
from reconciler.access_file.document.tree import MappingNode, Node, ScalarNode, SequenceNode
from reconciler.access_file.layout.arranging import arranged
from reconciler.access_file.layout.writing import write_canonical
from reconciler.access_file.layout.written import Comment, DirectiveError, read_written
from reconciler.errors import ReconcileError

_BOM = "\ufeff"


class Layout(NamedTuple):
    """A file's text before and after; `path` is what messages call the file."""

    path: str
    before: str
    after: str

    @property
    def is_canonical(self) -> bool:
        """Whether the file is in its canonical layout already."""
        return self.before == self.after


def canonical_layout(content: bytes, path: str) -> Layout:
    """Return the layout of a valid file's content. Raises as `canonical`."""
    before = content.decode()
    return Layout(path, before, canonical(before.removeprefix(_BOM), path))


def canonical(text: str, path: str) -> str:
    """Return the canonical text of a valid file, which `path` names in messages.

    The line ends are those of the first line. Raises ReconcileError where the text would not say
    the same, or would lose a comment.
    """
    ending = "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"
    text = text.replace("\r\n", "\n")
    try:
        before = read_written(text)
        found = write_canonical(before.header, arranged(before.root, _schema()))
    except DirectiveError:
        raise ReconcileError(
            f"{path} can't be formatted: it has a YAML directive", hint="remove the line with %"
        ) from None
    is_same = _is_same(_read(text), _read(found))
    if not is_same or _texts(before.comments) != _texts(read_written(found).comments):
        raise ReconcileError(
            f"{path} can't be formatted: the result would not say the same",
            hint="put quotes around a text that follows | or >; if there is none, this is a bug",
        )
    return found.replace("\n", ending)


@cache
def _schema() -> Schema:
    return inlined(schema_text("ecr_access.schema.json"))


def _read(text: str) -> Node | None:
    return read_source(text.encode(), "", ProblemList()).root


def _texts(comments: Iterable[Comment]) -> Counter[str]:
    return Counter(comment.text for comment in comments)


def _is_same(before: Node | None, after: Node | None) -> bool:
    """Whether two trees have the same values, written the same; the order of keys is free."""
    match before, after:
        case ScalarNode(), ScalarNode():
            return before[:2] == after[:2]
        case SequenceNode(), SequenceNode():
            same_length = len(before.items) == len(after.items)
            return same_length and all(map(_is_same, before.items, after.items))
        case MappingNode(), MappingNode():
            return before.pairs.keys() == after.pairs.keys() and all(
                _is_same(pair.value, after.pairs[key].value) for key, pair in before.pairs.items()
            )
        case _:
            return False
