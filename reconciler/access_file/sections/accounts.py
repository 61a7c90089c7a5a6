"""The accounts of a file: their names, and whether an id that is used has one."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from reconciler.access_file.document.nodes import Node, ScalarNode, pairs_of, text_of
from reconciler.access_file.document.problems import Advice, Place, ProblemList, shown, unquoted
from reconciler.model.rule_ids import RuleId
from reconciler.policy.language.conditions import NO_CONDITION, Condition
from reconciler.policy.language.principals import ACCOUNT_ID

_ACCOUNT_FIELD = re.compile(r"arn:[^:]*:[^:]*:[^:]*:([0-9]{12}):.*", re.DOTALL)
_LENGTH, _MOST_LOST = 12, 2
_SEPARATORS = {"-": "hyphens", " ": "spaces", ".": "dots", "_": "underscores"}


class Accounts(NamedTuple):
    """Ids by name and first names by id; `must_be_named` where the file has names at all."""

    ids: Mapping[str, str]
    names: Mapping[str, str]
    registry: str
    must_be_named: bool


class Surroundings(NamedTuple):
    """What principals are read in: the accounts, the partition, and where problems go.

    `known` holds of every request to the registry.
    """

    accounts: Accounts
    partition: str
    problems: ProblemList
    known: Condition = NO_CONDITION


def read_accounts(node: Node | None, registry: str, problems: ProblemList) -> Accounts:
    """Read the `accounts` of a file."""
    ids: dict[str, str] = {}
    places: dict[str, tuple[str, Place]] = {}
    for pair in pairs_of(node):
        account = text_of(pair.value) or ""
        ids[pair.key.text] = account
        if account in places:
            first, place = places[account]
            message = f"{shown(pair.key.text)} is the same account as {shown(first)}"
            problems.warning(RuleId.SAME_ACCOUNT_TWICE, message, pair.key.place, other=place)
        elif account:
            places[account] = (pair.key.text, pair.key.place)
    names = {account: name for account, (name, _) in places.items()}
    return Accounts(ids, names, registry, node is not None)


def check_named(text: str, place: Place, accounts: Accounts, problems: ProblemList) -> None:
    """Report an account id, or the one in an ARN, that the file gives no name to."""
    account = account_in(text)
    if not accounts.must_be_named or account in (None, accounts.registry):
        return
    if account not in accounts.names:
        message = f"the account {account} is not named under accounts"
        hint = "name it there, so that readers know whose it is"
        problems.error(RuleId.UNNAMED_ACCOUNT, message, place, hint=hint)


def account_in(text: str) -> str | None:
    """Give the account that a text speaks of: an id as such, or the one of an ARN."""
    if ACCOUNT_ID.fullmatch(text):
        return text
    match = _ACCOUNT_FIELD.fullmatch(text)
    return match[1] if match else None


def find_account(node: ScalarNode, accounts: Accounts, problems: ProblemList) -> str | None:
    """Give the id that a name or a quoted id stands for; None, and a problem, for any other.

    A name whose id is none gives None, too: that is reported where it stands.
    """
    if node.text in accounts.ids:
        account = accounts.ids[node.text]
        return account if ACCOUNT_ID.fullmatch(account) else None
    if ACCOUNT_ID.fullmatch(node.text):
        check_named(node.text, node.place, accounts, problems)
        return node.text
    if report_bad_id(node.text, node.place, problems):
        return None
    message = f"{shown(node.text)} is not named under accounts"
    hint = (
        problems.did_you_mean(node.text, accounts.ids)
        or "name it there, or give a quoted account id"
    )
    problems.error(RuleId.UNKNOWN_NAME, message, node.place, hint=hint)
    return None


def report_bad_id(text: str, place: Place, problems: ProblemList) -> bool:
    """Tell whether a text is meant as an account id and is none; report it then."""
    bad = bad_id(text)
    if bad:
        problems.error(RuleId.BAD_ACCOUNT_ID, bad.message, place, hint=bad.hint)
    return bad is not None


def bad_id(text: str) -> Advice | None:
    """Say what is wrong with a text that is meant as an account id; None for any other text."""
    account = account_in(text)
    if account == text:
        return None
    if account:
        message = f"{shown(text)} is an ARN, not an account id"
        return Advice(message, f'write only "{account}"')
    digits = re.sub(r"[-_. ]", "", text)
    if not (digits.isascii() and digits.isdecimal()):
        return None
    separators = set(text) - set(digits)
    if separators and abs(len(digits) - _LENGTH) > _MOST_LOST:
        return None  # a date, say
    name = _SEPARATORS[separators.pop()] if len(separators) == 1 else "separators"
    if len(digits) != _LENGTH:
        message = f'account id "{unquoted(text)}" has {len(digits)} digits; it must have {_LENGTH}'
        hint = f"write it without {name}" if digits != text else "leading zeros count, too"
        return Advice(message, hint)
    return Advice(f'account id "{text}" has {name}', f'write it without {name}: "{digits}"')
