"""Plans over both policies: random files and registries, and who can do what before and after."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate, permutations

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from reconciler.model.access import Desired, DesiredRegistryPolicy, Grant
from reconciler.model.registry import (
    LiveRegistry,
    LiveRegistryPolicy,
    LiveRepository,
    ReadFailure,
    Target,
    registry_target,
)
from reconciler.model.rules import RuleId
from reconciler.plan.compute import compute_plan
from reconciler.plan.desired_policy import PlanInputs
from reconciler.plan.model import Change, Plan
from reconciler.plan.registry_policy.access import read_registry_access
from reconciler.plan.registry_policy.effect import OwnAccess, moves
from reconciler.policy import (
    Document,
    evaluate,
    facts_of_policy,
    glob_matches,
    iam_caller,
    uncovered_facts,
)
from reconciler.policy.meaning.keep import Ownership
from tests.effort import examples
from tests.plan.making import SCOPE, B, grant
from tests.policy.making import GET, PULL, PUT, ROLE, ROLE_B, Json, allow, deny, doc

POLICY = registry_target(SCOPE)
NAMES = ("app", "api", "web")
PATTERNS = ("*", "a*", "app", "none/*")
CALLERS = tuple(iam_caller(arn, {}) for arn in (ROLE, ROLE_B))
ACTIONS = (GET, PUT)
FAILED = ReadFailure(RuleId.THROTTLED, "Rate exceeded")

Access = frozenset[tuple[str, str, str]]
"""Who (an ARN) is allowed which action on which repository."""

grants = st.sampled_from([grant(), grant(B), grant(tier="push"), grant(B, tier="push-pull")])
by_pattern = st.dictionaries(
    st.sampled_from(PATTERNS), st.lists(grants, min_size=1, max_size=2, unique=True), max_size=2
)
statements = st.sampled_from(
    [
        allow(ROLE, PULL, Sid="EcrAccessPull"),
        allow(ROLE_B, PULL, Sid="OfOthers"),
        allow([ROLE, ROLE_B], "ecr:*"),
        allow(ROLE_B, PUT),
        deny(ROLE, GET, Sid="Closed"),
        deny("*", PUT, Sid="EcrAccessClosed"),
    ]
)
own_policies = st.lists(statements, max_size=2).map(lambda s: doc(*s) if s else None)
registry_policies = st.lists(
    st.tuples(statements, st.sampled_from(PATTERNS)).map(lambda found: on(*found)), max_size=3
).map(lambda s: doc(*s) if s else None)


def on(statement: Json, pattern: str) -> Json:
    arn = f"arn:aws:ecr:us-west-2:111122223333:repository/{pattern}"
    return {**statement, "Resource": arn}


def desired(own: Mapping[str, list[Grant]], via: Mapping[str, list[Grant]]) -> list[Desired]:
    def matching(entries: Mapping[str, list[Grant]], name: str) -> tuple[Grant, ...]:
        found = (g for pattern, of in entries.items() if glob_matches(pattern, name) for g in of)
        return tuple(dict.fromkeys(found))

    return [Desired(n, matching(own, n), by_registry=matching(via, n)) for n in NAMES]


def inputs_of(via: Mapping[str, list[Grant]], *, keep: bool) -> PlanInputs:
    ownership = Ownership("keep" if keep else "remove")
    asked = DesiredRegistryPolicy(tuple((p, tuple(of)) for p, of in sorted(via.items())))
    return PlanInputs(ownership, registry_policy=asked, registry_ownership=ownership)


def state(policies: Mapping[str, str | None], registry: str | None) -> LiveRegistry:
    live = {name: LiveRepository(name, text) for name, text in policies.items()}
    return LiveRegistry(SCOPE, NAMES, live, policy=LiveRegistryPolicy(registry, "V2"))


def access(live: LiveRegistry) -> Access:
    """Ask the evaluator about both policies together."""
    return frozenset(_access(live))


def _access(live: LiveRegistry) -> Iterator[tuple[str, str, str]]:
    of_registry = read_registry_access(live)
    for name, repository in live.repositories.items():
        target, text = Target(name, live.scope), repository.policy_text
        assert not isinstance(text, ReadFailure)
        own, beside = target.read(text), of_registry.beside(target).statements
        assert isinstance(own, Document)
        both = Document("2012-10-17", (*own.statements, *(one.statement for one in beside)))
        for caller in CALLERS:
            for action in ACTIONS:
                if evaluate(both, caller, action).verdict == "allowed":
                    yield name, str(caller.principals[0]), action


def applied(live: LiveRegistry, change: Change) -> LiveRegistry:
    if change.target == POLICY:
        return live._replace(policy=LiveRegistryPolicy(change.after_text, "V2"))
    name = change.target.repository
    changed = {name: LiveRepository(name, change.after_text)}
    return live._replace(repositories={**live.repositories, **changed})


def runs(changes: Iterable[Change]) -> Iterator[tuple[Change, ...]]:
    """Yield each order in which the changes may be written."""
    for run in permutations(changes):
        place = {change.target: number for number, change in enumerate(run)}
        if all(place.get(t, -1) < place[one.target] for one in run for t in one.relies_on):
            yield run


def moves_both_ways(plan: Plan, live: LiveRegistry) -> bool:
    """Whether a repository's policy and the registry's each take over something of the other's.

    No order of the two writes keeps all of it.
    """
    end = live
    for change in plan.changes:
        end = applied(end, change)
    there = [read_registry_access(one) for one in (live, end)]
    for change in plan.changes:
        if change.target != POLICY:
            mine = OwnAccess(*map(facts_of_policy, (change.before, change.after)))
            its = OwnAccess(*(one.beside(change.target).facts for one in there))
            taken = [uncovered_facts(one.before, by=one.after) for one in (mine, its)]
            if moves(taken[0], its) and moves(taken[1], mine):
                return True
    return False


def pairs(lost: Access) -> int:
    return len({found[:2] for found in lost})


@settings(examples(12), phases=[Phase.generate], report_multiple_bugs=False)
@given(
    by_pattern,
    by_pattern,
    st.fixed_dictionaries(dict.fromkeys(NAMES, own_policies)),
    registry_policies,
    st.booleans(),
)
def test_a_plan_says_who_loses_and_gains_and_leaves_nothing_to_do(
    own: dict[str, list[Grant]],
    via: dict[str, list[Grant]],
    policies: dict[str, str | None],
    registry: str | None,
    keep: bool,
) -> None:
    live, inputs = state(policies, registry), inputs_of(via, keep=keep)
    wanted = desired(own, via)
    plan = compute_plan(wanted, live, inputs)
    assert plan.errors == ()
    before, after = access(live), frozenset[tuple[str, str, str]]()
    first, *others = runs(plan.changes)
    for run in (first, *others[-1:]):
        states = [*accumulate(run, applied, initial=live)]
        after = access(states[-1])
        lost = [before & after - access(one) for one in states]
        assert not any(lost) or moves_both_ways(plan, live)
    again = compute_plan(wanted, states[-1], inputs)
    assert (again.changes, again.errors) == ((), ())
    revoked = sum(change.revoked for change in plan.changes)
    granted = sum(change.granted for change in plan.changes)
    if plan.changes:
        assert revoked >= pairs(before - after)
        assert granted >= pairs(after - before)
