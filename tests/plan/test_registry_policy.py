"""The registry's own policy, judged with those of the repositories, and what is said of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.registry import (
    LiveRegistry,
    LiveRegistryPolicy,
    ReadFailure,
    RegistryScope,
    RepositorySettings,
)
from reconciler.model.rules import RuleId
from reconciler.plan.checks.guards import check_public
from reconciler.plan.compute import compute_plan
from reconciler.plan.desired_policy import PlanInputs
from reconciler.plan.model import Plan
from reconciler.plan.registry_policy.access import read_registry_access, why_unknown
from reconciler.policy import PolicyScope
from reconciler.policy.language.principals import EVERYONE
from reconciler.policy.meaning.facts import Facts, NamedPrincipal, add_facts
from reconciler.policy.meaning.never import NeverRule, Outside
from reconciler.policy.meaning.tiers import BUILT_IN_TIERS
from tests.effort import examples
from tests.plan.making import (
    GONE,
    ROLE_A,
    SCOPE,
    B,
    desired,
    grant,
    live,
    registry,
    rules,
)
from tests.policy.making import (
    ACCOUNT,
    GET,
    PULL,
    PUT,
    ROLE,
    ROLE_B,
    ROOT,
    Json,
    allow,
    condition,
    deny,
    doc,
    facts,
)
from tests.policy.random_policies import policies

ALL = "arn:aws:ecr:us-west-2:111122223333:repository/*"
CREATE = "ecr:CreateRepository"
SET = "ecr:SetRepositoryPolicy"
DENIED = ReadFailure(RuleId.ACCESS_DENIED, "ecr:GetRegistryPolicy: not allowed for x")
FAILED = ReadFailure(RuleId.READ_FAILED, "no connection")
PULLING = desired(grant(ROLE_A))
IN_SYNC = doc(allow(ROLE, PULL))
NO_PUSH = NeverRule("push", BUILT_IN_TIERS["push"], (NamedPrincipal(B),), "b only runs")
NO_PUSH_PULL = NO_PUSH._replace(
    tier="read", actions=BUILT_IN_TIERS["read"], because="b sees nothing"
)
OUTSIDE = NO_PUSH._replace(to=(Outside(frozenset({ACCOUNT})),), because="theirs alone")
ORG = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
NO_ORG = {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}


def at(name: str) -> str:
    return f"arn:aws:ecr:us-west-2:111122223333:repository/{name}"


def on(resource: object, statement: Json) -> Json:
    return {**statement, "Resource": resource}


def having(
    found: LiveRegistry, *statements: Json, scope: PolicyScope | ReadFailure = "V2"
) -> LiveRegistry:
    """Say what the registry's own policy is; without statements there is none."""
    own = LiveRegistryPolicy(doc(*statements), scope) if statements else LiveRegistryPolicy(None)
    return found._replace(policy=own)


def planned(found: LiveRegistry, given: PlanInputs | None = None) -> Plan:
    return compute_plan([PULLING], found, given or PlanInputs())


def said(made: Plan, *rules: RuleId) -> list[str]:
    return [f.message for f in made.findings if not rules or f.rule in rules]


GRANTS, DENIES, IDLE = (
    RuleId.REGISTRY_POLICY_GRANTS,
    RuleId.REGISTRY_POLICY_DENIES,
    RuleId.REGISTRY_POLICY_IDLE,
)


def test_without_one_nothing_is_said() -> None:
    found = registry(app=IN_SYNC)
    assert planned(found) == planned(having(found)) == Plan(in_sync=1, live_grants=1)


def test_what_it_gives_beyond_the_file_is_named() -> None:
    names = rules(names={"robot": B})
    statement = allow(ROLE_B, PULL, {"Bool": {"aws:SecureTransport": True}}, Sid="Robots")
    made = planned(having(registry(app=IN_SYNC), on(at("a*"), statement)), names)
    assert (made.changes, made.in_sync) == ((), 1)
    (one,) = made.findings
    assert (one.repository, one.rule, one.scope.region) == ("*", GRANTS, "us-west-2")
    assert one.message == (
        f'the registry\'s policy (Sid "Robots") gives robot ({ROLE_B} with Bool '
        'aws:SecureTransport "true") pull on "a*" (1 managed repository); the file grants no such '
        "access"
    )


