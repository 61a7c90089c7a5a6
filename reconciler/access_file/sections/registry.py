"""Reads `registry` and `unmanaged`."""

from collections.abc import Iterable, Iterator
from typing import Literal

from reconciler.access_file.document.nodes import (
    Node,
    ScalarNode,
    items_of,
    text_of,
    texts_of,
    value_of,
)
from reconciler.access_file.document.problems import Place, ProblemList, quote
from reconciler.access_file.model import Entry, Registry
from reconciler.access_file.sections.accounts import check_partition
from reconciler.access_file.sections.context import FileContext
from reconciler.access_file.sections.names import resolve
from reconciler.access_file.sections.principals import read_services
from reconciler.access_file.sections.repositories import check_repository
from reconciler.model.rules import RuleId
from reconciler.policy import (
    LAMBDA,
    LAMBDA_SID,
    NO_CONDITION,
    Condition,
    KeepRule,
    Ownership,
    Principal,
    has_wildcard,
    lambda_rule,
    parse_arn,
    partition_of_region,
)


def read_registry(node: Node | None, problems: ProblemList) -> Registry:
    """Read `registry`; invalid parts, which the schema reports, are empty."""
    regions = texts_of(node, "regions")
    _check_repeated(regions, problems)
    partitions = {partition_of_region(region.text): region for region in regions}
    if len(partitions) > 1:
        message = f"the regions are in several partitions: {', '.join(partitions)}"
        hint = "write a file for each partition"
        place = list(partitions.values())[1].place
        problems.error(RuleId.MIXED_PARTITIONS, message, place, hint=hint)
    return Registry(
        account=text_of(node, "account") or "",
        regions=tuple(region.text for region in regions),
        partition=next(iter(partitions), "aws"),
        assume_role=text_of(node, "assume_role"),
        probe_repository=text_of(node, "probe_repository"),
    )


def _check_repeated(regions: Iterable[ScalarNode], problems: ProblemList) -> None:
    places: dict[str, Place] = {}
    for region in regions:
        if region.text in places:
            message = f"duplicate region {quote(region.text)}"
            problems.error(RuleId.BAD_VALUE, message, region.place, other=places[region.text])
        places[region.text] = region.place


def check_assume_role(node: Node | None, context: FileContext) -> None:
    """Report an `assume_role` that is not the ARN of a role."""
    for role in texts_of(node):
        arn = parse_arn(role.text)
        if arn is None or arn.resource_type != "role":
            message = f"{quote(role.text)} is not the ARN of a role"
            hint = f"write arn:{context.partition}:iam::ACCOUNT:role/NAME"
            context.problems.error(RuleId.BAD_ARN, message, role.place, hint=hint)
        check_partition(role, context)


def check_probe_repository(
    node: Node | None, entries: Iterable[Entry], problems: ProblemList
) -> None:
    """Report a `probe_repository` that is not a repository's name, or that has an entry."""
    for name in texts_of(node):
        if has_wildcard(name.text):
            message = f"{quote(name.text)} is a pattern, not the name of a repository"
            hint = "write one scratch repository without images"
            problems.error(RuleId.BAD_REPOSITORY_NAME, message, name.place, hint=hint)
            continue
        check_repository(name, problems)
        for place in (entry.place for entry in entries if entry.repository == name.text):
            message = f"the probe repository {quote(name.text)} has an entry"
            hint = "write a scratch repository without images and without an entry"
            problems.error(
                RuleId.PROBE_REPOSITORY_IN_USE, message, name.place, hint=hint, other=place
            )


def read_unmanaged_repositories(node: Node | None) -> Literal["ignore", "report", "fail"]:
    """Read `unmanaged.repositories`, with its default."""
    match text_of(node, "repositories"):
        case "ignore":
            return "ignore"
        case "fail":
            return "fail"
        case _:
            return "report"


def keeps_by_default(node: Node | None) -> bool:
    """Whether live statements that the file did not ask for are kept."""
    return text_of(node, "statements", "default") == "keep"


def read_ownership(node: Node | None, context: FileContext) -> Ownership:
    """Read `unmanaged.statements`; the rule for Lambda's own statement is always included.

    A rule of the file for that statement is weaker than the built-in one, so it has no effect
    without `as_is`.
    """
    built_in = lambda_rule({context.registry.account, *context.accounts.ids.values()})
    own: list[KeepRule] = []
    for item in items_of(node, "statements", "keep"):
        sid = text_of(item, "sid")
        as_is = value_of(item, "as_is") is True
        for principal, condition in _read_kept_principals(item, context):
            if sid and (as_is or (sid, principal) != (LAMBDA_SID, LAMBDA)):
                own.append(KeepRule(sid, principal, condition=condition))
    return Ownership("keep" if keeps_by_default(node) else "remove", (built_in, *own))


def _read_kept_principals(
    item: Node, context: FileContext
) -> Iterator[tuple[Principal, Condition]]:
    for service in read_services(texts_of(item, "service"), context):
        yield service, NO_CONDITION
    for reference in texts_of(item, "principal"):
        for resolved in resolve(reference, context):
            yield resolved.principal, resolved.condition
