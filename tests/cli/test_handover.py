"""`handover terraform`: which policies are handed over, which are left, and what is refused."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import SEED, Done, Reconcile

ACCOUNT, ROLES = "111122223333", "arn:aws:iam::444455556666:role"
PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
PUSH = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
]
FILE = SEED + '  "tools/*": {access: {runtime: pull}}\n'


def text(*grants: tuple[str, list[str]]) -> str:
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": f"{ROLES}/{role}"}, "Action": actions}
        for role, actions in grants
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


AS_DESIRED = text(("role2-2", PULL), ("role2-1", sorted({*PULL, *PUSH})))
OF_TOOLS = text(("role2-2", PULL))
API = "aws_ecr_repository_policy.api"


def policy(address: str, name: str, policy_text: str | None, **values: object) -> object:
    return {
        "mode": "managed",
        "type": "aws_ecr_repository_policy",
        "address": address,
        "values": {
            "repository": name,
            "policy": policy_text,
            "registry_id": ACCOUNT,
            "region": "us-west-2",
            **values,
        },
    }


def state(*policies: object) -> str:
    return json.dumps(
        {"format_version": "1.0", "values": {"root_module": {"resources": list(policies)}}}
    )


def block(resource: str) -> str:
    return f"removed {{\n  from = {resource}\n\n  lifecycle {{\n    destroy = false\n  }}\n}}\n"


@pytest.fixture
def hand_over(offline: Reconcile, folder: Path) -> Reconcile:
    """Run `handover terraform` on a state, with a file that has an entry and a pattern."""
    (folder / "ecr_access.yaml").write_text(FILE)

    def run(content: str, *options: str) -> Done:
        (folder / "state.json").write_text(content)
        return offline("handover", "terraform", "state.json", *options)

    return run


def test_what_the_file_manages_is_handed_over(hand_over: Reconcile) -> None:
    done = hand_over(state(policy(API, "payments/api", AS_DESIRED)))
    assert (done.code, done.out) == (0, block(API))
    assert "policies handed over: 1, by removed blocks: 1" in done.err


def test_a_state_from_stdin(offline: Reconcile) -> None:
    given = state(policy(API, "payments/api", AS_DESIRED))
    assert offline("handover", "terraform", "-", stdin=given).out == block(API)
    done = offline("handover", "terraform", "-", "-f", "-", stdin=given)
    assert (done.code, done.out) == (2, "")


def test_resources_with_instances_are_handed_over_once_and_in_order(hand_over: Reconcile) -> None:
    done = hand_over(
        state(
            policy('module.t["b"].aws_ecr_repository_policy.this[0]', "tools/b", OF_TOOLS),
            policy('module.t["a"].aws_ecr_repository_policy.this[0]', "tools/a", OF_TOOLS),
            policy(API, "payments/api", AS_DESIRED),
        )
    )
    resources = (API, "module.t.aws_ecr_repository_policy.this")
    assert done.out == "\n".join(map(block, resources))


@pytest.mark.parametrize(
    ("left", "reason"),
    [
        (policy("X", "payments/other", AS_DESIRED), 'the file does not manage "payments/other"'),
        (policy("X", "tools", AS_DESIRED), 'the file does not manage "tools"'),
        (
            policy("X", "payments/api", AS_DESIRED, registry_id="444455556666"),
            'it is in the account "444455556666"',
        ),
        (
            policy("X", "payments/api", AS_DESIRED, region="eu-west-1"),
            'it is in the region "eu-west-1"',
        ),
        (
            policy("X", "payments/api", AS_DESIRED, region=None),
            "the state does not say the region of its repository; it does where the policy refers"
            " to an aws_ecr_repository",
        ),
    ],
)
def test_what_the_file_does_not_manage_is_left_and_named(
    hand_over: Reconcile, left: dict[str, object], reason: str
) -> None:
    address = "aws_ecr_repository_policy.left"
    done = hand_over(state({**left, "address": address}, policy(API, "payments/api", AS_DESIRED)))
    assert (done.code, done.out) == (0, block(API))
    assert f"left to Terraform: {address}: {reason}\n" in done.err


def test_a_resource_of_which_one_instance_stays_is_left_as_a_whole(hand_over: Reconcile) -> None:
    done = hand_over(
        state(
            policy(f'{API}["ours"]', "payments/api", AS_DESIRED),
            policy(f'{API}["theirs"]', "payments/other", AS_DESIRED),
        )
    )
    assert (done.code, done.out) == (0, "")
    reason = "a removed block takes all instances of a resource; 1 of this one can't go"
    assert f'{API}["ours"]: {reason}\n' in done.err
    assert f'{API}["theirs"]: the file does not manage "payments/other"\n' in done.err
    assert "no aws_ecr_repository_policy of the state is handed over" in done.err


def test_a_repository_has_no_policy_that_goes_beside_one_that_stays(hand_over: Reconcile) -> None:
    done = hand_over(
        state(
            policy(f'{API}["theirs"]', "payments/other", AS_DESIRED),
            policy(f'{API}["ours"]', "payments/api", AS_DESIRED),
            policy(f'{API}2["again"]', "payments/api", AS_DESIRED),
            policy(f'{API}2["a"]', "tools/a", OF_TOOLS),
            policy(f"{API}3", "tools/a", OF_TOOLS),
            policy(f"{API}4", "tools/b", OF_TOOLS),
        )
    )
    assert (done.code, done.out) == (0, block(f"{API}4"))
    reason = "a policy that stays is of the same repository as one of this resource"
    for address in (f'{API}2["again"]', f'{API}2["a"]', f"{API}3"):
        assert f"left to Terraform: {address}: {reason}\n" in done.err


@pytest.mark.parametrize(
    "other",
    [OF_TOOLS, "{}", "not JSON", None, text(("role2-1", PULL), ("role2-2", [*PULL, *PUSH]))],
    ids=["less", "malformed", "no JSON", "none", "exchanged"],
)
def test_a_policy_that_a_plan_would_change_is_refused(
    hand_over: Reconcile, other: str | None
) -> None:
    given = state(policy(API, "payments/api", other), policy(f"{API}2", "tools/a", OF_TOOLS))
    done = hand_over(given)
    assert (done.code, done.out) == (5, "")
    assert "would change 1 policy of the state first: payments/api (us-west-2)" in done.err
    assert "--even-if-different" in done.err
    done = hand_over(given, "--even-if-different")
    assert (done.code, done.out) == (0, "\n".join([block(API), block(f"{API}2")]))


def test_a_repository_with_two_policies_is_refused(hand_over: Reconcile) -> None:
    both = (AS_DESIRED, json.dumps(json.loads(AS_DESIRED), indent=2))
    done = hand_over(state(*(policy(f"{API}{n}", "payments/api", p) for n, p in enumerate(both))))
    assert (done.code, done.out) == (5, "")


def test_a_policy_that_no_plan_can_be_computed_for_is_refused(
    hand_over: Reconcile, folder: Path
) -> None:
    (folder / "ecr_access.yaml").write_text(FILE + "unmanaged: {statements: {default: keep}}\n")
    older = {"Version": "2008-10-17", "Statement": json.loads(OF_TOOLS)["Statement"]}
    older["Statement"][0]["Condition"] = {"StringEquals": {"aws:userid": "${plain}"}}
    done = hand_over(state(policy(API, "tools/a", json.dumps(older))))
    assert (done.code, done.out) == (5, "")


def test_statements_that_the_file_keeps_are_no_difference(
    hand_over: Reconcile, folder: Path
) -> None:
    (folder / "ecr_access.yaml").write_text(
        FILE + "unmanaged: {statements: {keep: [{sid: theirs, principal: runtime}]}}\n"
    )
    kept = json.loads(OF_TOOLS)
    kept["Statement"].append(
        {**kept["Statement"][0], "Sid": "theirs", "Action": "ecr:DescribeImages"}
    )
    assert hand_over(state(policy(API, "tools/a", json.dumps(kept)))).code == 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "it is empty"),
        (" \n", "it is empty"),
        ("[]", "JSON: a state is a JSON object"),
        ("version: 1\n", "not JSON"),
        ('{"format_version": "2.0"}', "the format is not version 1"),
        ('{"version": 4, "serial": 3}', "this is the state file itself"),
        ('{"format_version": "1.2", "planned_values": {}}', "JSON: this is a plan"),
        ('{"format_version": "1.0", "provider_schemas": {}}', "the schemas of providers"),
        ('{"format_version": "1.0", "valid": true, "diagnostics": []}', "these are diagnostics"),
        (state(policy(f"{API} }}\nresource", "payments/api", "{}")), "not one of Terraform's"),
    ],
)
def test_what_is_no_state_ends_with_3(hand_over: Reconcile, content: str, reason: str) -> None:
    done = hand_over(content)
    assert (done.code, done.out) == (3, "")
    assert reason in done.err
    assert "'terraform show -json'" in done.err


def test_a_state_that_is_no_text_ends_with_3(offline: Reconcile, folder: Path) -> None:
    (folder / "state.json").write_bytes(b'{"format_version": "1.0\xff"}')
    assert offline("handover", "terraform", "state.json").code == 3


def test_a_state_of_100_mb_ends_with_3(offline: Reconcile, folder: Path) -> None:
    with (folder / "state.json").open("wb") as file:
        file.truncate(100 * 10**6)
    done = offline("handover", "terraform", "state.json")
    assert (done.code, done.out) == (3, "")
    assert "is larger than a state can be" in done.err


def test_no_state_ends_with_2(offline: Reconcile) -> None:
    assert offline("handover", "terraform", "nowhere.json").code == 2
    assert offline("handover", "terraform").code == 2


def test_an_empty_state_has_nothing_to_hand_over(hand_over: Reconcile) -> None:
    done = hand_over('{"format_version": "1.0"}')
    assert (done.code, done.out) == (0, "")
    assert "no aws_ecr_repository_policy of the state is handed over" in done.err


def test_quiet_hides_what_is_left(hand_over: Reconcile) -> None:
    left = policy(f"{API}2", "payments/other", AS_DESIRED)
    done = hand_over(state(policy(API, "payments/api", AS_DESIRED), left), "-q")
    assert done == Done(0, block(API), "")


def test_what_is_handed_over_though_a_plan_would_change_it_is_named(hand_over: Reconcile) -> None:
    done = hand_over(state(policy(API, "payments/api", "{}")), "--even-if-different")
    assert (done.code, done.out) == (0, block(API))
    assert "would change 1 policy of the state first: payments/api (us-west-2)\n" in done.err


@pytest.mark.parametrize("value", ["region", "registry_id"])
def test_of_a_long_value_the_start_is_shown(hand_over: Reconcile, value: str) -> None:
    done = hand_over(state(policy(API, "payments/api", AS_DESIRED, **{value: "x" * 1_000_000})))
    assert (done.code, done.out) == (0, "")
    assert len(done.err) < 1_000


def test_the_region_of_what_the_file_does_not_manage_makes_no_difference(
    hand_over: Reconcile,
) -> None:
    done = hand_over(state(policy(API, "payments/other", AS_DESIRED, region=None)))
    assert 'the file does not manage "payments/other"' in done.err


HOSTILE = "x\x1b[31m\n::error::FORGED\u202e"


def test_hostile_text_of_a_state_is_shown_as_text(hand_over: Reconcile, folder: Path) -> None:
    (folder / "ecr_access.yaml").write_text(FILE + '  "*": {access: {runtime: pull}}\n')
    key = json.dumps(HOSTILE, ensure_ascii=False).replace("\\n", "\n")
    given = state(
        policy(f"{API}[{key}]", HOSTILE, "{}"),
        policy(f"{API}2[{key}]", "payments/api", HOSTILE, registry_id=HOSTILE, region=HOSTILE),
    )
    done = hand_over(given)
    assert (done.code, done.out) == (5, "")
    assert not [line for line in done.err.splitlines() if line.startswith("::")]
    assert "\x1b" not in done.err
    assert "\u202e" not in done.err
    assert hand_over(given, "--even-if-different").out == block(API)