def test_what_it_denies_on_one_repository_counts_on_that_alone() -> None:
    rewriting = doc(allow(ROLE, PULL), allow(ROLE_B, SET, Sid="Theirs"))
    found = having(registry(app=rewriting, web=rewriting), on(at("app"), deny(ROLE_B, SET)))
    wanted = [PULLING, PULLING._replace(repository="web")]
    made = compute_plan(wanted, found, rules(default_keep=True))
    assert made.in_sync == 2
    assert [f.repository for f in made.findings if f.rule is RuleId.CAN_REWRITE] == ["web"]


def test_what_the_file_grants_too_is_not_named() -> None:
    both = [on(ALL, allow(ROLE, PULL))]
    assert said(planned(having(registry(app=IN_SYNC), *both))) == []
    wanted = [PULLING, desired(grant(B), repository="web")]
    found = having(registry(app=IN_SYNC, web=None), *both)
    (message,) = said(compute_plan(wanted, found, PlanInputs()), GRANTS)
    assert "(2 managed repositories); the file grants no such access on 1 of them" in message


def test_what_no_repositorys_policy_can_give_is_not_asked_of_the_file() -> None:
    replicating = ["ecr:CreateRepository", "ecr:ReplicateImage"]
    (message,) = said(planned(having(registry(app=IN_SYNC), on(ALL, allow(ROOT, replicating)))))
    assert message.endswith("(1 managed repository); no repository's policy can grant this")
    mixed = on(ALL, allow(ROOT, [GET, *replicating]))
    (message,) = said(planned(having(registry(app=IN_SYNC), mixed)))
    assert message.endswith("(1 managed repository); the file grants no such access")


def test_a_raw_statement_of_the_file_counts() -> None:
    wanted = desired(statements=[deny(ROLE_B, PUT)])
    found = having(registry(app=doc(deny(ROLE_B, PUT))), on(ALL, deny(ROLE_B, PUT)))
    assert compute_plan([wanted], found, PlanInputs()).findings == ()
    invalid = desired(statements=[{"Effect": 1}])
    assert said(compute_plan([invalid], found, PlanInputs()), DENIES)


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        (None, None),
        (LiveRegistryPolicy(None), None),
        (LiveRegistryPolicy(doc(on(ALL, allow())), "V2"), None),
        (LiveRegistryPolicy(doc(on(ALL, allow())), "V1"), None),
        (LiveRegistryPolicy(DENIED), f"the registry's policy was not read: {DENIED.message}"),
        (LiveRegistryPolicy("{}", "V2"), "the registry's policy is not understood ($.Statement: "),
        (
            LiveRegistryPolicy("{}", FAILED),
            "the registry's policy is not understood ($.Statement: ",
        ),
        (
            LiveRegistryPolicy(doc(on(ALL, allow(ROLE, [GET, CREATE]))), FAILED),
            "the scope of the registry's policy was not read: no connection",
        ),
        # Every scope enforces these.
        (LiveRegistryPolicy(doc(on(ALL, allow(ROLE, [CREATE]))), FAILED), None),
    ],
)
def test_why_it_is_not_known_what_it_means(
    policy: LiveRegistryPolicy | None, why: str | None
) -> None:
    found = live()._replace(policy=policy)
    told = why_unknown(found, read_registry_access(found))
    assert (told and told[: len(why or "")]) == why


def test_only_managed_repositories_that_exist_count() -> None:
    found = having(registry(_other=None), on(ALL, allow(ROLE_B)))
    assert said(planned(found)) == []
    creating = PlanInputs(to_create={"app": RepositorySettings()})
    assert said(planned(found, creating), GRANTS)


def test_an_unread_repository_is_judged_by_the_registrys_policy() -> None:
    found = having(registry(app=FAILED), on(ALL, allow(ROLE_B, PUT)))
    made = planned(found, PlanInputs(never=(NO_PUSH,)))
    assert [e.rule for e in made.errors] == [RuleId.READ_FAILED]
    assert [v.policy for v in made.violations] == ["registry"]
    assert said(made, GRANTS)


def test_a_deny_is_named_and_what_it_takes_away() -> None:
    found = having(registry(app=IN_SYNC), on(ALL, deny("*", GET)))
    made = planned(found)
    assert said(made, DENIES) == [
        "the registry's policy (a statement without Sid) denies everyone ecr:BatchGetImage on "
        '"*" (1 managed repository); the file denies no such access'
    ]
    (message,) = said(made, RuleId.GRANT_DENIED)
    assert message.startswith("on app, pull is only partly effective for ")
    assert "the Deny of the registry's policy (a statement without Sid)" in message


