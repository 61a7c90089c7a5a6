"""The file as a tree of frozen nodes with places: tolerant functions to read it, and its builder.

The functions return nothing for a node of another shape than the one they read: the schema reports
the shape once, and the rest of the file is still read. Where a function takes keys, they lead from
the node to the one that is read.

The builder takes the parser's events and rejects what a file must not contain. No object is
constructed from the text, and the nesting is kept on an explicit stack, so neither a tag nor deep
nesting is a danger. Aliases share the node of their anchor; their expanded size is counted and
limited.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, NoReturn

import yaml

from reconciler.access_file.document.problems import Place, ProblemList, quote
from reconciler.model.rules import RuleId
from reconciler.policy import ACCOUNT_ID
from reconciler.printable import printable

Value = str | int | bool | None
MAX_DEPTH = 64
"""How deep lists and mappings may be nested; the schema needs about ten levels."""

QUOTE_STAR = 'quote a value that starts with *, such as "payments/*" or "*"'
_FORBIDDEN = (
    "[^\t\n\x20-\x7e\xa0-\xac\xae-\u200a\u2010-\u2027\u202f-\u205f\u2065\u206a-\ud7ff"
    "\ue000-\ufefe\uff00-\ufffd\U00010000-\U000dffff\U000e1000-\U0010ffff]"
)
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_OF_NUMBERS = "-0123456789"
"""How an integer or an account id begins."""

_CONSTANTS: dict[str, Value] = {"true": True, "false": False, "null": None, "~": None, "": None}
_TEXT_TAG = "tag:yaml.org,2002:str"
_new = tuple.__new__
"""Makes a NamedTuple in half the time: of some, a tree has one or more for each word."""

_Start = yaml.MappingStartEvent | yaml.SequenceStartEvent


class ScalarNode(NamedTuple):
    """One value; `text` is how it is written (without quotes)."""

    value: Value
    text: str
    place: Place


class SequenceNode(NamedTuple):
    """A list."""

    items: tuple["Node", ...]
    place: Place


class Pair(NamedTuple):
    """A key and its value; the key's value is always text."""

    key: ScalarNode
    value: "Node"


class MappingNode(NamedTuple):
    """A mapping, in the order of the file."""

    pairs: Mapping[str, Pair]
    place: Place


Node = ScalarNode | SequenceNode | MappingNode


def child(node: Node | None, *keys: str) -> Node | None:
    """Return the node that the keys of nested mappings lead to; None where there is none."""
    for key in keys:
        pair = node.pairs.get(key) if isinstance(node, MappingNode) else None
        node = pair.value if pair else None
    return node


def pairs_of(node: Node | None, *keys: str) -> Sequence[Pair]:
    """Return the pairs of a mapping; none for anything else."""
    found = child(node, *keys)
    return tuple(found.pairs.values()) if isinstance(found, MappingNode) else ()


def items_of(node: Node | None, *keys: str) -> Sequence[Node]:
    """Return the items of a list, or a single node as one item."""
    found = child(node, *keys)
    if isinstance(found, SequenceNode):
        return found.items
    return () if found is None else (found,)


def texts_of(node: Node | None, *keys: str) -> tuple[ScalarNode, ...]:
    """Return the scalars of a list that are text, or a single one."""
    found = child(node, *keys)
    if isinstance(found, ScalarNode):
        return (found,) if isinstance(found.value, str) else ()
    return tuple(
        item
        for item in items_of(found)
        if isinstance(item, ScalarNode) and isinstance(item.value, str)
    )


def value_of(node: Node | None, *keys: str) -> Value:
    """Return the value of a scalar; None for anything else."""
    found = child(node, *keys)
    return found.value if isinstance(found, ScalarNode) else None


def text_of(node: Node | None, *keys: str) -> str | None:
    """Return the value of a scalar that is text; None for anything else."""
    value = value_of(node, *keys)
    return value if isinstance(value, str) else None


def plain(node: Node) -> object:
    """Return a node as plain JSON data: dict, list, str, int, bool, None."""
    if isinstance(node, ScalarNode):
        return node.value
    if isinstance(node, SequenceNode):
        return [plain(item) for item in node.items]
    return {key: plain(pair.value) for key, pair in node.pairs.items()}


