"""Read two policy documents and compare them."""

import re
from dataclasses import dataclass
from pathlib import Path

from reconciler.cli.files import name_of, read_file
from reconciler.policy import Document, Unreadable, difference, facts_of, read_policy
from reconciler.report.comparison import Comparison, UnreadableDocument

_MAX_BYTES = 16 * 2**20

_PARTITION = re.compile(r"arn:(aws[a-z-]*):")


@dataclass(frozen=True, slots=True)
class NamedText:
    """A document's text, and what the user calls it."""

    name: str
    text: str


def read_document(path: Path) -> NamedText:
    """Read a file. Raises as `read_file` does."""
    content = read_file(path, _MAX_BYTES)
    # What is not UTF-8 becomes lone surrogates, which JSON text can't hold outside a string.
    return NamedText(name_of(path), content.decode("utf-8-sig", "surrogateescape"))


def compare_documents(left: NamedText, right: NamedText) -> Comparison:
    """Compare by meaning; a bare account id lives in the partition of the ARNs around it."""
    found = _PARTITION.search(left.text) or _PARTITION.search(right.text)
    partition = found[1] if found else "aws"
    policies = [(doc, read_policy(doc.text, partition=partition)) for doc in (left, right)]
    unreadable = tuple(
        UnreadableDocument(doc.name, policy)
        for doc, policy in policies
        if isinstance(policy, Unreadable)
    )
    before, after = (
        facts_of(policy.statements) if isinstance(policy, Document) else {}
        for _, policy in policies
    )
    access = () if unreadable else difference(before, after)
    return Comparison(left.name, right.name, access, unreadable)