def test_a_deny_elsewhere_takes_nothing() -> None:
    found = having(registry(app=IN_SYNC), on(at("web"), deny("*", GET)))
    assert said(planned(found)) == []


def test_who_it_lets_rewrite_and_the_public_are_named_once() -> None:
    names = [f"r{number}" for number in range(5)]
    wanted = [desired(grant(ROLE_A), repository=name) for name in names]
    found = registry(**dict.fromkeys(names, IN_SYNC))
    found = having(found, on(ALL, allow("*", PULL)), on(ALL, allow(ROLE_B, "ecr:SetRep*")))
    made = compute_plan(wanted, found, PlanInputs())
    assert said(made, RuleId.PUBLIC) == [
        "on r0, r1, r2 and 2 more, the registry's policy allows pull to the public: no condition "
        "limits callers to named accounts, organizations, sources or networks"
    ]
    assert said(made, RuleId.CAN_REWRITE) == [
        f"on r0, r1, r2 and 2 more, the registry's policy allows {ROLE_B} to rewrite the policy "
        "and so give itself any access"
    ]


def test_a_deny_of_either_policy_closes_what_the_other_opens() -> None:
    opened, closing = allow("*", PULL), deny("*", "ecr:*", NO_ORG)
    keeping = rules(default_keep=True)
    alone = planned(registry(app=doc(opened)), keeping)
    assert said(alone, RuleId.PUBLIC)
    closed = planned(having(registry(app=doc(opened)), on(ALL, closing)), keeping)
    assert said(closed, RuleId.PUBLIC) == []
    closed = planned(having(registry(app=doc(closing)), on(ALL, opened)), keeping)
    assert said(closed, RuleId.PUBLIC) == []


def test_the_same_holds_where_no_policy_can_be_planned() -> None:
    invalid = desired(statements=[{"Effect": 1}])
    alone = registry(app=doc(allow("*", PULL)))
    closed = having(alone, on(ALL, deny("*", "ecr:*", NO_ORG)))
    for found, public in ((alone, 1), (closed, 0)):
        made = compute_plan([invalid], found, PlanInputs())
        assert (len(made.errors), len(said(made, RuleId.PUBLIC))) == (1, public)


def changing(*statements: Json) -> tuple[list[str], list[str]]:
    """Open `app` to the public: the risks, and whom the public guard refuses."""
    opening = desired(grant(ROLE_A), grant(EVERYONE, "pull"))
    made = compute_plan([opening], having(live(), *statements), PlanInputs())
    risks = [risk.name for change in made.changes for risk in change.risks]
    return sorted(set(risks) & {RuleId.PUBLIC, RuleId.NEW_ACCOUNT}), [
        refusal.guard for refusal in check_public(made.changes, ())
    ]


@pytest.mark.parametrize(
    ("statements", "risks"),
    [
        ([], ["new-account", "public"]),
        # A public statement of the registry's is no reason for one of the repository's.
        ([on(ALL, allow("*", PULL))], ["new-account", "public"]),
        ([on(ALL, allow(ROOT, GET))], ["public"]),
        # Nor is a Deny there, which others may remove at any time.
        ([on(ALL, deny("*", "ecr:*", NO_ORG))], ["new-account", "public"]),
    ],
)
def test_risks_are_those_of_both_policies(statements: list[Json], risks: list[str]) -> None:
    refused = ["public"] if "public" in risks else []
    assert changing(*statements) == (risks, refused)


@pytest.mark.parametrize(
    ("resource", "scope", "is_new"),
    [(ALL, "V2", False), (ALL, DENIED, True), ("arn:aws:ecr", "V2", True)],
)
def test_an_account_is_known_only_by_what_is_certain(
    resource: str, scope: PolicyScope | ReadFailure, is_new: bool
) -> None:
    found = having(live(), on(resource, allow(ROOT, GET)), scope=scope)
    (change,) = planned(found).changes
    assert (RuleId.NEW_ACCOUNT in {risk.name for risk in change.risks}) is is_new


