"""The accounts that ARNs and conditions speak of: each a literal id, named where ids have names.

A wildcard, a variable or another spelling in its place may stand for an account that `accounts`
does not name.
"""

from collections.abc import Iterator
from typing import NamedTuple

from reconciler.access_file.document.nodes import Node, ScalarNode, pairs_of, scalars_in
from reconciler.access_file.document.problems import Place, ProblemList, shown
from reconciler.access_file.sections.accounts import (
    Accounts,
    Surroundings,
    check_named,
    report_bad_id,
)
from reconciler.access_file.sections.conditions import check_keys
from reconciler.access_file.sections.roles import check_sso
from reconciler.model.rule_ids import RuleId
from reconciler.policy.language.conditions import Operator, parse_operator
from reconciler.policy.language.glob import has_wildcard
from reconciler.policy.language.json_text import MalformedError
from reconciler.policy.language.principals import ACCOUNT_ID, split_arn

_OF_IDS = frozenset("0123456789-")
_ACCOUNT_KEYS = frozenset({"aws:principalaccount", "aws:sourceaccount"})
_SOURCE_ARN = "aws:sourcearn"
_ARN_KEYS = frozenset({"aws:principalarn", _SOURCE_ARN})
_PARTITION_HINT = "a policy only reaches principals of its own partition"
_HINT = "write the 12 digits of an account that is named under accounts"
_WARNING_HINT = "write an account's 12 digits in its place, so that no stranger's resources count"


class _Value(NamedTuple):
    """One value of a condition, with the operator and the key (in lower case) it is under."""

    operator: Operator
    key: str
    scalar: ScalarNode


def check_source_arn(arn: ScalarNode, around: Surroundings) -> None:
    """Report an ARN pattern for `aws:SourceArn` that does not say whose resources it means."""
    if _is_in_partition(arn, around) and not _check_arn(arn, _SOURCE_ARN, around):
        _warn_of_strangers(arn, around)


def check_conditions(node: Node | None, around: Surroundings) -> None:
    """Report each account in a raw condition block that is unnamed, or is no literal id.

    Warns of unknown keys, too.
    """
    check_keys(node, around.problems)
    for value in _values(node):
        scalar, base = value.scalar, value.operator.base
        if base == "Null" or value.key not in _ACCOUNT_KEYS | _ARN_KEYS:
            check_named(scalar.text, scalar.place, around.accounts, around.problems)
        elif not base.startswith(("String", "Arn")):
            # Numbers and bytes have other spellings than digits.
            _report_hidden(scalar, around.accounts, around.problems)
        elif value.key in _ACCOUNT_KEYS:
            _check_account(scalar.text, scalar, around)
        elif _is_in_partition(scalar, around):
            told = _check_arn(scalar, value.key, around)
            if value.key == _SOURCE_ARN and not told and not value.operator.is_negated:
                _warn_of_strangers(scalar, around)


def check_partition(
    text: str, place: Place, partition: str, problems: ProblemList, *, hint: str = _PARTITION_HINT
) -> bool:
    """Tell whether an ARN is in the partition of the registry's regions; report it if not."""
    head, _, rest = text.partition(":")
    found = rest.partition(":")[0]
    if head != "arn" or found == partition:
        return True
    message = f"{shown(text)} is in the partition {shown(found)}, the registry in {partition}"
    problems.error(RuleId.WRONG_PARTITION, message, place, hint=hint)
    return False


def _is_in_partition(arn: ScalarNode, around: Surroundings) -> bool:
    return check_partition(arn.text, arn.place, around.partition, around.problems)


def _values(node: Node | None) -> Iterator[_Value]:
    """Give the values of a condition block; an unknown operator's are skipped: it is reported."""
    for operator in pairs_of(node):
        try:
            parsed = parse_operator(operator.key.text)
        except MalformedError:
            continue
        for key in pairs_of(operator.value):
            for scalar in scalars_in(key.value):
                yield _Value(parsed, key.key.text.lower(), scalar)


def _check_arn(scalar: ScalarNode, key: str, around: Surroundings) -> bool:
    """Tell whether an ARN pattern says whose it is; report it where accounts must be named.

    A star in StringLike crosses colons, so that one before the account could reach a field
    behind it: the path of a stranger's role may hold them. A region is the exception for sources:
    their names hold no colons where services have regions (assumed).
    """
    arn = split_arn(scalar.text)
    if arn is None:
        return _report_hidden(scalar, around.accounts, around.problems)
    of_source = key == _SOURCE_ARN
    if has_wildcard(arn.service) or (has_wildcard(arn.region) and not (of_source and arn.account)):
        return _report_hidden(scalar, around.accounts, around.problems)
    if of_source and not arn.account and not has_wildcard(arn.resource.partition("/")[0]):
        return True  # the ARN of a bucket has no account: its name is the only one in the world
    if not of_source and arn.resource.startswith("role/"):
        check_sso(arn.resource.removeprefix("role/"), scalar.place, around.problems)
    return _check_account(arn.account, scalar, around)


def _check_account(account: str, scalar: ScalarNode, around: Surroundings) -> bool:
    if not ACCOUNT_ID.fullmatch(account):
        return _report_hidden(scalar, around.accounts, around.problems)
    check_named(account, scalar.place, around.accounts, around.problems)
    return True


def _report_hidden(scalar: ScalarNode, accounts: Accounts, problems: ProblemList) -> bool:
    if accounts.must_be_named:
        arn = split_arn(scalar.text)
        account = arn.account if arn else scalar.text
        if set(account) <= _OF_IDS and report_bad_id(account, scalar.place, problems):
            return False
        message = f"{shown(scalar.text)} does not say which account is meant"
        meant = accounts.ids.get(scalar.text)
        hint = f'no name of an account is read here: write "{meant}"' if meant else _HINT
        problems.error(RuleId.UNNAMED_ACCOUNT, message, scalar.place, hint=hint)
    return False


def _warn_of_strangers(scalar: ScalarNode, around: Surroundings) -> None:
    if not around.accounts.must_be_named:
        message = f"{shown(scalar.text)} does not say whose resources are meant"
        around.problems.warning(RuleId.WILDCARD_ACCOUNT, message, scalar.place, hint=_WARNING_HINT)
