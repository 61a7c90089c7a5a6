"""Terraform's state in JSON: which policies it has, where they are, and what is none."""

import json
from collections.abc import Mapping

import pytest

from reconciler.adopt.terraform_state import StatePolicy, read_state
from reconciler.model.registry import RegistryScope
from reconciler.policy import MalformedError

ACCOUNT = "111122223333"
HOME = RegistryScope(ACCOUNT, "us-west-2")
POLICY, REPOSITORY = "aws_ecr_repository_policy", "aws_ecr_repository"

Json = Mapping[str, object]


def state(*resources: Json, modules: tuple[Json, ...] = (), **more: object) -> str:
    root = {"resources": list(resources), "child_modules": list(modules)}
    return json.dumps({"format_version": "1.0", "values": {"root_module": root}, **more})


def policy(address: str = f"{POLICY}.api", name: str = "payments/api", **more: object) -> Json:
    values = {"repository": name, "policy": "{}", "registry_id": ACCOUNT}
    common = {"mode": "managed", "type": POLICY, "address": address}
    return {**common, "values": {**values, **more.pop("values", {})}, **more}


def repository(
    address: str = f"{REPOSITORY}.api",
    name: str = "payments/api",
    region: str = "us-west-2",
    mode: str = "managed",
) -> Json:
    arn = f"arn:aws:ecr:{region}:{ACCOUNT}:repository/{name}"
    values = {"arn": arn, "name": name, "registry_id": ACCOUNT}
    return {"mode": mode, "type": REPOSITORY, "address": address, "values": values}


def scope_of(*resources: Json) -> RegistryScope | None:
    (found,) = read_state(state(*resources))
    return found.scope


def test_a_policy_of_the_root_module() -> None:
    expected = StatePolicy(f"{POLICY}.api", f"{POLICY}.api", "payments/api", HOME, "{}")
    assert read_state(state(repository(), policy())) == (expected,)


def test_policies_of_modules_within_modules() -> None:
    inner = {"resources": [policy(f"module.a.module.b.{POLICY}.x")]}
    outer = {"resources": [policy(f"module.a.{POLICY}.x")], "child_modules": [inner]}
    found = read_state(state(policy(), modules=(outer,)))
    assert [p.address.removesuffix(f"{POLICY}.x") for p in found[1:]] == [
        "module.a.",
        "module.a.module.b.",
    ]


def test_many_modules_within_each_other_do_not_exhaust_the_stack() -> None:
    module = '{"child_modules":[' * 400 + "]}" * 400
    values = f'{{"root_module":{module}}}'
    assert read_state(f'{{"format_version":"1.0","values":{values}}}') == ()


@pytest.mark.parametrize(
    ("address", "resource"),
    [
        (f"{POLICY}.api[0]", f"{POLICY}.api"),
        (f'{POLICY}.api["payments/api"]', f"{POLICY}.api"),
        (f'module.m["a"].module.n[3].{POLICY}.this["b"]', f"module.m.module.n.{POLICY}.this"),
        (rf'module.m["a\"].{POLICY}.x"].{POLICY}.this["]"]', f"module.m.{POLICY}.this"),
        (f'module.m["$${{x}}"].{POLICY}.this', f"module.m.{POLICY}.this"),
        (f"{POLICY}.with-dash_1", f"{POLICY}.with-dash_1"),
        (f"{POLICY}.naïve", f"{POLICY}.naïve"),
    ],
)
def test_instance_keys_are_left_out_of_the_resource(address: str, resource: str) -> None:
    (found,) = read_state(state(policy(address)))
    assert (found.address, found.resource) == (address, resource)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "aws_s3_bucket.api",
        f"{POLICY}.",
        f"{POLICY}.1",
        f"{POLICY}.api ",
        f"{POLICY}.api\n",
        f"{POLICY}.api\n}}\nresource",
        f"{POLICY}.api }} resource",
        f"{POLICY}.api[key]",
        f"{POLICY}.api[-1]",
        f'{POLICY}.api["a"]["b"]',
        f'{POLICY}.api["a"',
        f'{POLICY}.api["a\\"]',
        f"module.m[{POLICY}].{POLICY}.x",
        f"module..{POLICY}.x",
        f"data.{POLICY}.x",
        f"{POLICY}.\u202eapi",
        f"{POLICY}.${{x}}",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(MalformedError, match="is not one of Terraform's"):
        read_state(state(policy(address)))