def test_networks_of_both_policies_add_up() -> None:
    def near(first: int) -> Json:
        return {"IpAddress": {"aws:SourceIp": f"{first}.0.0.0/8"}}

    opening = doc(allow("*", PULL, near(7), Sid="EcrAccessPull"))
    wanted = desired(grant(EVERYONE, "pull", condition("IpAddress", "aws:SourceIp", "7.0.0.0/8")))
    wide = [on(ALL, allow("*", PULL, near(first))) for first in (11, 13)]
    (alone,) = compute_plan([wanted], live(), PlanInputs()).changes
    (change,) = compute_plan([wanted], having(live(), *wide), PlanInputs()).changes
    assert RuleId.PUBLIC not in {risk.name for risk in alone.risks}
    assert RuleId.PUBLIC in {risk.name for risk in change.risks}
    own = registry(app=opening)
    in_force = compute_plan([wanted], having(own, *wide), PlanInputs())
    assert (in_force.changes, len(said(in_force, RuleId.PUBLIC))) == ((), 1)
    assert said(in_force, RuleId.PUBLIC)[0].startswith("on app, the registry's policy allows pull")
    # Another change does not open what is open.
    more = wanted._replace(grants=(*wanted.grants, grant(ROLE_A)))
    (change,) = compute_plan([more], having(own, *wide), PlanInputs()).changes
    assert RuleId.PUBLIC not in {risk.name for risk in change.risks}


def test_a_wider_allow_of_the_registrys_policy_hides_no_public_change() -> None:
    tagged = condition("StringEquals", "aws:PrincipalTag/team", "a")
    opening = desired(grant(EVERYONE, "pull", tagged))
    made = compute_plan([opening], having(live(), on(ALL, allow("*", "ecr:*"))), PlanInputs())
    assert [refusal.guard for refusal in check_public(made.changes, ())] == [RuleId.PUBLIC]


def test_what_the_registrys_policy_alone_opens_is_no_risk_of_a_change() -> None:
    found = having(live(allow(ROLE_B)), on(ALL, allow("*", PULL)))
    (change,) = planned(found).changes
    assert RuleId.PUBLIC not in {risk.name for risk in change.risks}


def test_a_never_rule_that_it_breaks_is_broken_and_not_repaired() -> None:
    found = having(registry(app=IN_SYNC, _other=None), on(ALL, allow(ROLE_B, PUT)))
    made = planned(found, PlanInputs(never=(NO_PUSH,)))
    (broken,) = made.violations
    assert (broken.policy, broken.repaired) == ("registry", False)
    assert said(made, RuleId.NEVER) == [
        f"{ROLE_B} has push by the registry's policy, which it must never have: "
        '"b only runs"; no apply fixes this: change the registry\'s policy'
    ]


def test_one_that_the_repositorys_policy_breaks_too_is_left_to_the_registrys() -> None:
    given = PlanInputs(never=(NO_PUSH,))
    own = registry(app=doc(allow(ROLE_B, PUT)))
    (repaired,) = planned(own, given).violations
    (left,) = planned(having(own, on(ALL, allow(ROLE_B, PUT))), given).violations
    elsewhere = planned(having(own, on(ALL, allow(ROLE, PUT))), given).violations
    assert (repaired.policy, repaired.repaired) == ("repository", True)
    assert (left.policy, left.repaired) == ("registry", False)
    assert elsewhere == (repaired,)


def test_one_that_both_break_together_is_the_registrys() -> None:
    read = sorted(BUILT_IN_TIERS["read"])
    own, others = read[:2], read[2:]
    keeping = rules(default_keep=True)._replace(never=(NO_PUSH_PULL,))
    found = registry(app=doc(allow(ROLE, PULL, Sid="EcrAccessPull"), allow(ROLE_B, own)))
    assert planned(found, keeping).violations == ()
    (broken,) = planned(having(found, on(ALL, allow(ROLE_B, others))), keeping).violations
    assert (broken.policy, broken.repaired) == ("registry", False)


def test_no_plan_completes_what_is_forbidden() -> None:
    read = sorted(BUILT_IN_TIERS["read"])
    given = PlanInputs(never=(NO_PUSH_PULL._replace(to=(NamedPrincipal(ROLE_A),)),))
    others = sorted(set(read) - set(PULL))
    found = having(registry(app=None), on(ALL, allow(ROLE, others)))
    assert planned(registry(app=None), given).errors == ()
    made = planned(found, given)
    (error,) = made.errors
    assert (error.rule, made.changes) == (RuleId.NEVER, ())
    assert f"{ROLE} would have read" in error.message


