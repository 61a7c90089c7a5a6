import pytest

from reconciler.model.access import DisplayNames
from reconciler.model.registry import RegistryScope, Target
from reconciler.plan.checks.risks import find_risks, standing_risks
from reconciler.plan.counts import count_granted, count_live, count_revoked
from reconciler.plan.model import Risk
from reconciler.policy.language.document import Unreadable
from reconciler.policy.language.principals import EVERYONE, Principal
from reconciler.policy.meaning.facts import Facts, NamedPrincipal, difference
from tests.policy.making import (
    GET,
    OTHER_ACCOUNT,
    PULL,
    PUT,
    ROLE,
    ROLE_B,
    ROOT,
    USER,
    Json,
    allow,
    condition,
    deny,
    facts,
)

OWN = "111122223333"
TARGET = Target("app", RegistryScope(OWN, "us-west-2"))
ORG = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
LAMBDA = {"Service": "lambda.amazonaws.com"}
GONE = "AROAEXAMPLEEXAMPLEID"
PERIMETER = deny("*", "ecr:*", {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}})


def _from(*first: int) -> Json:
    networks = [f"{number}.0.0.0/8" for number in first]
    return allow("*", when={"IpAddress": {"aws:SourceIp": networks}})


@pytest.mark.parametrize(
    ("before", "after", "risks"),
    [
        ([], [], []),
        ([], [allow(f"arn:aws:iam::{OWN}:role/a")], []),
        ([], [allow(ROLE)], ["new-account"]),
        ([], [allow(OTHER_ACCOUNT)], ["new-account"]),
        ([allow(ROOT)], [allow(ROOT), allow(ROLE)], []),
        ([allow(USER)], [allow(ROLE)], []),
        ([deny(USER)], [allow(ROLE)], ["deny-removed", "new-account"]),
        ([], [deny(ROLE, "ecr:*")], []),
        ([], [allow(LAMBDA)], []),
        ([], [allow("*")], ["public"]),
        ([], [allow("*", when=ORG)], []),
        ([allow("*", when=ORG)], [allow("*")], ["public"]),
        ([allow("*", PULL)], [allow("*", GET)], []),
        ([], [allow("*", "ecr:*")], ["admin", "can-rewrite", "public"]),
        ([allow(ROLE)], [allow(ROLE, "ecr:*")], ["admin", "can-rewrite"]),
        ([allow(ROLE)], [allow(ROLE, "*")], ["admin", "can-rewrite"]),
        ([allow(ROLE)], [allow(ROLE, "ecr:Put*")], []),
        ([allow(ROLE, "ecr:*")], [allow(ROLE, "ecr:*"), allow(ROLE_B)], []),
        ([allow(ROLE, "ecr:*")], [allow(ROLE)], []),
        ([], [allow(LAMBDA, None, NotAction=PUT)], ["admin", "can-rewrite"]),
        ([], [allow(LAMBDA, None, NotAction="ecr:*Policy")], ["admin"]),
        ([], [allow(LAMBDA, "ecr:SetRepositoryPolicy")], ["can-rewrite"]),
        ([], [allow(LAMBDA, "ecr:*")], ["admin", "can-rewrite"]),
        ([allow(LAMBDA, "ecr:*")], [allow(LAMBDA, "ecr:*"), allow(LAMBDA, GET, when=ORG)], []),
        ([], [allow(None, NotPrincipal={"AWS": ROLE})], ["public"]),
        ([], [allow("*"), PERIMETER], []),
        ([allow("*"), PERIMETER], [allow("*")], ["deny-removed", "public"]),
        ([allow("*")], [allow("*"), PERIMETER], []),
        ([_from(1, 3)], [_from(1, 3), _from(5)], ["public", "public"]),
        ([_from(1, 3), _from(5)], [_from(1, 3), _from(5), _from(7)], ["public"]),
    ],
)
def test_risks(before: list[Json], after: list[Json], risks: list[str]) -> None:
    held, wanted = _facts(before), _facts(after)
    found = find_risks(held, wanted, difference(held, wanted), TARGET, DisplayNames())
    assert [risk.name for risk in found] == risks


REMOVE = "ecr:DeleteRepositoryPolicy"
REPLACE = "ecr:SetRepositoryPolicy"


