"""An import of the registry's own policy and of creation templates: the plan after it is empty."""

import pytest
import yaml

from reconciler.adopt.importing import Imported, ImportOptions, import_registry
from reconciler.model.registry import LiveRegistryPolicy, ReadFailure, RegistryScope
from reconciler.model.rules import RuleId
from reconciler.model.templates import CreationTemplate
from tests.adopt.making import (
    ACCOUNT,
    NOW,
    PULL,
    SCOPE,
    STAGING,
    WORKLOADS,
    Json,
    Own,
    Policies,
    about,
    allow,
    imported,
    plan_of,
    registry,
    role,
    template,
)

ORGANIZATION = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
NAMES = {WORKLOADS: "workloads", STAGING: "staging"}
POLICIES: Policies = {
    "payments/api": [allow(role("ci"))],
    "payments/web": [allow(role("ci")), allow(WORKLOADS, ["ecr:PutImage"])],
    "tools/x": None,
}
DENY = {"Effect": "Deny", "Principal": "*", "Action": "ecr:DeleteRepository"}


def check(own: Own, policies: Policies = POLICIES, **how: bool) -> tuple[Imported, Json]:
    """Import, see that the plan after it is empty, and return the file, too, as data."""
    found = imported(policies, NAMES, own=own, **how)
    plan = plan_of(found.text, registry(policies, own=own))
    assert (plan.changes, plan.errors, plan.unmanaged) == ((), (), ()), found.text
    file = yaml.safe_load(found.text)
    assert isinstance(file, dict)
    return found, file


def of_registry(file: Json) -> list[object]:
    """What a file says of the registry's policy: the mode, the patterns, the raw statements."""
    entries = file["repositories"]
    assert isinstance(entries, dict)
    assert isinstance(file["registry"], dict)
    via = {key: entry["access"] for key, entry in entries.items() if "via" in entry}
    return [file["registry"].get("policy"), via, file.get("registry_statements", [])]


