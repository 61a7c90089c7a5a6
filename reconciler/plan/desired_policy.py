"""The desired policy of a repository: what the file asks for, and what is kept of the live one."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from reconciler.model.access import (
    Desired,
    DesiredRegistryPolicy,
    DesiredTemplate,
    DisplayNames,
    Grant,
    grant_facts,
)
from reconciler.model.registry import RepositorySettings, Target
from reconciler.model.rules import RuleId
from reconciler.plan.model import NotPlannableError
from reconciler.policy import (
    MAX_POLICY_CHARACTERS,
    VERSION,
    Document,
    Facts,
    NeverRule,
    Ownership,
    Policy,
    Statement,
    Unreadable,
    changes_meaning,
    compile_policy,
    facts_of,
    kept_statements,
    statement_key,
)

KEEP_OTHERS = Ownership("keep")


class EditedRepositories(NamedTuple):
    """What a plan that is limited to an edit may change; all other repositories stay as they are.

    Those of `whole` become what the file asks for, those of `parts` what is said here.
    """

    whole: frozenset[str] = frozenset()
    parts: Mapping[str, Desired] = MappingProxyType({})

    def limit(self, desired: Desired) -> Desired | None:
        """Return what a repository is to have; None where it stays as it is."""
        name = desired.repository
        return desired if name in self.whole else self.parts.get(name)


class PlanInputs(NamedTuple):
    """What a plan takes from the file besides the grants.

    `to_create` are the repositories to create where they do not exist, by name. `registry_policy`
    is what is desired of the registry's own policy, and `templates` of creation templates; None
    where the file does not manage them. `registry_ownership` is for statements of the former.
    `edited` limits the repositories' policies; None for no limit.
    """

    ownership: Ownership = Ownership()
    display_names: DisplayNames = DisplayNames()
    to_create: Mapping[str, RepositorySettings] = MappingProxyType({})
    never: tuple[NeverRule, ...] = ()
    registry_policy: DesiredRegistryPolicy | None = None
    registry_ownership: Ownership = KEEP_OTHERS
    templates: tuple[DesiredTemplate, ...] | None = None
    edited: EditedRepositories | None = None


class DesiredMeaning(NamedTuple):
    """What a desired policy means, and the live statements that it keeps."""

    facts: Facts
    kept: tuple[Statement, ...]


class DesiredPolicy(NamedTuple):
    """A desired policy: its text (None for no policy), its facts, and the statements it keeps."""

    text: str | None
    facts: Facts
    kept: tuple[Statement, ...]


def desired_meaning(
    desired: Desired, target: Target, before: Policy, inputs: PlanInputs
) -> DesiredMeaning:
    """Return what the policy that replaces a live one is to mean. Raises NotPlannableError."""
    kept = keepable(before, inputs.ownership)
    if not kept and not desired.statements:
        return DesiredMeaning(_facts_asked_for(desired.grants), ())
    policy = target.read(policy_text(desired, (), inputs))
    if isinstance(policy, Unreadable):
        raise NotPlannableError(RuleId.BAD_STATEMENT, str(policy))
    own = {statement_key(statement) for statement in policy.statements}
    kept = tuple(statement for statement in kept if statement_key(statement) not in own)
    # Kept statements mean what they mean in the live document, whatever its version.
    return DesiredMeaning(facts_of((*policy.statements, *kept)), kept)


def write_policy(desired: Desired, meaning: DesiredMeaning, inputs: PlanInputs) -> DesiredPolicy:
    """Return the policy that has this meaning."""
    return DesiredPolicy(policy_text(desired, meaning.kept, inputs), *meaning)


@lru_cache(maxsize=4_096)
def _facts_asked_for(grants: tuple[Grant, ...]) -> Facts:
    """Return `grant_facts`; cached, as the same grants are those of many repositories."""
    return grant_facts(grants)


def check_writable(desired: DesiredPolicy, before: Policy) -> None:
    """Raise NotPlannableError where a policy can't be written as it is meant."""
    for statement in desired.kept:
        if isinstance(before, Document) and changes_meaning(before, statement):
            raise unwritable(statement)
    check_length(desired.text, len(desired.kept))


def unwritable(statement: Statement) -> NotPlannableError:
    """Return the error for a kept statement that would mean something else in our version."""
    return NotPlannableError(
        RuleId.KEPT_STATEMENT,
        f"the statement {statement.sid!r} is to be kept, but contains ${{, which Version "
        f"{VERSION} reads as a variable; rewrite it by hand",
    )


def check_length(text: str | None, kept: int) -> None:
    """Raise NotPlannableError where a policy is too long; `kept` counts the kept statements."""
    if text is not None and len(text) > MAX_POLICY_CHARACTERS:
        raise NotPlannableError(
            RuleId.POLICY_TOO_LARGE,
            f"the policy would have {len(text):,} characters, {kept} kept statements included; the "
            f"service takes {MAX_POLICY_CHARACTERS:,}",
        )


def policy_text(desired: Desired, kept: Iterable[Statement], inputs: PlanInputs) -> str | None:
    """Return the text of a desired policy with the statements that are kept; None for no policy."""
    # A Resource says nothing in a repository policy, and the service may refuse it.
    raw = [{k: v for k, v in s.raw.items() if k != "Resource"} for s in kept]
    tiers, owned_by_sid = inputs.display_names.tiers, inputs.ownership.by_sid
    if not raw and not desired.statements:
        return _text_of_grants(desired.grants, tuple(tiers.items()), owned_by_sid=owned_by_sid)
    statements = [*desired.statements, *raw]
    facts = _facts_asked_for(desired.grants)
    return compile_policy(facts, statements, tiers, owned_by_sid=owned_by_sid)


@lru_cache(maxsize=4_096)
def _text_of_grants(
    grants: tuple[Grant, ...], tiers: tuple[tuple[str, frozenset[str]], ...], *, owned_by_sid: bool
) -> str | None:
    """Return the text of a policy of grants alone; cached as `_facts_asked_for` is."""
    return compile_policy(_facts_asked_for(grants), (), dict(tiers), owned_by_sid=owned_by_sid)


def keepable(before: Policy, ownership: Ownership) -> tuple[Statement, ...]:
    """Return the live statements of others that are kept, each once. Raises NotPlannableError."""
    if isinstance(before, Document):
        found = kept_statements(before.statements, ownership)
        return tuple({statement_key(statement): statement for statement in found}.values())
    if ownership.default == "keep":
        raise NotPlannableError(
            RuleId.UNREADABLE_POLICY,
            f"the live policy is not understood ({before}), so it is unknown which statements to "
            "keep; repair it by hand, or remove unmanaged statements by default",
        )
    return ()