def test_a_break_by_the_registrys_policy_hides_no_new_one() -> None:
    wanted = desired(grant(B, "push"))
    given = PlanInputs(never=(NO_PUSH,))
    found = having(registry(app=None), on(ALL, allow(ROLE_B, PUT)))
    made = compute_plan([wanted], found, given)
    assert [error.rule for error in made.errors] == [RuleId.NEVER]
    assert [broken.policy for broken in made.violations] == ["registry"]


def test_an_unmanaged_repository_is_judged_by_both() -> None:
    found = having(registry(other=None), on(ALL, allow(ROLE_B, PUT)))
    made = compute_plan([], found, PlanInputs(never=(NO_PUSH,)))
    (broken,) = made.violations
    assert (broken.target.repository, broken.policy) == ("other", "registry")


def test_a_repositorys_policy_that_is_not_understood_hides_no_break() -> None:
    found = having(registry(app='{"Statement": 1}'), on(ALL, allow(ROLE_B, PUT)))
    made = planned(found, PlanInputs(never=(NO_PUSH,)))
    assert [broken.policy for broken in made.violations] == ["registry"]
    assert len(said(made, RuleId.NEVER)) == 2


def test_one_that_is_not_understood_may_let_anyone_in() -> None:
    text = '{"Statement":\n  [{"Effect": "Allow"' + " " * 400 + "\x1b[31m" + "x" * 400
    found = registry(app=IN_SYNC)._replace(policy=LiveRegistryPolicy(text, "V2"))
    made = planned(found, PlanInputs(never=(NO_PUSH, OUTSIDE)))
    (raw,) = said(made, RuleId.UNREADABLE_POLICY)
    assert '{"Statement": [{"Effect": "Allow" \x1b[31mxxx' in raw
    assert raw.endswith("x…")
    assert said(made, RuleId.PUBLIC) == [
        "the registry's policy is not understood, so it may let anyone in"
    ]
    assert said(made, GRANTS) == []
    assert {broken.policy for broken in made.violations} == {"unreadable-registry"}
    assert f"{ROLE_B} may have push by the registry's policy (not understood), which" in " ".join(
        said(made, RuleId.NEVER)
    )
    short = found._replace(policy=LiveRegistryPolicy("[]", "V2"))
    assert said(planned(short), RuleId.UNREADABLE_POLICY)[0].endswith(": []")


def test_behind_one_that_is_not_understood_a_public_change_is_refused_all_the_same() -> None:
    found = live()._replace(policy=LiveRegistryPolicy("{", "V2"))
    made = compute_plan([desired(grant(EVERYONE))], found, PlanInputs())
    assert [refusal.guard for refusal in check_public(made.changes, ())] == [RuleId.PUBLIC]


def test_a_resource_that_matches_nothing_here_is_named() -> None:
    broken = "arn:aws:us-west-2:111122223333:repository/*"
    found = having(registry(app=IN_SYNC), on([broken, at("x")], allow(ROLE_B, Sid="S")))
    assert said(planned(found)) == [
        f'the registry\'s policy (Sid "S"): "{broken}" matches no repository of this registry: it '
        f"lacks the service: write {ALL}"
    ]


def test_a_not_resource_that_matches_nothing_excludes_nothing() -> None:
    broken = "arn:aws:us-west-2:111122223333:repository/app"
    found = having(registry(app=IN_SYNC), {**allow(ROLE_B, Sid="S" * 200), "NotResource": broken})
    made = planned(found)
    assert len(said(made, GRANTS)) == 1
    assert said(made, IDLE) == [
        f'the registry\'s policy (Sid "{"S" * 100}…"): "{broken}" in NotResource excludes no '
        f"repository of this registry: it lacks the service: write {ALL}"
    ]


def test_under_v1_other_actions_have_no_effect_and_grant_nothing() -> None:
    statements = (on(ALL, allow(ROLE_B, PUT)), on(ALL, allow(ROLE_B, "ecr:CreateRepository")))
    found = having(registry(app=IN_SYNC), *statements, scope="V1")
    made = planned(found, PlanInputs(never=(NO_PUSH,)))
    assert made.violations == ()
    assert said(made, IDLE) == [
        "the registry's policy (a statement without Sid) names ecr:PutImage: under the account's "
        "policy scope V1 only ecr:BatchImportUpstreamImage, ecr:CreateRepository and "
        "ecr:ReplicateImage have an effect"
    ]
    (granted,) = said(made, GRANTS)
    assert f"gives {ROLE_B} ecr:CreateRepository on" in granted


