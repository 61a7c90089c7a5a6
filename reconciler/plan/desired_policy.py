"""The policy that a repository is to have, worked out from the grants and what is live."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from reconciler.model.display_names import DisplayNames
from reconciler.model.grants import Desired, grant_facts
from reconciler.model.registry import RepositorySettings, Target
from reconciler.model.rule_ids import RuleId
from reconciler.policy.compile import compile_policy
from reconciler.policy.language.document import (
    MAX_POLICY_CHARACTERS,
    VERSION,
    Document,
    Policy,
    Statement,
    Unreadable,
)
from reconciler.policy.meaning.facts import Facts, facts_of
from reconciler.policy.meaning.keep import (
    Ownership,
    changes_meaning,
    kept_statements,
    statement_key,
)
from reconciler.policy.meaning.never import NeverRule


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """What a plan needs to know of the file, besides the grants.

    `to_create` are the repositories that are made where they do not exist, `never` the rules on
    who never shall have what.
    """

    ownership: Ownership = field(default_factory=Ownership)
    display_names: DisplayNames = field(default_factory=DisplayNames)
    to_create: Mapping[str, RepositorySettings] = field(default_factory=dict)
    never: tuple[NeverRule, ...] = ()


class WantedPolicy(NamedTuple):
    """A policy to come: its text (None for no policy), what it means, and what it keeps of others.

    `asked` is what the file alone asks for.
    """

    text: str | None
    facts: Facts
    kept: tuple[Statement, ...]
    asked: Document


class NotPlannableError(Exception):
    """Why no policy can be worked out for one repository."""

    def __init__(self, rule: RuleId, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message


def work_out(wanted: Desired, target: Target, before: Policy, rules: PlanInputs) -> WantedPolicy:
    """Give the policy that a repository is to have in place of a live one.

    Raises NotPlannableError.
    """
    asked_text = _write(wanted, (), rules)
    asked = _read_back(asked_text, target)
    kept = _kept(before, asked, rules.ownership)
    text = _write(wanted, kept, rules) if kept else asked_text
    # Kept statements mean what they mean in the live document, whatever its version.
    return WantedPolicy(text, facts_of((*asked.statements, *kept)), kept, asked)


def check_writable(wanted: WantedPolicy, before: Policy) -> None:
    """Raise NotPlannableError where a policy can't be written as it is meant."""
    for statement in wanted.kept:
        if isinstance(before, Document) and changes_meaning(before, statement):
            raise NotPlannableError(
                RuleId.KEPT_STATEMENT,
                f"the statement {statement.sid!r} is to be kept, but its ${{ would mean something "
                f"else under Version {VERSION}; rewrite it by hand",
            )
    text = wanted.text
    if text is not None and len(text) > MAX_POLICY_CHARACTERS:
        raise NotPlannableError(
            RuleId.POLICY_TOO_LARGE,
            f"the policy would have {len(text):,} characters, {len(wanted.kept)} kept statements "
            f"included; the service takes {MAX_POLICY_CHARACTERS:,}",
        )


def _write(wanted: Desired, kept: Iterable[Statement], rules: PlanInputs) -> str | None:
    # A Resource says nothing in a repository policy, and the service may refuse it.
    carried = [{k: v for k, v in s.raw.items() if k != "Resource"} for s in kept]
    return compile_policy(
        grant_facts(wanted.grants),
        [*wanted.statements, *carried],
        rules.display_names.tiers,
        owned_by_sid=rules.ownership.by_sid,
    )


def _read_back(text: str | None, target: Target) -> Document:
    """Read what was compiled: what counts is what the service is sent."""
    policy = target.read(text)
    if isinstance(policy, Unreadable):
        raise NotPlannableError(RuleId.BAD_STATEMENT, str(policy))
    return policy


def _kept(before: Policy, asked: Document, ownership: Ownership) -> tuple[Statement, ...]:
    """Give the live statements of others; each once, and none that the file carries itself."""
    if isinstance(before, Document):
        others = {
            statement_key(statement): statement for statement in kept_statements(before, ownership)
        }
        own = {statement_key(statement) for statement in asked.statements}
        return tuple(statement for key, statement in others.items() if key not in own)
    if ownership.default == "keep":
        raise NotPlannableError(
            RuleId.UNREADABLE_POLICY,
            f"the live policy is not understood ({before}), so nobody can tell which of its "
            "statements to keep; repair it by hand, or remove others' statements by default",
        )
    return ()
