"""Which repository policies of a Terraform state the file manages, for Terraform to forget them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

from reconciler.access_file.desired import managed_names
from reconciler.access_file.model import Registry
from reconciler.adopt.terraform_state import StatePolicy, read_state
from reconciler.errors import InvalidError, Status
from reconciler.model.registry import (
    MAX_NAME_LENGTH,
    LiveRegistry,
    LiveRepository,
    RegistryScope,
    Target,
)
from reconciler.policy import MalformedError
from reconciler.printable import quoted
from reconciler.workflow.file.source import AccessSource
from reconciler.workflow.plans.planner import plan_each

MAX_STATE = 64 * 2**20
"""The largest state that is read, in bytes."""

_HINT = "'terraform show -json' and 'tofu show -json' print the state that is read here"

_WHOLE = "a removed block takes all instances of a resource"
_SHARED = "a policy that stays is of the same repository as one of this resource"
_NO_REGION = (
    "the state does not say the region of its repository; it does where the policy refers to an "
    "aws_ecr_repository"
)


class LeftPolicy(NamedTuple):
    """A policy that stays with Terraform, by the address of its instance, and why."""

    address: str
    reason: str


@dataclass(frozen=True, slots=True)
class Handover:
    """What becomes of the repository policies in a Terraform state.

    `removed` are the addresses of the resources that Terraform is to forget with all their
    instances, sorted; `policies` are the repositories of these. `left` stay with Terraform.
    `differing` are the policies that a plan with the file would change first.
    """

    removed: tuple[str, ...]
    policies: tuple[Target, ...]
    left: tuple[LeftPolicy, ...]
    differing: tuple[Target, ...]

    @property
    def statuses(self) -> frozenset[Status]:
        """REFUSED where a plan would change a policy first."""
        return frozenset({Status.REFUSED} if self.differing else ())


def hand_over(source: AccessSource, state: bytes, name: str = "the state") -> Handover:
    """Return which policies of a state Terraform is to forget, because the file manages them.

    `state` is what `terraform show -json` prints; `name` is what messages call it. The policies are
    compared as the state has them: nothing is read from AWS. Raises InvalidError for what is no
    state in this form.
    """
    policies = _read(state, name)
    names = {policy.repository for policy in policies}
    managed = [(part.registry, frozenset(managed_names(part, names))) for part in source.parts]
    verdicts = [(policy, _verdict(policy, managed)) for policy in policies]
    fixed = Counter(policy.resource for policy, found in verdicts if isinstance(found, str))
    staying = _staying(verdicts)
    texts = defaultdict[Target, set[str | None]](set)
    removed, left = set[str](), list[LeftPolicy]()
    for policy, found in verdicts:
        if isinstance(found, str):
            left.append(LeftPolicy(policy.address, found))
        elif count := fixed[policy.resource]:
            left.append(LeftPolicy(policy.address, f"{_WHOLE}; {count} of this one can't go"))
        elif policy.resource in staying:
            left.append(LeftPolicy(policy.address, _SHARED))
        else:
            removed.add(policy.resource)
            texts[found].add(policy.text)
    return Handover(
        tuple(sorted(removed)),
        tuple(sorted(texts)),
        tuple(left),
        tuple(sorted(_differing(source, texts))),
    )


def _read(state: bytes, name: str) -> tuple[StatePolicy, ...]:
    if not state.strip():
        raise _no_state(name, "it is empty")
    try:
        return read_state(state.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise _no_state(name, "not UTF-8") from None
    except MalformedError as malformed:
        reason = str(malformed) if malformed.path else malformed.reason
        raise _no_state(name, reason) from None


def _no_state(name: str, reason: str) -> InvalidError:
    return InvalidError(f"{name} is not a state in JSON: {reason}", hint=_HINT)


def _staying(verdicts: Sequence[tuple[StatePolicy, Target | str]]) -> Set[str]:
    """Return the resources that stay: a policy can't go, or one of the same repository stays."""
    found = {policy.resource for policy, verdict in verdicts if isinstance(verdict, str)}
    staying = found
    while found:
        owned = {verdict for policy, verdict in verdicts if policy.resource in found}
        found = {policy.resource for policy, verdict in verdicts if verdict in owned} - staying
        staying |= found
    return staying


def _verdict(policy: StatePolicy, managed: Sequence[tuple[Registry, Set[str]]]) -> Target | str:
    """Return the repository of a policy that the file manages, or why it does not manage it.

    `managed` are the names that it manages in each registry.
    """
    scope = policy.scope
    unmanaged = f"the file does not manage {_shown(policy.repository)}"
    if not any(policy.repository in names for _, names in managed):
        return unmanaged
    if scope is None:
        return _NO_REGION
    here = [(registry, names) for registry, names in managed if registry.account == scope.account]
    if not here:
        return f"it is in the account {_shown(scope.account)}"
    there = [names for registry, names in here if scope.region in registry.regions]
    if not there:
        return f"it is in the region {_shown(scope.region)}"
    if policy.repository not in there[0]:
        return f"{unmanaged} in {scope.account} {scope.region}"
    return Target(policy.repository, scope)


def _shown(text: str) -> str:
    """Return a text of the state, quoted; only its start where it is longer than any name."""
    return quoted(text if len(text) <= MAX_NAME_LENGTH else f"{text[:MAX_NAME_LENGTH]}…")


def _differing(source: AccessSource, texts: Mapping[Target, set[str | None]]) -> Set[Target]:
    """Return the policies that a plan would change, or can't compute, if the state's were live.

    A repository with several policies in the state is among them.
    """
    found = {target for target, own in texts.items() if len(own) > 1}
    for part in source.parts:
        live = _registries(
            (target, text)
            for target, own in texts.items()
            if target.scope in part.registry.scopes
            for text in own
        )
        for plan in plan_each(part, live, source.now).values():
            found |= {change.target for change in plan.changes}
            found |= {error.target for error in plan.errors}
    return texts.keys() & found


def _registries(policies: Iterable[tuple[Target, str | None]]) -> Iterable[LiveRegistry]:
    by_scope = defaultdict[RegistryScope, dict[str, LiveRepository]](dict)
    for target, text in policies:
        by_scope[target.scope][target.repository] = LiveRepository(target.repository, text)
    for scope, repositories in sorted(by_scope.items()):
        yield LiveRegistry(scope, tuple(sorted(repositories)), repositories)