def test_an_unread_scope_is_said_and_the_worse_is_taken() -> None:
    statements = (on(ALL, allow(ROLE_B, PUT)), on(ALL, deny(ROLE_B, PUT)))
    found = having(registry(app=IN_SYNC), *statements, scope=DENIED)
    made = planned(found, PlanInputs(never=(NO_PUSH,)))
    assert len(made.violations) == 1
    (message,) = said(made, RuleId.REGISTRY_POLICY_UNREAD)
    assert message.startswith("the scope of the registry's policy was not read, so it is taken ")
    assert made.errors == ()


def test_a_policy_that_may_not_be_read_is_a_finding_and_one_that_failed_an_error() -> None:
    found = registry(app=IN_SYNC)
    made = planned(found._replace(policy=LiveRegistryPolicy(DENIED)))
    assert said(made) == [
        "the registry's policy was not read, so what it allows and denies is not part of this "
        f"report: {DENIED.message}"
    ]
    assert (made.in_sync, made.errors) == (1, ())
    made = planned(found._replace(policy=LiveRegistryPolicy(FAILED)))
    (error,) = made.errors
    assert (error.target.repository, error.rule) == ("*", RuleId.READ_FAILED)
    assert (made.in_sync, made.findings) == (1, ())


def test_each_region_has_its_own() -> None:
    other = RegistryScope("111122223333", "eu-west-1")
    found = having(registry(other, app=IN_SYNC), on(ALL, allow(ROLE_B)))
    assert "its region is not eu-west-1" in said(planned(found), IDLE)[0]
    assert other != SCOPE


def test_a_deleted_principal_breaks_nothing() -> None:
    found = having(registry(app=IN_SYNC), on(ALL, allow(GONE, PUT)))
    assert planned(found, PlanInputs(never=(OUTSIDE,))).violations == ()


RESOURCES = [ALL, "*", at("app"), at("a*"), at("web"), at("w?b"), at("none")]
registry_statements = st.builds(
    lambda statements, about, excluded: [
        {**one, "NotResource" if no else "Resource": where}
        for one, where, no in zip(statements, about, excluded, strict=False)
    ],
    policies,
    st.lists(st.sampled_from(RESOURCES), min_size=5, max_size=5),
    st.lists(st.booleans(), min_size=5, max_size=5),
)
ASKED = {name: desired(grant(ROLE_A), repository=name) for name in ("app", "web")}
SYNCED = registry(app=IN_SYNC, web=IN_SYNC)


def matching(statements: list[Json], name: str) -> list[Json]:
    """The statements that apply to a repository, without their Resource: worked out by hand."""
    names = {ALL: True, "*": True, at("none"): False}
    here = {
        **names,
        at("app"): name == "app",
        at("a*"): name == "app",
        at("web"): name == "web",
        at("w?b"): name == "web",
    }
    kept = (
        s
        for s in statements
        if here[str(s.get("Resource") or s["NotResource"])] is ("Resource" in s)
    )
    return [{k: v for k, v in s.items() if not k.endswith("Resource")} for s in kept]


def meaning(statements: list[Json]) -> list[Facts]:
    asked = facts(allow(ROLE, PULL))
    found = (matching(statements, name) for name in ASKED)
    return [add_facts(asked, facts(*one)) if one else asked for one in found]


@examples(40)
@given(st.lists(registry_statements, min_size=2, max_size=2), st.integers(0, 4))
def test_whatever_changes_the_meaning_changes_what_is_said(
    drawn: list[list[Json]], index: int
) -> None:
    first, second = drawn
    edited = [*first[:index], *second[:1], *first[index + 1 :]]
    said_of = [
        compute_plan(ASKED.values(), having(SYNCED, *one), PlanInputs()).findings
        for one in (first, edited)
    ]
    if meaning(first) != meaning(edited):
        assert said_of[0] != said_of[1]


@examples(40)
@given(policies, registry_statements)
def test_never_rules_are_judged_as_if_one_policy_said_it_all(
    own: list[Json], statements: list[Json]
) -> None:
    given_ = PlanInputs(never=(NO_PUSH, OUTSIDE))
    for name, wanted in ASKED.items():
        both = [*own, *matching(statements, name)]
        apart = compute_plan([wanted], having(registry(**{name: doc(*own)}), *statements), given_)
        together = compute_plan([wanted], registry(**{name: doc(*both)}), given_)
        assert {(v.principal, v.condition, v.tier) for v in apart.violations} == {
            (v.principal, v.condition, v.tier) for v in together.violations
        }