@pytest.mark.parametrize(
    ("statement", "marked"),
    [
        *((allow(ROLE, do), True) for do in (REPLACE, REMOVE, [GET, REMOVE], "ecr:Set*", "*")),
        *((allow(ROLE, do), True) for do in ("ecr:*Policy", "ecr:?etRepositoryPolicy", "ECR:s*y")),
        *((allow(ROLE, do), False) for do in ("ecr:Get*", "ecr:*LifecyclePolicy", "ecr:Set?")),
        (allow(ROLE, None, NotAction=GET), True),
        (allow(ROLE, None, NotAction=REPLACE), True),  # may remove it
        (allow(ROLE, None, NotAction=[REPLACE, REMOVE]), False),
        (allow(ROLE, None, NotAction="ecr:*RepositoryPolicy"), False),
        (allow(ROLE, REPLACE, {"Bool": {"aws:MultiFactorAuthPresent": "true"}}), True),
        *((allow(who, REPLACE), True) for who in (OTHER_ACCOUNT, USER, LAMBDA, {"Federated": "x"})),
        (allow("*", REPLACE, ORG), True),
        (allow(None, REPLACE, NotPrincipal={"AWS": ROLE}), True),
        (allow(f"arn:aws:iam::{OWN}:role/a", REPLACE), True),
        (allow(OWN, REPLACE), False),
        (allow(OWN, REPLACE, ORG), False),
        (allow(GONE, REPLACE), False),
        (deny(ROLE, REPLACE), False),
    ],
)
def test_whoever_may_rewrite_the_policy_is_marked(statement: Json, marked: bool) -> None:
    after = _facts([statement])
    gained = difference({}, after)
    names = {risk.name for risk in find_risks({}, after, gained, TARGET, DisplayNames())}
    assert ("can-rewrite" in names) is marked
    assert find_risks(after, after, difference(after, after), TARGET, DisplayNames()) == ()


IN_ORG = condition("StringEquals", "aws:PrincipalOrgID", "o-1")
NAMED = DisplayNames(principals=(NamedPrincipal(EVERYONE, IN_ORG, "everyone-here"),))


