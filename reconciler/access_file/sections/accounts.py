"""What the sections of a file are read with, and its accounts: their names, and each id in use.

An id stands alone, in an ARN or in a condition. Where the file names accounts, each of these must
be a literal id with a name: a wildcard, a policy variable or another spelling could stand for an
account without one.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from reconciler.access_file.document.problems import Advice, Place, ProblemList, escape, quote
from reconciler.access_file.document.tree import Node, Pair, ScalarNode, pairs_of, text_of
from reconciler.access_file.model import Registry
from reconciler.model.rules import RuleId
from reconciler.policy import (
    ACCOUNT_ID,
    ACCOUNT_KEYS,
    BUILT_IN_TIERS,
    SOURCE_ARN,
    Condition,
    NamedPrincipal,
    Operator,
    Principal,
    Tiers,
    canonical_condition,
    glob_matches,
    globs_intersect,
    has_wildcard,
    split_arn,
)

_SSO = re.compile(r"(?P<path>.*/)?AWSReservedSSO_(?P<set>.*?)(?:_[0-9a-f]{16}|_?\*)?")
_SSO_PATH = "aws-reserved/sso.amazonaws.com"
_SSO_PATHS_OF_REGIONS = tuple(f"{_SSO_PATH}/{one}/" for one in ("us-west-2", "eu-central-1"))
_ACCOUNT_FIELD = r"(?s)arn:[^:]*:[^:]*:[^:]*:([0-9]{12}):.*"
_LENGTH, _MAX_LOST_DIGITS = 12, 2
_SEPARATORS = {"-": "hyphens", " ": "spaces", ".": "dots", "_": "underscores"}
_ID_CHARACTERS = frozenset("0123456789-")
_PARTITION_HINT = "a policy only applies to principals of its own partition"
_UNNAMED_HINT = "write the 12 digits of an account that is named under accounts"
_ANY_ACCOUNT_HINT = "write the account's 12 digits, so that no other account's resources match"


class Accounts(NamedTuple):
    """The `accounts`: ids by name, and the first name by id.

    `must_be_named`: the file has this section, so it must name every account that it uses, but
    `own`, those of its registries.
    """

    ids: Mapping[str, str]
    names: Mapping[str, str]
    must_be_named: bool
    own: frozenset[str]


class ResolvedPrincipal(NamedTuple):
    """One principal that a name stands for; `written` has the operators as the file has them."""

    principal: Principal
    written: Condition
    name: str | None

    @property
    def condition(self) -> Condition:
        """The condition in canonical form."""
        return canonical_condition(self.written)

    @property
    def named(self) -> NamedPrincipal:
        """The principal under its canonical condition."""
        return NamedPrincipal(self.principal, self.condition, self.name)


class FileContext(NamedTuple):
    """One file while it is read: what its sections refer to, and where its problems go.

    `requests` is the condition that every request to the registry meets. `definitions` are the
    pairs under `principals`, `principals` what those that are read stand for. `owned_by_sid`: raw
    statements of the file are recognized in a live policy by their Sid.
    """

    problems: ProblemList
    registry: Registry
    accounts: Accounts
    now: datetime
    requests: Condition
    owned_by_sid: bool = False
    definitions: Mapping[str, Pair] = {}
    principals: Mapping[str, tuple[ResolvedPrincipal, ...]] = {}
    tiers: Tiers = BUILT_IN_TIERS

    @property
    def partition(self) -> str:
        """The AWS partition of the registry's regions."""
        return self.registry.partition


def read_accounts(node: Node | None, own: frozenset[str], problems: ProblemList) -> Accounts:
    """Read `accounts`; `own` are those of the registries."""
    ids: dict[str, str] = {}
    first: dict[str, ScalarNode] = {}
    for pair in pairs_of(node):
        account = text_of(pair.value) or ""
        ids[pair.key.text] = account
        same = first.setdefault(account, pair.key)
        if account and same is not pair.key:
            message = f"{quote(pair.key.text)} is the same account as {quote(same.text)}"
            problems.warning(RuleId.SAME_ACCOUNT_TWICE, message, pair.key.place, other=same.place)
    names = {account: key.text for account, key in first.items() if account}
    return Accounts(ids, names, node is not None, own)