def locate(node: Node, path: Sequence[str | int]) -> tuple[Node, Place]:
    """Return the node that a path of keys and indexes leads to, as far as it exists, and its place.

    The place of a scalar is its own. The place of a list, a mapping or an empty value is that of
    its key.
    """
    place = node.place
    for step in path:
        if isinstance(node, MappingNode) and isinstance(step, str) and step in node.pairs:
            pair = node.pairs[step]
            place, node = pair.key.place, pair.value
        elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            place = node.place
        else:
            return node, place
    return node, node.place if isinstance(node, ScalarNode) and node.text else place


def place_at(node: Node, path: Sequence[str | int]) -> Place:
    """Return the place that `locate` returns."""
    return locate(node, path)[1]


def scalars_in(node: Node | None) -> Iterator[ScalarNode]:
    """Yield all scalars that are values anywhere below a node, in the order of the file."""
    if isinstance(node, ScalarNode):
        yield node
    elif isinstance(node, SequenceNode):
        for item in node.items:
            yield from scalars_in(item)
    for pair in pairs_of(node):
        yield from scalars_in(pair.value)


def places_in(node: Node) -> Iterator[Place]:
    """Yield the places of a node, and of all keys and values below it, in the order of the file."""
    yield node.place
    for pair in pairs_of(node):
        yield pair.key.place
        yield from places_in(pair.value)
    if isinstance(node, SequenceNode):
        for item in node.items:
            yield from places_in(item)


def find_forbidden(text: str) -> Iterator[re.Match[str]]:
    """Find the characters that a file must not contain.

    These are the characters that YAML forbids, those that reorder text or are invisible, and those
    that end a line for YAML but not in an editor: what follows them would look like a comment.
    """
    # Compiling this large pattern takes longer than reading a small file.
    return iter(()) if text.isprintable() else re.finditer(_FORBIDDEN, text)


def report_unquoted_id(text: str, place: Place, problems: ProblemList) -> None:
    """Report an account id without quotes; one that is too short may have lost leading zeros."""
    message = f"the account id {text} is not quoted; YAML may read it as a number"
    is_whole = ACCOUNT_ID.fullmatch(text)
    hint = f'write "{text}"' if is_whole else "quote all 12 digits, including leading zeros"
    problems.error(RuleId.UNQUOTED_ACCOUNT_ID, message, place, hint)


class StopReadingError(Exception):
    """The rest of the text cannot be read; the problem is reported."""


class _Built(NamedTuple):
    """A finished node, with its size and height after expanding aliases."""

    node: Node
    size: int
    height: int


class _Open:
    """A list or mapping whose end is not yet read."""

    def __init__(self, place: Place, anchor: str | None, *, is_mapping: bool) -> None:
        self.place = place
        self.anchor = anchor
        self.is_mapping = is_mapping
        self.items: list[Node] = []
        self.pairs: dict[str, Pair] = {}
        self.key: ScalarNode | None = None
        self.awaits_value = False
        self.size = 1
        self.height = 0


