"""The parts of a file besides who gets what: registry, guards, what is unmanaged."""

from collections.abc import Collection, Iterable, Iterator
from typing import Literal

from reconciler.access_file.document.nodes import (
    MappingNode,
    Node,
    ScalarNode,
    child,
    items_of,
    text_of,
    texts_of,
)
from reconciler.access_file.document.problems import Bound, Place, ProblemList, shown
from reconciler.access_file.model import Entry, Registry
from reconciler.access_file.sections.account_fields import check_partition
from reconciler.access_file.sections.names import Names, resolve
from reconciler.access_file.sections.principals import check_service
from reconciler.access_file.sections.repository import check_repository
from reconciler.model.guards import Guards, Limit
from reconciler.model.rule_ids import RuleId
from reconciler.policy.language.conditions import NO_CONDITION, Condition
from reconciler.policy.language.glob import GlobIndex, globs_intersect, has_wildcard
from reconciler.policy.language.principals import (
    Principal,
    parse_arn,
    partition_of_region,
    service_principal,
)
from reconciler.policy.meaning.keep import LAMBDA, LAMBDA_SID, KeepRule, Ownership, lambda_rule

_MOST_PUBLIC = 100
"""As many names as the schema takes under `guards.public.allow`; more are reported there."""

_COMPARED = Bound(50_000, "comparisons of patterns that may be public with entries")


def read_registry(node: Node | None, problems: ProblemList) -> Registry:
    """Read `registry`; where it is broken, which the schema reports, empty stand-ins."""
    regions = texts_of(child(node, "regions"))
    _check_repeated(regions, problems)
    partitions = {partition_of_region(region.text): region for region in regions}
    partition = next(iter(partitions), "aws")
    if len(partitions) > 1:
        message = f"the regions lie in several partitions: {', '.join(partitions)}"
        hint = "a registry's regions share one partition; use a file for each"
        place = list(partitions.values())[1].place
        problems.error(RuleId.MIXED_PARTITIONS, message, place, hint=hint)
    for role in texts_of(child(node, "assume_role")):
        arn = parse_arn(role.text)
        if arn is None or arn.resource_type != "role":
            message = f"{shown(role.text)} is not the ARN of a role"
            hint = f"write arn:{partition}:iam::ACCOUNT:role/NAME"
            problems.error(RuleId.BAD_ARN, message, role.place, hint=hint)
        check_partition(role.text, role.place, partition, problems)
    return Registry(
        account=text_of(child(node, "account")) or "",
        regions=tuple(region.text for region in regions),
        partition=partition,
        name=text_of(child(node, "name")),
        assume_role=text_of(child(node, "assume_role")),
        probe_repository=text_of(child(node, "probe_repository")),
    )


def _check_repeated(regions: Iterable[ScalarNode], problems: ProblemList) -> None:
    places: dict[str, Place] = {}
    for region in regions:
        if region.text in places:
            message = f"the region {shown(region.text)} stands here twice"
            problems.error(RuleId.BAD_VALUE, message, region.place, other=places[region.text])
        places[region.text] = region.place


def read_guards(node: Node | None) -> Guards:
    """Read `guards`, with its defaults."""
    usual = Guards()
    return Guards(
        public=_public(child(node, "public")),
        max_revoked=_limit(child(node, "max_revoked"), usual.max_revoked),
        max_granted=_limit(child(node, "max_granted"), usual.max_granted),
    )


def check_public_allowed(
    node: Node | None, entries: Collection[Entry], problems: ProblemList
) -> None:
    """Report names under `guards.public.allow` that can't be one, and that no entry is about.

    Raises TooLargeError.
    """
    names = [n for n in _public_names(child(node, "public")) if check_repository(n, problems)]
    bad = {p.place for p in problems.found if p.rule == RuleId.BAD_REPOSITORY_NAME}
    known = [entry.repository for entry in entries if entry.place not in bad]
    for name in _idle_names(names, entries, problems):
        message = f"no entry is about {shown(name.text)}, so this allows nothing"
        hint = problems.did_you_mean(name.text, known) or "remove it, or name an entry"
        problems.warning(RuleId.IDLE_ALLOW, message, name.place, hint=hint)


def _idle_names(
    names: Iterable[ScalarNode], entries: Iterable[Entry], problems: ProblemList
) -> Iterator[ScalarNode]:
    """Give the names and patterns that no entry has a repository in common with."""
    patterns = [entry.repository for entry in entries if entry.is_pattern]
    exact = {entry.repository for entry in entries if not entry.is_pattern}
    names = tuple(names)
    of_entries, allowed = GlobIndex(patterns), GlobIndex(name.text for name in names)
    about = exact.union(*map(allowed.matching, exact))
    for name in names:
        if name.text not in about and not of_entries.matching(name.text):
            if has_wildcard(name.text):
                problems.ask(_COMPARED, len(patterns), name.place)
                if any(globs_intersect(name.text, pattern) for pattern in patterns):
                    continue
            yield name


def _public(node: Node | None) -> tuple[str, ...]:
    return ("*",) if text_of(node) == "allow" else tuple(n.text for n in _public_names(node))


def _public_names(node: Node | None) -> tuple[ScalarNode, ...]:
    return texts_of(child(node, "allow"))[:_MOST_PUBLIC]


def read_unmanaged_repositories(node: Node | None) -> Literal["ignore", "report", "fail"]:
    """Read `unmanaged.repositories`, with its default."""
    match text_of(child(node, "repositories")):
        case "ignore":
            return "ignore"
        case "fail":
            return "fail"
        case _:
            return "report"


def keeps_by_default(node: Node | None) -> bool:
    """Tell whether statements that the file did not ask for stay."""
    return text_of(child(child(node, "statements"), "default")) == "keep"


def read_ownership(node: Node | None, names: Names) -> Ownership:
    """Read `unmanaged.statements`; the rule for Lambda's own statement is always there.

    A rule of the file for that same statement would be the weaker one, so it adds nothing unless it
    says `as_is`.
    """
    accounts = names.around.accounts
    built_in = lambda_rule({accounts.registry, *accounts.ids.values()})
    own: list[KeepRule] = []
    for item in items_of(child(child(node, "statements"), "keep")):
        sid = text_of(child(item, "sid"))
        as_is = child(item, "as_is")
        weaker = not (isinstance(as_is, ScalarNode) and as_is.value is True)
        for who, held in _keep_whom(item, names):
            if sid and not (weaker and (sid, who) == (LAMBDA_SID, LAMBDA)):
                own.append(KeepRule(sid, who, condition=held))
    return Ownership("keep" if keeps_by_default(node) else "remove", (built_in, *own))


def _keep_whom(item: Node, names: Names) -> list[tuple[Principal, Condition]]:
    named = texts_of(child(item, "service"))
    for service in named:
        check_service(service, names.around)
    services = [(service_principal(service.text), NO_CONDITION) for service in named]
    referred = [
        (member.principal, member.condition)
        for reference in texts_of(child(item, "principal"))
        for member in resolve(reference, names)
    ]
    return services + referred


def _limit(node: Node | None, usual: Limit | None) -> Limit | None:
    if node is None:
        return usual
    if isinstance(node, MappingNode):
        return Limit(_number(child(node, "percent")), _number(child(node, "count")))
    return None


def _number(node: Node | None) -> int:
    return node.value if isinstance(node, ScalarNode) and isinstance(node.value, int) else 0
