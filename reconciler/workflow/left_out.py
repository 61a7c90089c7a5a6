"""What a run on some of a file's registries leaves out, and so can't know."""

from reconciler.access_file.explain import entries_for
from reconciler.model.rules import RuleId
from reconciler.plan.model import Plan
from reconciler.printable import some_of
from reconciler.workflow.origin import origin_of_file
from reconciler.workflow.source import AccessSource


def entry_elsewhere(source: AccessSource, repository: str) -> str | None:
    """Return a hint in which registries that are left out a repository has an entry, if in any."""
    having = (part.registry.name for part in source.left_out if entries_for(part, repository))
    names = dict.fromkeys(one for one in having if one)
    return f"it has an entry in {some_of(names)}" if names else None


def with_doubtful_replicas(plan: Plan, source: AccessSource) -> Plan:
    """Say of each missing repository that replication makes that it may exist elsewhere."""
    names = origin_of_file(source).left_out
    if not names:
        return plan
    replicated = {
        entry.repository for part in source.parts for entry in part.entries if entry.replicated
    }
    doubt = f"; {some_of(names)}, from where it may be replicated, is not looked at"
    errors = (
        error._replace(message=error.message + doubt)
        if error.rule is RuleId.MISSING_REPOSITORY and error.target.repository in replicated
        else error
        for error in plan.errors
    )
    return plan._replace(errors=tuple(errors))