@pytest.mark.parametrize(
    ("statement", "via"),
    [
        (
            allow("*", Condition=ORGANIZATION, Resource="*"),
            {"*": {"organization": "pull"}},
        ),
        (
            allow(WORKLOADS, Resource=about("*")),
            {"*": {"workloads": "pull"}},
        ),
        (
            allow([WORKLOADS, role("ci")], Resource=about("payments/*", "tools/*")),
            {
                "payments/*": {"ci": "pull", "workloads": "pull"},
                "tools/*": {"ci": "pull", "workloads": "pull"},
            },
        ),
        (
            allow(STAGING, ["ecr:ReplicateImage", "ecr:CreateRepository"], Resource=about("*")),
            {"*": {"staging": "replicate"}},
        ),
        (
            allow(
                WORKLOADS,
                [*PULL, "ecr:BatchImportUpstreamImage", "ecr:CreateRepository"],
                Resource=about("hub/**"),
            ),
            {"hub/*": {"workloads": ["pull", "cache"]}},
        ),
        (
            allow(WORKLOADS, ["ecr:ListImages"], Resource=about("payments/a?i*")),
            {"payments/a?i*": {"workloads": "list"}},
        ),
        (
            allow(
                WORKLOADS,
                Resource=about("hub/*"),
                Condition={"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}},
            ),
            {"hub/*": {"workloads": {"tier": "pull", "until": "2030-01-01"}}},
        ),
        (
            allow([WORKLOADS, "AROAEXAMPLEEXAMPLE123"], Resource=about("hub/*"))
            | {"Principal": {"AWS": [WORKLOADS]}},
            {"hub/*": {"workloads": "pull"}},
        ),
    ],
)
def test_prefixes_become_entries(statement: Json, via: Json) -> None:
    found, file = check(Own([statement]))
    assert of_registry(file) == ["manage", via, []]
    assert file["unmanaged"] == {"registry_statements": "remove"}
    assert "It makes all repositories" in " ".join(found.text.split())
    assert not found.notes.unmanaged


@pytest.mark.parametrize(
    "statement",
    [
        {**DENY, "Resource": "*"},
        {**DENY, "Sid": "EcrAccessNo", "Resource": about("payments/*", "tools/x")},
        allow(WORKLOADS, Resource=about("payments/api")),
        allow(WORKLOADS, Resource=about("payments/*", "payments/api")),
        {**DENY, "Resource": f"arn:aws:ecr:*:{ACCOUNT}:repository/payments/*"},
        {**allow(WORKLOADS), "NotResource": about("payments/*")},
        {"Effect": "Allow", "Principal": {"AWS": WORKLOADS}, "NotAction": "ecr:DeleteRepository"}
        | {"Resource": about("payments/*")},
        allow(WORKLOADS, Resource=about("payments/*"))
        | {"Principal": {"AWS": [WORKLOADS, "arn:aws:sts::444455556666:assumed-role/ci/s"]}}
        | {"Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}},
        allow(WORKLOADS, Resource=about("payments/${aws:PrincipalAccount}/*")),
    ],
)
def test_other_statements_are_raw(statement: Json) -> None:
    found, file = check(Own([statement]))
    mode, via, raw = of_registry(file)
    assert (mode, via, len(raw)) == ("manage", {}, 1)
    assert not found.notes.unmanaged


def test_a_registry_without_a_policy_or_templates_gives_the_file_as_before() -> None:
    assert check(Own())[0].text == imported(POLICIES, NAMES).text
    assert "policy" not in imported(POLICIES, NAMES).text.partition("version: 1")[2]


def test_a_tier_of_the_registrys_policy_is_none_of_a_repository() -> None:
    actions = ["ecr:ReplicateImage", "ecr:CreateRepository"]
    policies: Policies = {"hub/a": [allow(WORKLOADS, actions)]}
    own = Own([allow(WORKLOADS, actions, Resource=about("lib/*"))])
    _, file = check(own, policies)
    assert file["repositories"] == {
        "hub/a": {"access": {"workloads": "replicate-more"}},
        "lib/*": {"via": "registry-policy", "access": {"workloads": "replicate"}},
    }


def test_flat_files_have_no_patterns() -> None:
    own = Own([allow(WORKLOADS, Resource=about("payments/*"))], (template("payments"),))
    found, file = check(own, flat=True)
    mode, via, raw = of_registry(file)
    assert (mode, via, len(raw)) == ("manage", {}, 1)
    assert [one.what for one in found.notes.unmanaged] == ["the creation template payments"]


def test_a_pattern_is_used_once() -> None:
    """What the repositories share and what the registry's policy gives need one key each."""
    _, file = check(Own([allow(STAGING, Resource=about("payments/*"))]))
    entries = file["repositories"]
    assert isinstance(entries, dict)
    assert entries["payments/*"] == {"via": "registry-policy", "access": {"staging": "pull"}}
    assert entries["payments/api"] == {"access": {"ci": "pull"}}
    assert "payments/*" in imported(POLICIES, NAMES).text


def test_no_entry_manages_what_is_left_out() -> None:
    policies = {**POLICIES, "payments/odd": "{"}
    own = Own(
        [allow(STAGING, Resource=about("payments/*")), allow(STAGING, Resource=about("tools/*"))],
        (template("payments"), template("tools")),
    )
    found = imported(policies, NAMES, own=own)
    plan = plan_of(found.text, registry(policies, own=own))
    assert (plan.changes, plan.errors) == ((), ())
    assert [target.repository for target in plan.unmanaged] == ["payments/odd"]
    mode, via, raw = of_registry(yaml.safe_load(found.text))
    assert (mode, list(via), len(raw)) == ("manage", ["tools/*"], 1)
    assert [one.what for one in found.notes.unmanaged] == ["the creation template payments"]


@pytest.mark.parametrize(
    ("own", "reason"),
    [
        (Own("{"), "it is not understood: $: not JSON"),
        (
            Own([allow(WORKLOADS)]),
            "it is not understood: $.Statement[0]: a statement has either Resource",
        ),
        (
            Own([allow(WORKLOADS, Resource="*")], enforced="V1"),
            "the account's setting REGISTRY_POLICY_SCOPE is V1",
        ),
        (
            Own([allow(WORKLOADS, Resource="arn:aws:us-west-2:111122223333:repository/*")]),
            "a file can't say it: 'arn:aws:us-west-2:111122223333:repository/*' matches no",
        ),
        (
            Own([{**allow({"Federated": "cognito.example.com"}), "Resource": "*"}]),
            "a file can't say it: ECR does not accept a Federated principal",
        ),
        (
            Own([allow("*", Resource=about("payments/*"))]),
            "the file's guards refuse it, unless guards.public.allow names it: 'everyone' gives",
        ),
        (
            Own([{**allow("*", ["ecr:*"]), "NotResource": about("payments/*")}]),
            "the file's guards refuse it, unless guards.public.allow names it: this statement",
        ),
        (
            Own([allow(WORKLOADS, ["s3:GetObject"], Resource="*")]),
            "a file can't say it: 's3:GetObject' is not an ECR action",
        ),
    ],
)
def test_a_policy_that_a_file_cant_say_is_not_managed(own: Own, reason: str) -> None:
    found, file = check(own)
    assert of_registry(file) == [None, {}, []]
    (one,) = found.notes.unmanaged
    assert (one.what, one.reason[: len(reason)]) == ("the registry's policy", reason)
    assert "Of the registry itself, not managed:" in found.text
    assert found.repositories == tuple(sorted(POLICIES))


def test_an_account_that_cant_be_named() -> None:
    """Such a policy needs a file without accounts; where repositories need names, it has both."""
    when = {"StringEquals": {"aws:PrincipalAccount": "44445555666"}}
    found, file = check(Own([allow(WORKLOADS, Resource=about("hub/*"), Condition=when)]))
    assert of_registry(file)[0] == "manage"
    assert "accounts" not in file
    assert not found.notes.unmanaged


def test_a_tier_that_is_too_large_is_a_raw_statement() -> None:
    actions = [f"ecr:x{number:03}*" for number in range(201)]
    found, file = check(Own([allow(WORKLOADS, actions, Resource=about("hub/*"))]))
    mode, via, raw = of_registry(file)
    assert (mode, via, len(raw)) == ("manage", {}, 1)
    assert not found.notes.unmanaged


def test_what_is_public_only_together_with_a_repository_is_not_managed() -> None:
    """Networks of public statements add up."""

    def networks(*first: int) -> Json:
        return {"Condition": {"IpAddress": {"aws:SourceIp": [f"{n}.0.0.0/8" for n in first]}}}

    policies: Policies = {"hub/a": [allow("*", **networks(11, 12))]}
    own = Own([allow("*", Resource=about("hub/*"), **networks(13))])
    assert of_registry(check(own, {"hub/a": None})[1])[0] == "manage"
    found, file = check(own, policies)
    assert of_registry(file) == [None, {}, []]
    (one,) = found.notes.unmanaged
    assert one.reason.startswith("the file's guards refuse it")


def test_deleted_principals_are_left_out() -> None:
    statement = allow([WORKLOADS, "AROAEXAMPLEEXAMPLE123"], Resource=about("hub/*"))
    own = Own([statement, allow("AIDAEXAMPLEEXAMPLE123", Resource="*")])
    found = imported(POLICIES, NAMES, own=own)
    assert {one.repositories for one in found.notes.dead} == {("the registry's policy",)}
    (change,) = plan_of(found.text, registry(POLICIES, own=own)).changes
    assert {one.principal.names[0][:4] for one in change.access} == {"AROA", "AIDA"}
    assert not change.granted
    _, file = check(own, keep_dead=True)
    assert len(file["registry_statements"]) == 2


def test_risks_are_listed() -> None:
    own = Own([allow(WORKLOADS, ["ecr:*"], Resource="*")])
    found, _ = check(own)
    assert {one.repositories for one in found.notes.risks} == {("the registry's policy",)}
    assert {str(one.rule) for one in found.notes.risks} == {"admin", "can-rewrite"}


def test_what_could_not_be_read() -> None:
    live = registry(POLICIES)
    denied = ReadFailure(RuleId.ACCESS_DENIED, "the caller may not")
    live = live._replace(policy=LiveRegistryPolicy(denied, denied), templates=denied)
    found = import_registry([live], ImportOptions(NAMES), NOW)
    assert [(one.what, one.reason) for one in found.notes.unmanaged] == [
        ("the creation templates", "the caller may not"),
        ("the registry's policy", "the caller may not"),
    ]
    assert plan_of(found.text, live).changes == ()


def in_regions(west: Own, east: Own) -> tuple[Imported, Json]:
    scopes = (SCOPE, RegistryScope(ACCOUNT, "us-east-1"))
    lives = [
        registry(POLICIES, scope, own) for scope, own in zip(scopes, (west, east), strict=True)
    ]
    found = import_registry(lives, ImportOptions(NAMES), NOW)
    for live in lives:
        plan = plan_of(found.text, live)
        assert (plan.changes, plan.errors) == ((), ())
    return found, yaml.safe_load(found.text)


def test_policies_of_regions_that_differ_in_the_region_alone() -> None:
    west, east = (
        Own(
            [
                allow(WORKLOADS, Resource=about("hub/*", region=region)),
                {**DENY, "Resource": about("*", region=region)},
                {**DENY, "Resource": f"arn:aws:ecr:*:{ACCOUNT}:repository/lib/*"},
            ],
            (template("hub"),),
        )
        for region in ("us-west-2", "us-east-1")
    )
    found, file = in_regions(west, east)
    raw = [{**DENY, "Resource": arn} for arn in ("*", f"arn:aws:ecr:*:{ACCOUNT}:repository/lib/*")]
    assert of_registry(file) == ["manage", {"hub/*": {"workloads": "pull"}}, raw]
    assert not found.notes.unmanaged


@pytest.mark.parametrize(
    ("east", "unmanaged"),
    [
        (Own(None), ["the creation template hub", "the registry's policy"]),
        (
            Own(
                [allow(STAGING, Resource=about("hub/*", region="us-east-1"))],
                (template("hub", None, "REPLICATION"),),
            ),
            ["the creation template hub", "the registry's policy"],
        ),
        (
            Own([{**DENY, "Resource": about("hub/*", region="us-east-1")}], (template("hub"),)),
            ["the registry's policy"],
        ),
    ],
)
def test_what_differs_between_regions_is_not_managed(east: Own, unmanaged: list[str]) -> None:
    west = Own([{**DENY, "Resource": about("hub/*")}], (template("hub"),))
    found, file = in_regions(west, east)
    assert of_registry(file) == [None, {}, []]
    assert [one.what for one in found.notes.unmanaged] == unmanaged
    assert found.notes.unmanaged[-1].reason == (
        "it is different in us-east-1 and in us-west-2, and an entry is for all regions of its file"
    )


def create_on(file: Json) -> dict[str, object]:
    entries = file["repositories"]
    assert isinstance(entries, dict)
    return {key: entry["create_on"] for key, entry in entries.items() if "create_on" in entry}


@pytest.mark.parametrize(
    ("templates", "expected"),
    [
        ([template("payments", [allow(role("ci"))])], {"payments/*": ["push"]}),
        (
            [template("payments/", [allow(role("ci"))], "REPLICATION", "PULL_THROUGH_CACHE")],
            {"payments/*": ["replication", "pull-through-cache"]},
        ),
        ([template("payments")], {}),
        ([template("payments", [allow(role("other"))])], {}),
        ([template("hub", None, imageTagMutability="IMMUTABLE")], {"hub/*": ["push"]}),
        ([template("hub", [allow(role("ci"))]), template("lib")], {"lib/*": ["push"]}),
        ([template("ROOT")], {}),
        ([template("hub", None, "SOMETHING_NEW")], {}),
        ([template("Hub")], {}),
        ([CreationTemplate("hub", (), None)], {}),
    ],
)
def test_templates(templates: list[CreationTemplate], expected: Json) -> None:
    found, file = check(Own(None, tuple(templates)))
    assert create_on(file) == expected
    assert len(found.notes.unmanaged) == len(templates) - len(expected)


OURS = "Managed by reconcile: made here"


def test_own_templates_that_differ_are_not_removed() -> None:
    """With `create_on`, a plan would remove those of its own that the file does not ask for."""
    made = template("hub", [allow(role("ci"))], description=OURS)
    found, file = check(Own(None, (made, template("lib"))))
    assert create_on(file) == {}
    assert [(one.what, one.reason) for one in found.notes.unmanaged] == [
        (
            "the creation template hub",
            'it is not what the entries for all of "hub/*" come to',
        ),
        (
            "the creation template lib",
            "create_on would change the creation template hub",
        ),
    ]


def test_a_template_at_an_entry_of_the_registrys_policy() -> None:
    own = Own([allow(WORKLOADS, Resource="*")], (template("ROOT"),))
    _, file = check(own)
    assert file["repositories"]["*"] == {
        "via": "registry-policy",
        "access": {"workloads": "pull"},
        "create_on": ["push"],
    }


FILE = """\
version: 1
registry: {account: "111122223333", regions: [us-west-2]}
accounts: {workloads: "444455556666"}
principals: {ci: {role: ci, account: workloads}}
repositories:
  payments/api: {access: {ci: pull}}
"""
HUB = Own([allow([role("ci"), STAGING], Resource=about("hub/*"))], (template("hub"),))


def into(file: str, own: Own, policies: Policies = POLICIES) -> tuple[Imported, Json]:
    """Import into a file; a plan after it changes nothing but what it changed before."""
    live = registry(policies, own=own)
    before = {change.target: change.after_text for change in plan_of(file, live).changes}
    found = imported(policies, NAMES, into=file, own=own)
    after = {change.target: change.after_text for change in plan_of(found.text, live).changes}
    assert after.items() <= before.items()
    return found, yaml.safe_load(found.text)


@pytest.mark.parametrize(
    "file",
    [
        FILE,
        FILE.replace('registry: {account: "111122223333", regions: [us-west-2]}', "registry:\n")
        .replace("registry:\n", 'registry:\n  account: "111122223333"\n  regions: [us-west-2]\n'),
        FILE + "unmanaged: {repositories: ignore}\n",
        FILE + "unmanaged:\n  repositories: ignore\n",
        str(yaml.safe_load(FILE)),
    ],
)  # fmt: skip
def test_what_a_file_does_not_have_is_added(file: str) -> None:
    own = Own([*HUB.policy, {**DENY, "Resource": "*"}], HUB.templates)
    found, merged = into(file, own)
    via = {"hub/*": {"ci": "pull", "staging": "pull"}}
    assert of_registry(merged) == ["manage", via, [{**DENY, "Resource": "*"}]]
    assert merged["unmanaged"]["registry_statements"] == "remove"
    assert create_on(merged) == {"hub/*": ["push"]}
    assert not found.notes.unmanaged
    again, same = into(found.text, own)
    assert (again.text, same, again.notes.unmanaged) == (found.text, merged, ())


@pytest.mark.parametrize("policy", ["report", "ignore"])
def test_a_file_that_does_not_manage_the_policy_stays_so(policy: str) -> None:
    file = FILE.replace("regions:", f"policy: {policy}, regions:")
    found, merged = into(file, HUB)
    assert of_registry(merged) == [policy, {}, []]
    assert [(one.what, one.reason) for one in found.notes.unmanaged] == [
        ("the registry's policy", f"the file has registry.policy: {policy}")
    ]
    assert create_on(merged) == {"hub/*": ["push"]}


def test_a_file_that_manages_the_policy_keeps_what_it_says() -> None:
    file = FILE.replace("regions:", "policy: manage, regions:")
    file += '  "lib/*": {via: registry-policy, access: {ci: pull}}\n'
    found, merged = into(file, HUB)
    assert of_registry(merged) == ["manage", {"lib/*": {"ci": "pull"}}, []]
    assert not found.notes.unmanaged


def test_an_entry_of_the_file_is_not_written_again() -> None:
    file = FILE + '  "hub/*": {access: {}}\n'
    lib = allow(STAGING, Resource=about("lib/*"))
    found, merged = into(file, Own([*HUB.policy, lib], HUB.templates))
    mode, via, raw = of_registry(merged)
    assert (mode, via, len(raw)) == ("manage", {"lib/*": {"staging": "pull"}}, 1)
    assert [(one.what, one.reason) for one in found.notes.unmanaged] == [
        ("the creation template hub", 'the import writes no entry for "hub/*"')
    ]


def test_statements_of_others_stay_kept_where_the_file_says_so() -> None:
    _, merged = into(FILE + "unmanaged: {registry_statements: keep}\n", HUB)
    assert merged["unmanaged"] == {"registry_statements": "keep"}
    assert of_registry(merged)[0] == "manage"


def test_a_never_rule_of_the_file_refuses_the_registrys_policy() -> None:
    rule = "guards: {rules: [{never: pull, to: {outside: [workloads]}, because: it is ours}]}\n"
    found, merged = into(FILE + rule, HUB)
    assert of_registry(merged) == [None, {}, []]
    (one,) = found.notes.unmanaged
    assert one.reason.startswith("a never rule of the file forbids it")


def test_the_templates_of_a_file_stay_what_they_are() -> None:
    """A pattern for both repositories would change what a template of the file comes to."""
    entry = '  "payments/team/*": {create_on: [push], access: {ci: push}}\n'
    file = FILE.replace("  payments/api: {access: {ci: pull}}\n", entry)
    policies: Policies = {name: [allow(role("ci"))] for name in ("payments/x", "payments/y")}
    found, merged = into(file, Own(), policies)
    assert create_on(merged) == {"payments/team/*": ["push"]}
    assert found.repositories == ("payments/x", "payments/y")
