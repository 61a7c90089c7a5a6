"""Changes of the registry's own policy and of creation templates, made by hand."""

from reconciler.model.registry import RegistryScope, registry_target, template_target
from reconciler.model.templates import OURS, CreationTemplate
from reconciler.plan.model import Change, ChangeKind
from reconciler.policy.language.registry_document import RegistryDocument, read_registry_policy
from reconciler.policy.meaning.facts import difference, facts_of_policy
from reconciler.policy.meaning.registry_facts import (
    RegistryFacts,
    registry_difference,
    registry_facts_of,
)
from tests.policy.making import Json, doc

WEST = RegistryScope("111122223333", "us-west-2")
OWN = "arn:aws:ecr:us-west-2:111122223333:repository/"
MINE: Json = {"description": f"{OURS}: payments/*", "imageTagMutability": "IMMUTABLE"}


def on(*patterns: str) -> Json:
    """Write the Resource of a statement about these repositories."""
    return {"Resource": [f"{OWN}{pattern}" for pattern in patterns]}


def registry_change(before: list[Json], after: list[Json], scope: RegistryScope = WEST) -> Change:
    """Change the registry's own policy; without statements there is none."""
    target = registry_target(scope)
    old, new = (doc(*statements) if statements else None for statements in (before, after))
    access = registry_difference(_facts(old, scope), _facts(new, scope))
    kind: ChangeKind = "set" if new else "delete"
    return Change(target, kind, access, old, new, lasting=access)


def _facts(text: str | None, scope: RegistryScope) -> RegistryFacts:
    found = read_registry_policy(text)
    assert isinstance(found, RegistryDocument)
    return registry_facts_of(found.statements, scope.arn_prefix)


def template(
    prefix: str, applied_for: list[str], *statements: Json, rest: Json = MINE
) -> CreationTemplate:
    """Make a template; without statements it has no policy."""
    policy = doc(*statements) if statements else None
    return CreationTemplate(prefix, tuple(applied_for), policy, rest)


def template_change(before: CreationTemplate | None, after: CreationTemplate | None) -> Change:
    """Change a template; None for none."""
    some = before or after
    assert some is not None
    target = template_target(some.prefix, WEST)
    old, new = (one.text if one else None for one in (before, after))
    access = difference(*(facts_of_policy(target.read(text)) for text in (old, new)))
    kind: ChangeKind = "create" if before is None else "set" if after else "delete"
    return Change(target, kind, access, old, new, lasting=access)