def check_named(text: str, place: Place, context: FileContext) -> None:
    """Report an account id, or the one in an ARN, that has no name in the file."""
    account, accounts = account_in(text), context.accounts
    if not accounts.must_be_named or account is None:
        return
    if account not in accounts.names and account not in accounts.own:
        message = f"the account {account} is not named under accounts"
        hint = "add a name for it under accounts"
        context.problems.error(RuleId.UNNAMED_ACCOUNT, message, place, hint)


def account_in(text: str) -> str | None:
    """Return the account id that a text is, or that an ARN contains."""
    if ACCOUNT_ID.fullmatch(text):
        return text
    match = re.fullmatch(_ACCOUNT_FIELD, text)
    return match[1] if match else None


def find_accounts(nodes: Iterable[ScalarNode], context: FileContext) -> tuple[str, ...]:
    """Return the ids that names and quoted ids stand for; reports anything else.

    A name with an invalid id is left out, as that is reported under `accounts`.
    """
    return tuple(filter(None, [_find_account(node, context) for node in nodes]))


def _find_account(node: ScalarNode, context: FileContext) -> str | None:
    ids = context.accounts.ids
    if node.text in ids:
        return ids[node.text] if ACCOUNT_ID.fullmatch(ids[node.text]) else None
    if ACCOUNT_ID.fullmatch(node.text):
        check_named(node.text, node.place, context)
        return node.text
    if not report_bad_id(node.text, node.place, context.problems):
        message = f"{quote(node.text)} is not named under accounts"
        meant = context.problems.did_you_mean(node.text, ids)
        hint = meant or "add it under accounts, or write a quoted account id"
        context.problems.error(RuleId.UNKNOWN_NAME, message, node.place, hint)
    return None


def report_bad_id(text: str, place: Place, problems: ProblemList) -> bool:
    """Whether a text is an attempt at an account id; reports it."""
    bad = bad_id(text)
    if bad:
        problems.error(RuleId.BAD_ACCOUNT_ID, bad.message, place, bad.hint)
    return bad is not None


def bad_id(text: str) -> Advice | None:
    """Return what is wrong with an attempt at an account id; None for any other text."""
    account = account_in(text)
    if account == text:
        return None
    if account:
        message = f"{quote(text)} is an ARN, not an account id"
        return Advice(message, f'write only "{account}"')
    digits = re.sub(r"[-_. ]", "", text)
    if not (digits.isascii() and digits.isdecimal()):
        return None
    separators = set(text) - set(digits)
    if separators and abs(len(digits) - _LENGTH) > _MAX_LOST_DIGITS:
        return None  # a date, for example
    name = _SEPARATORS[separators.pop()] if len(separators) == 1 else "separators"
    if len(digits) != _LENGTH:
        message = f'account id "{escape(text)}" has {len(digits)} digits; it must have {_LENGTH}'
        hint = f"write it without {name}" if digits != text else "leading zeros count"
        return Advice(message, hint)
    return Advice(f'account id "{text}" has {name}', f'write it without {name}: "{digits}"')


def check_source_arn(arn: ScalarNode, context: FileContext) -> None:
    """Report an ARN pattern for `aws:SourceArn` that does not name the resources' account."""
    if check_partition(arn, context) and not _check_arn(arn, SOURCE_ARN, context):
        _warn_of_any_account(arn, context)


def check_condition_value(
    key: str, operator: Operator, value: ScalarNode, context: FileContext
) -> None:
    """Report an unnamed account, or no literal id, in a condition; `key` is in lower case."""
    if operator.base == "Null" or key not in {*ACCOUNT_KEYS, *ACCOUNT_KEYS.values()}:
        check_named(value.text, value.place, context)
    elif not operator.is_text:
        _report_hidden(value, context)  # numbers and bytes have other spellings than digits
    elif key not in ACCOUNT_KEYS:
        _check_account(value.text, value, context)
    elif check_partition(value, context):
        has_account = _check_arn(value, key, context)
        if key == SOURCE_ARN and not has_account and not operator.is_negated:
            _warn_of_any_account(value, context)