@pytest.mark.parametrize(
    ("when", "outside"),
    [
        (ORG, False),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-2"}}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": ["o-1", "o-2"]}}, True),
        ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/r-1/ou-1/*"}}, False),
        ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-2/r-1/ou-1/*"}}, True),
        ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, True),
        ({"StringEquals": {"aws:SourceOrgID": "o-1"}}, False),
        ({"StringEquals": {"aws:SourceOrgID": "o-2"}}, True),
    ],
)
def test_outside_the_organizations_that_the_file_names(when: Json, outside: bool) -> None:
    wanted = _facts([allow("*", when=when)])
    gained = difference({}, wanted)
    expected = ["outside-organization"] if outside else []
    assert [risk.name for risk in find_risks({}, wanted, gained, TARGET, NAMED)] == expected
    assert find_risks({}, wanted, gained, TARGET, DisplayNames()) == ()


def test_a_new_account_is_named_once_whoever_of_it_comes() -> None:
    wanted = _facts([allow(ROLE), allow(ROLE_B)])
    (risk,) = find_risks({}, wanted, difference({}, wanted), TARGET, DisplayNames())
    assert risk == Risk("new-account", Principal("AWS", (ROOT,)))


@pytest.mark.parametrize(
    ("before", "after", "revoked", "granted"),
    [
        ([], [], 0, 0),
        ([allow([ROLE, USER])], [], 2, 0),
        ([], [allow([ROLE, USER])], 0, 2),
        ([allow(do=[GET, PUT])], [allow()], 1, 0),
        ([allow(do=GET)], [allow(do=PUT)], 1, 1),
        ([allow()], [allow(when=ORG)], 1, 0),
        ([allow(when=ORG)], [allow()], 0, 1),
        ([allow(), allow(do=PUT, when=ORG)], [], 2, 0),
        ([allow(do=GET)], [allow(do="ecr:*")], 0, 1),
        ([], [deny()], 0, 0),
        ([deny()], [], 0, 1),
        ([allow([ROLE, USER], GET)], [allow([ROLE, USER], GET), deny("*", PUT)], 0, 0),
        ([allow([ROLE, USER], GET), deny("*", PUT)], [allow([ROLE, USER], GET)], 0, 1),
        ([allow([ROLE, USER], GET)], [allow([ROLE, USER], GET), deny("*", "ecr:*")], 2, 0),
        ([allow([ROLE, USER], GET), deny("*", "ecr:*")], [allow([ROLE, USER], GET)], 0, 2),
        ([allow(ROLE, "ecr:*")], [allow(ROLE, "ecr:*"), deny("*", None, NotAction=GET)], 1, 0),
        (
            [allow(ROLE, None, NotAction=GET)],
            [allow(ROLE, None, NotAction=GET), deny("*", None, NotAction=PUT)],
            1,
            0,
        ),
        ([allow(GONE)], [], 0, 0),
        ([allow([GONE, ROLE])], [], 1, 0),
    ],
)
def test_how_much_a_change_moves(
    before: list[Json], after: list[Json], revoked: int, granted: int
) -> None:
    held = _facts(before)
    access = difference(held, _facts(after))
    counted = count_revoked(held, access), count_granted(_facts(after), access)
    assert counted == (revoked, granted)


@pytest.mark.parametrize(("one", "other"), [(0, 1), (1, 0)])
def test_a_session_and_its_role_are_denied_together(one: int, other: int) -> None:
    who = (ROLE, "arn:aws:sts::444455556666:assumed-role/a/s1")
    before, after = _facts([allow(who[one])]), _facts([allow(who[one]), deny(who[other])])
    assert count_revoked(before, difference(before, after)) == 1


def test_a_deny_of_one_takes_from_what_everyone_of_an_organization_has() -> None:
    held = [allow("*", when=ORG)]
    before, after = _facts(held), _facts([*held, deny("999900001111")])
    assert count_revoked(before, difference(before, after)) == 1
    assert count_granted(before, difference(after, before)) == 1


@pytest.mark.parametrize(
    ("denied", "revoked"),
    [
        (deny("*"), 4),
        (deny(None, NotPrincipal={"AWS": ROLE}), 4),  # its account is not left out
        # Who has a permissions boundary is denied although the element names him.
        (deny(None, NotPrincipal={"AWS": [ROLE, ROOT]}), 4),
        (deny(None, NotPrincipal={"AWS": [ROLE, ROOT], **LAMBDA}), 3),
        (deny(None, NotPrincipal={"AWS": [ROLE, ROOT]}, do=PUT), 0),
        (deny(ROOT), 3),
        (deny(ROLE), 2),
        (deny("arn:aws:iam::444455556666:role/nobody"), 1),
        (deny("arn:aws:iam::999900001111:role/nobody"), 0),
        (deny(LAMBDA), 1),
        (deny({"Federated": "x"}), 0),
        (deny("*", PUT), 0),
    ],
)
def test_a_new_deny_takes_from_everybody_whom_it_may_match(denied: Json, revoked: int) -> None:
    held = [allow(ROLE), allow(ROLE_B), allow(ROOT), allow(LAMBDA)]
    before, after = _facts(held), _facts([*held, denied])
    assert count_revoked(before, difference(before, after)) == revoked


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("{}", 1),
        ('{"Statement": {"Principal": "*"}}', 1),
        ('{"AWS": ["111122223333", "arn:aws:iam::444455556666:role/a"], "x": 1}', 2),
        ('{"Service": "lambda.amazonaws.com", "AWS": ["arn:aws:iam::444455556666:root"]}', 2),
    ],
)
def test_an_unreadable_policy_counts_what_looks_like_a_principal(text: str, count: int) -> None:
    assert count_live(Unreadable(text, "x"), {}) == count


def _facts(statements: list[Json]) -> Facts:
    return facts(*statements) if statements else {}


@pytest.mark.parametrize(("organization", "outside"), [("o-1", False), ("o-2", True)])
def test_a_deny_says_which_organization_everyone_is_of(organization: str, outside: bool) -> None:
    others = deny("*", "*", {"StringNotEquals": {"aws:PrincipalOrgID": organization}})
    wanted = _facts([allow("*"), others])
    found = find_risks({}, wanted, difference({}, wanted), TARGET, NAMED)
    assert [risk.name for risk in found] == (["outside-organization"] if outside else [])


def test_standing_risks_are_those_of_all_that_is_allowed_and_no_account_is_new() -> None:
    after = facts(allow(ROLE, "ecr:*"), allow("*"), deny(USER))
    found = standing_risks(after, TARGET, DisplayNames())
    assert [risk.name for risk in found] == ["admin", "can-rewrite", "public"]
    assert standing_risks(facts(allow(OTHER_ACCOUNT)), TARGET, DisplayNames()) == ()