def test_the_region_is_an_attribute_in_newer_versions_of_the_provider() -> None:
    assert scope_of(policy(values={"region": "eu-west-1"})) == RegistryScope(ACCOUNT, "eu-west-1")


def test_the_region_is_that_of_the_repository_depended_on() -> None:
    east = repository(f"{REPOSITORY}.east", region="us-east-1")
    depending = policy(depends_on=["data.aws_iam_policy_document.x", f"{REPOSITORY}.east"])
    assert scope_of(repository(), east, depending) == RegistryScope(ACCOUNT, "us-east-1")


def test_a_dependency_has_no_instance_keys() -> None:
    east = repository(f'module.m["x"].{REPOSITORY}.r["k"]', region="us-east-1")
    depending = policy(depends_on=[f"module.m.{REPOSITORY}.r"])
    assert scope_of(repository(), east, depending) == RegistryScope(ACCOUNT, "us-east-1")


def test_the_region_is_that_of_a_data_source() -> None:
    data = repository(f"data.{REPOSITORY}.api", mode="data")
    assert scope_of(data, policy(depends_on=[f"data.{REPOSITORY}.api"])) == HOME


@pytest.mark.parametrize(
    "others",
    [
        [],
        [repository(name="payments/other")],
        [repository(), repository(f"{REPOSITORY}.b", name="b", region="us-east-1")],
        [{**repository(), "values": {"name": "payments/api", "arn": "arn:aws:s3:::x"}}],
        [{**repository(), "values": {"name": "payments/api"}}],
    ],
    ids=["nothing", "another name", "several regions", "no ECR ARN", "no ARN"],
)
def test_the_region_may_be_unknown(others: list[Json]) -> None:
    assert scope_of(*others, policy()) is None


def test_without_a_dependency_all_repositories_have_to_be_in_one_region() -> None:
    assert scope_of(repository(), repository(name="b"), policy()) == HOME


def test_regions_of_other_accounts_make_no_difference() -> None:
    values = {"name": "b", "arn": "arn:aws:ecr:eu-west-1:444455556666:repository/b"}
    assert scope_of(repository(), {**repository(name="b"), "values": values}, policy()) == HOME


def test_the_repository_of_another_account_is_another_one() -> None:
    assert scope_of(repository(), policy(values={"registry_id": "444455556666"})) is None


def test_data_sources_and_other_types_are_no_policies() -> None:
    others = [{**policy(), "mode": "data"}, {**policy(), "type": "aws_ecr_registry_policy"}]
    assert read_state(state(*others)) == ()


@pytest.mark.parametrize(
    "text", ['{"format_version":"1.0"}', '{"format_version":"1.7","values":{}}', state(future=1)]
)
def test_a_state_without_resources(text: str) -> None:
    assert read_state(text) == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON"),
        ("[]", "a state is a JSON object"),
        ("{}", "format_version: the format is not version 1"),
        ('{"format_version":"2.0"}', "the format is not version 1"),
        ('{"format_version":"0.1"}', "the format is not version 1"),
        ('{"format_version":1.0}', "the format is not version 1"),
        ('{"format_version":"1.0","format_version":"2.0"}', "duplicate key"),
        ('{"version":4,"serial":1,"lineage":"x"}', "this is the state file itself"),
        ('{"format_version":"1.2","planned_values":{}}', "this is a plan"),
        ('{"format_version":"1.0","provider_schemas":{}}', "schemas of providers"),
        ('{"format_version":"1.0","valid":true,"diagnostics":[]}', "diagnostics, not a state"),
        ('{"format_version":"1.0","values":[]}', "values: expected an object"),
        (
            '{"format_version":"1.0","values":{"root_module":1}}',
            r"\$.values.root_module: expected an object",
        ),
        (state().replace("[]", "{}"), "resources: expected a list"),
        (state(modules=("x",)), "child_modules: expected an object"),
        (state(policy(values={"repository": 7})), "repository: expected a string"),
        (state(policy(values={"repository": None})), "has no repository"),
        (state(policy(values={"policy": {}})), "policy: expected a string"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_state_says_why(text: str, reason: str) -> None:
    with pytest.raises(MalformedError, match=reason):
        read_state(text)
