"""What the plan of a registry takes from the access file, and what it reports of the file."""

from collections.abc import Iterable
from datetime import datetime

from reconciler.access_file.desired import (
    desired_registry_policy,
    desired_templates,
    patterns_without_match,
    reads_templates,
    to_create,
)
from reconciler.access_file.model import AccessFile, display_names_of
from reconciler.model.registry import LiveRegistry
from reconciler.model.rules import RuleId
from reconciler.plan.desired_policy import PlanInputs
from reconciler.plan.model import Finding


def plan_inputs(access: AccessFile, now: datetime) -> PlanInputs:
    """Return what a plan needs of the file besides the grants of repositories."""
    is_managed = access.registry.policy == "manage"
    return PlanInputs(
        access.ownership,
        display_names_of(access),
        to_create(access),
        never=tuple(placed.rule for placed in access.never_rules),
        registry_policy=desired_registry_policy(access, now) if is_managed else None,
        registry_ownership=access.registry_ownership,
        templates=desired_templates(access, now) if reads_templates(access) else None,
    )


def idle_patterns(access: AccessFile, live: LiveRegistry) -> Iterable[Finding]:
    """Report each pattern of the file that no live repository matches."""
    message = "no live repository matches this pattern"
    for entry in patterns_without_match(access, live.names):
        yield Finding(entry.repository, RuleId.PATTERN_MATCHES_NOTHING, message, live.scope)


def missing_probe(access: AccessFile, live: LiveRegistry) -> Iterable[Finding]:
    """Report a probe repository that does not exist."""
    probe = access.registry.probe_repository
    if probe is not None and probe not in live.names:
        message = "the probe repository does not exist: it can't be used to find unknown principals"
        yield Finding(probe, RuleId.MISSING_PROBE_REPOSITORY, message, live.scope)