class TreeBuilder:
    """Takes the events of one file; `root` is the tree after the last event."""

    def __init__(self, path: str, problems: ProblemList) -> None:
        self.path = path
        self.problems = problems
        self.root: Node | None = None
        self._stack: list[_Open] = []
        self._anchors: dict[str, _Built] = {}
        self._written = 0
        self._through_aliases = 0

    @property
    def opened(self) -> tuple[Place, ...]:
        """The places of the mappings and lists that have not ended, the innermost last."""
        return tuple(one.place for one in self._stack)

    def take(self, event: yaml.Event) -> None:
        """Take the next event. Raises StopReadingError where the rest cannot be read."""
        match event:
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._open(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._close()
            case yaml.AliasEvent():
                self._alias(event)
            case yaml.DocumentStartEvent() if self.root is not None:
                message, hint = "a second document starts here", "write one document per file"
                self._stop(RuleId.SEVERAL_DOCUMENTS, message, self._place(event), hint)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        place = self._place(event)
        text: str = event.value
        value: Value = text
        if event.tag is not None:
            self._refuse_tag(event, place)
        elif event.implicit[0]:
            value = self._plain_value(text, place)
        if not text.isprintable() and any(find_forbidden(text)):
            message = "this text contains an escaped control character"
            self.problems.error(RuleId.CONTROL_CHARACTER, message, place)
        self._add(_new(ScalarNode, (value, text, place)), event.anchor)

    def _plain_value(self, text: str, place: Place) -> Value:
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if text[0] not in _OF_NUMBERS:
            return text
        if ACCOUNT_ID.fullmatch(text):
            report_unquoted_id(text, place, self.problems)
            return text
        return int(text) if _INTEGER.fullmatch(text) else text

    def _open(self, event: _Start) -> None:
        place = self._place(event)
        self._refuse_tag(event, place)
        self._check_depth(1, place)
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        self._stack.append(_Open(place, event.anchor, is_mapping=is_mapping))

    def _close(self) -> None:
        done = self._stack.pop()
        node: Node = (
            MappingNode(done.pairs, done.place)
            if done.is_mapping
            else SequenceNode(tuple(done.items), done.place)
        )
        self._add(node, done.anchor, done.size, done.height + 1)

    def _alias(self, event: yaml.AliasEvent) -> None:
        place = self._place(event)
        name = str(event.anchor)
        if any(frame.anchor == name for frame in self._stack):
            message = f"the alias {quote(name)} is used inside its own anchor"
            self._stop(RuleId.RECURSIVE_ALIAS, message, place)
        built = self._anchors.get(name)
        if built is None:
            message = f"unknown alias {quote(name)}: no anchor &{printable(name)} precedes it"
            self._stop(RuleId.UNKNOWN_ALIAS, message, place, QUOTE_STAR)
        self._through_aliases += built.size
        if self._through_aliases > 10_000 + 10 * self._written:
            message = "the expanded aliases make the file many times as large"
            self._stop(RuleId.TOO_MANY_ALIASES, message, place, "use a group or a pattern instead")
        self._check_depth(built.height, place)
        self._add(built.node, None, built.size, built.height)

    def _add(self, node: Node, anchor: str | None, size: int = 1, height: int = 0) -> None:
        self._written += 1
        if anchor is not None:
            self._anchors[anchor] = _Built(node, size, height)
        if not self._stack:
            self.root = node
            return
        top = self._stack[-1]
        top.size += size
        if height:
            top.height = max(top.height, height)
        if not top.is_mapping:
            top.items.append(node)
        elif top.awaits_value:
            top.awaits_value = False
            self._add_pair(top.pairs, top.key, node)
        else:
            top.awaits_value = True
            top.key = self._key(node)

    def _key(self, node: Node) -> ScalarNode | None:
        if isinstance(node, ScalarNode) and isinstance(node.value, str):
            return node
        if not isinstance(node, ScalarNode):
            self.problems.error(RuleId.NON_STRING_KEY, "a key must be text", node.place)
            return None
        hint = f'write "{node.text}"' if node.text else None
        self.problems.error(RuleId.NON_STRING_KEY, "a key must be text", node.place, hint)
        return node._replace(value=node.text)

    def _add_pair(self, pairs: dict[str, Pair], key: ScalarNode | None, value: Node) -> None:
        if key is None:
            return
        if key.text == "<<":
            hint = "write the keys out, or use an alias for the whole value"
            self.problems.error(RuleId.MERGE_KEY, "merge keys are not supported", key.place, hint)
        elif key.text in pairs:
            first = pairs[key.text].key.place
            message = f"duplicate key {quote(key.text)} (first defined at {first})"
            self.problems.error(RuleId.DUPLICATE_KEY, message, key.place, other=first)
        else:
            pairs[key.text] = _new(Pair, (key, value))

    def _refuse_tag(self, event: yaml.ScalarEvent | _Start, place: Place) -> None:
        if event.tag is None or (isinstance(event, yaml.ScalarEvent) and event.tag == _TEXT_TAG):
            return
        message = f"the tag {quote(event.tag)} is not supported: a file is plain data"
        self.problems.error(RuleId.EXPLICIT_TAG, message, place, "remove the tag")

    def _check_depth(self, added: int, place: Place) -> None:
        if len(self._stack) + added > MAX_DEPTH:
            self._stop(RuleId.TOO_DEEP, f"this is nested deeper than {MAX_DEPTH} levels", place)

    def _stop(self, rule: RuleId, message: str, place: Place, hint: str | None = None) -> NoReturn:
        self.problems.error(rule, message, place, hint)
        raise StopReadingError

    def _place(self, event: yaml.Event) -> Place:
        mark = event.start_mark
        if mark is None:  # the parser marks every event
            return Place(self.path, 1, 1)
        return _new(Place, (self.path, mark.line + 1, mark.column + 1))