def check_partition(arn: ScalarNode, context: FileContext, *, hint: str = _PARTITION_HINT) -> bool:
    """Whether an ARN is in the partition of the registry's regions; reports it if not."""
    head, _, rest = arn.text.partition(":")
    found = rest.partition(":")[0]
    if head != "arn" or found == context.partition:
        return True
    report_partition(arn, found, hint, context)
    return False


def report_partition(name: ScalarNode, found: str, hint: str, context: FileContext) -> None:
    """Report what is in another partition than the registry's regions."""
    where = f"{quote(found)}, but the registry is in {quote(context.partition)}"
    message = f"{quote(name.text)} is in the partition {where}"
    context.problems.error(RuleId.WRONG_PARTITION, message, name.place, hint)


def _check_arn(value: ScalarNode, key: str, context: FileContext) -> bool:
    """Whether an ARN pattern names one account; reports it where accounts must be named.

    A star in StringLike also matches colons, so a star before the account could match a later
    field, such as the path of a role in another account. A region of a source is the exception:
    the names of resources have no colons where services have regions (assumed).
    """
    arn = split_arn(value.text)
    if arn is None:
        return _report_hidden(value, context)
    of_source = key == SOURCE_ARN
    if has_wildcard(arn.service) or (has_wildcard(arn.region) and not (of_source and arn.account)):
        return _report_hidden(value, context)
    if of_source and not arn.account and not has_wildcard(arn.resource.partition("/")[0]):
        return True  # a bucket's ARN has no account: the bucket's name is globally unique
    if not of_source and arn.resource.startswith("role/"):
        check_sso(arn.resource.removeprefix("role/"), value.place, context)
    return _check_account(arn.account, value, context)


def _check_account(account: str, value: ScalarNode, context: FileContext) -> bool:
    if not ACCOUNT_ID.fullmatch(account):
        return _report_hidden(value, context)
    check_named(account, value.place, context)
    return True


def _report_hidden(value: ScalarNode, context: FileContext) -> bool:
    """Report a value without a literal account id, where accounts must be named."""
    if context.accounts.must_be_named:
        arn = split_arn(value.text)
        account = arn.account if arn else value.text
        if set(account) <= _ID_CHARACTERS and report_bad_id(account, value.place, context.problems):
            return False
        message = f"{quote(value.text)} does not name one account"
        named = context.accounts.ids.get(value.text)
        hint = f'account names are not resolved here; write "{named}"' if named else _UNNAMED_HINT
        context.problems.error(RuleId.UNNAMED_ACCOUNT, message, value.place, hint)
    return False


def _warn_of_any_account(value: ScalarNode, context: FileContext) -> None:
    if not context.accounts.must_be_named:
        message = f"{quote(value.text)} does not name the account of the resources"
        context.problems.warning(RuleId.WILDCARD_ACCOUNT, message, value.place, _ANY_ACCOUNT_HINT)


def check_sso(path: str, place: Place, context: FileContext) -> None:
    """Warn of a role, or a pattern, of IAM Identity Center that does not match its roles.

    Their path ends with the region of the Identity Center, and has none where that is us-east-1
    (AWS Security Blog and public reports; the IAM Identity Center User Guide, "Referencing
    permission sets in resource policies", shows the path with a region).
    """
    match = _SSO.fullmatch(path)
    if match is None:
        return
    written = match["path"] or ""
    if written == f"{_SSO_PATH}/us-east-1/" or not globs_intersect(written, f"{_SSO_PATH}*/"):
        message = f"{quote(path)} is not a role of IAM Identity Center: those have another path"
    elif not glob_matches(written, f"{_SSO_PATH}/") and all(
        glob_matches(written, one) for one in _SSO_PATHS_OF_REGIONS
    ):
        roles = "the roles of an Identity Center in us-east-1, whose path has no region"
        message = f"{quote(path)} does not match {roles}"
    else:
        return
    name = f"{match['set']}_*" if match["set"] else "*"
    hint = f"write {_SSO_PATH}*/AWSReservedSSO_{name}"
    context.problems.warning(RuleId.UNLIKELY_ROLE, message, place, hint)
