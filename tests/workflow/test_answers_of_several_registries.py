"""Answers over several registries: what they agree on is said once, and the rest with its place."""

import json
from collections.abc import Mapping

import pytest

from reconciler.errors import ArgumentError, ReconcileError
from reconciler.model.registry import LiveRegistry, ReadFailure, RegistryName, RegistryScope
from reconciler.model.rules import RuleId
from reconciler.report.html.matrix_data import encode_matrix
from reconciler.report.questions.answers import render_answers_json, render_who_can
from reconciler.report.questions.explanation import render_explanations, render_explanations_json
from reconciler.report.questions.matrix import render_matrix, render_matrix_csv
from reconciler.report.text import Page, plain
from reconciler.workflow.file.source import AccessSource, Globs, load, selected
from reconciler.workflow.questions.answers import (
    access_matrix,
    access_of,
    access_overview,
    can,
    explain,
    who_can,
)
from reconciler.workflow.questions.asked_policies import FoundPolicies, PolicyFinder, live_policies
from tests.golden import NOW, live_registry

FILE = """\
version: 1
registries:
  - {name: central, account: "111122223333", regions: [us-west-2, eu-west-1]}
  - {name: staging, account: "222233334444", regions: [us-west-2]}
accounts: {workloads: "444455556666", partner: "999900001111"}
principals:
  ci: {role: ci, account: workloads}
  runtime: {role: runtime, account: workloads}
repositories:
  "*": {access: {runtime: pull}}
  everywhere: {access: {ci: push}}
  of-central: {registries: [central], access: {ci: push}}
  of-eu: {regions: [eu-west-1], access: {ci: push}}
  only-eu: {registries: [central], regions: [eu-west-1], access: {ci: push}}
  "of-*": {registries: [staging], access: {ci: pull}}
"""
CENTRAL = RegistryName("central", "111122223333")
STAGING = RegistryName("staging", "222233334444")
ROLE = "arn:aws:iam::444455556666:role/ci"


def source(text: str = FILE) -> AccessSource:
    return load(text.encode(), "ecr_access.yaml", now=NOW)


Place = tuple[str | None, str | None]


def places(found: object) -> set[Place]:
    return {(a.registry.name if a.registry else None, a.region) for a in found.answers}


def test_what_all_registries_agree_on_is_said_once() -> None:
    (answer,) = who_can(source(), "push", "everywhere").answers
    assert (answer.registry, answer.region, answer.subject.name) == (None, None, "ci")
    assert places(can(source(), "ci", "pull", "everywhere")) == {(None, None)}


EU, WEST = ("central", "eu-west-1"), ("central", "us-west-2")


@pytest.mark.parametrize(
    ("repository", "expected", "verdict"),
    [
        ("everywhere", {(None, None)}, "allowed"),
        ("of-central", {("central", None), ("staging", None)}, "denied"),
        ("of-eu", {EU, WEST, ("staging", None)}, "denied"),
        ("only-eu", {EU}, "allowed"),
    ],
)
def test_what_differs_says_where(repository: str, expected: set[Place], verdict: str) -> None:
    """A registry that has no entry for the repository has no say."""
    asked = FILE.replace('"*": ', '"o?-*": ')
    found = can(source(asked), "ci", "push", repository)
    assert (places(found), found.verdict) == (expected, verdict)


def test_nobody_can_only_where_nobody_can_in_any_registry() -> None:
    assert who_can(source(), "push", "of-central").verdict == "allowed"
    assert who_can(source(), "ecr:DeleteRepository", "of-central").verdict == "denied"


def test_text_and_json_name_the_registry() -> None:
    found = who_can(source(), "push", "of-eu")
    assert render_who_can(found.answers, ("push", "of-eu"), found.display_names, plain) == (
        "push on of-eu\n"
        f"  ci ({ROLE}) in workloads (central eu-west-1)   allowed   ecr_access.yaml:13\n"
    )
    (answer,) = json.loads(render_answers_json(found.answers))["answers"]
    assert (answer["registry"], answer["account"], answer["region"]) == (*CENTRAL, "eu-west-1")
    (of_all,) = json.loads(render_answers_json(who_can(source(), "push", "everywhere").answers))[
        "answers"
    ]
    assert not {"registry", "account", "region"} & of_all.keys()


def test_the_matrix_has_a_row_for_each_place_that_differs() -> None:
    found = access_matrix(source())
    assert render_matrix_csv(found.matrix, found.display_names).splitlines()[1:] == [
        "*,,pull",
        "everywhere,push,pull",
        '"of-* (staging)",pull,',
        '"of-central (central)",push,pull',
        '"of-eu (central eu-west-1)",push,pull',
        '"only-eu (central eu-west-1)",push,pull',
    ]


def test_the_text_of_a_matrix_quotes_no_place() -> None:
    found = access_matrix(source(), repositories=("of-*",))
    text = render_matrix(found.matrix, found.display_names, plain, Page())
    assert [line.partition("  ")[0] for line in text.splitlines()[:4]] == [
        "repository",
        "of-* (staging)",
        "of-central (central)",
        "of-eu (central eu-west-1)",
    ]


def test_access_of_is_sorted_by_repository() -> None:
    found = access_of(source(), "ci").answers
    assert [(a.repository, a.place) for a in found] == [
        ("everywhere", ""),
        ("of-*", "staging"),
        ("of-central", "central"),
        ("of-eu", "central eu-west-1"),
        ("only-eu", "central eu-west-1"),
    ]


def test_each_different_policy_is_explained_once() -> None:
    (everywhere,) = explain(source(), "everywhere")
    assert (everywhere.place, len(everywhere.statements)) == ("", 2)
    found = explain(source(), "of-eu")
    assert [one.place for one in found] == ["central us-west-2", "central eu-west-1", "staging"]
    text = render_explanations(found, plain)
    assert [line for line in text.splitlines() if line.startswith("of-eu")] == [
        "of-eu (central us-west-2)",
        "of-eu (central eu-west-1)",
        "of-eu (staging)",
    ]
    told = json.loads(render_explanations_json(found))["explanations"]
    assert [(one["registry"], one.get("region")) for one in told] == [WEST, EU, ("staging", None)]
    assert "explanations" not in json.loads(render_explanations_json([everywhere]))


def test_a_file_of_one_registry_names_only_the_regions() -> None:
    one = FILE.replace('  - {name: staging, account: "222233334444", regions: [us-west-2]}\n', "")
    asked = source(one.replace("registries: [staging], ", ""))
    assert places(can(asked, "ci", "push", "only-eu")) == {(None, r) for _, r in (EU, WEST)}


Live = Mapping[str, object]
PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]


def allowing(*actions: str) -> dict[str, object]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": action} for action in actions
        ],
    }


def reading(west: Live, eu: Live, staging: Live | None) -> PolicyFinder:
    """Have repositories in the two regions of central and in staging, None where that fails."""
    scopes = [RegistryScope("111122223333", region) for region in ("us-west-2", "eu-west-1")]
    there = RegistryScope("222233334444", "us-west-2")

    def find(asked: AccessSource, globs: Globs) -> list[FoundPolicies]:
        def chosen(live: Live) -> dict[str, object]:
            return {name: policy for name, policy in live.items() if selected(name, globs)}

        read = {
            scopes[0]: live_registry(scopes[0], chosen(west)),
            scopes[1]: live_registry(scopes[1], chosen(eu)),
            there: LiveRegistry(there, (), {}, ReadFailure(RuleId.READ_FAILED, "no connection"))
            if staging is None
            else live_registry(there, chosen(staging)),
        }
        return [
            live_policies([read[s] for s in part.access.registry.scopes], name=part.name)
            for part in asked.each_part()
        ]

    return find


def test_live_policies_that_mean_the_same_are_said_once() -> None:
    mixed = allowing(*PULL)
    other = {"Version": "2012-10-17", "Statement": mixed["Statement"][::-1]}
    find = reading({"app": mixed}, {"app": mixed}, {"app": other, "x": None})
    assert places(can(source(), "ci", "pull", "app", find)) == {(None, None)}
    rows = access_matrix(source(), find=find).matrix.rows
    assert [(row.repository, row.place) for row in rows] == [("app", ""), ("x", "staging")]


def test_a_registry_that_was_not_read_is_named_once() -> None:
    find = reading({"app": None}, {"app": None}, None)
    assert access_of(source(), "ci", find=find).errors == ("staging us-west-2: no connection",)
    with pytest.raises(ReconcileError, match="staging us-west-2: no connection"):
        can(source(), "ci", "pull", "app", find)


def test_an_unreadable_policy_is_named_with_its_registry() -> None:
    find = reading({"app": None}, {"app": "{"}, {"app": None})
    (error,) = access_of(source(), "ci", find=find).errors
    assert error.startswith("app (central eu-west-1): the live policy is not understood")


def test_the_page_compares_each_registry_with_the_file() -> None:
    pull = allowing(*PULL)
    find = reading({"of-x": pull}, {"of-x": pull}, {"of-x": pull})
    seen = access_overview(source(), live=find)
    data = encode_matrix(seen.result.matrix, seen.result.display_names, seen.risks, seen.desired)
    assert [(one.name, one.region) for one in data["repositories"]] == [
        ("of-x", "central"),
        ("of-x", "staging"),
    ]
    marks = sorted(shape.mark for shape in data["shapes"])
    assert marks == ["", "not live", "only live"]


@pytest.mark.parametrize(
    ("west", "eu", "staging", "expected"),
    [
        (True, True, True, [(None, None)]),
        (True, True, False, [(CENTRAL, None)]),
        (False, True, True, [(CENTRAL, "eu-west-1"), (STAGING, None)]),
    ],
)
def test_risks_are_where_their_rows_are(
    *, west: bool, eu: bool, staging: bool, expected: list[tuple[RegistryName | None, str | None]]
) -> None:
    anyone = {"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}
    public = {"Version": "2012-10-17", "Statement": [anyone]}
    live: list[Live] = [{"app": public if one else None} for one in (west, eu, staging)]
    seen = access_overview(source(), live=reading(*live))
    assert [(one.registry, one.region) for one in seen.risks] == expected
    data = encode_matrix(seen.result.matrix, seen.result.display_names, seen.risks, seen.desired)
    assert len(data["risks"]) == len(expected)


CHINA = """version: 1
registries:
  - {name: central, account: "111122223333", regions: [us-west-2]}
  - {name: china, account: "222233334444", regions: [cn-north-1]}
principals: {ci: {role: ci, account: "444455556666"}}
repositories:
  app: {access: {ci: push}}
  site: {registries: [central], access: {ci: push}}
"""


def test_a_principal_of_one_partition_is_asked_about_there() -> None:
    chinese = "arn:aws-cn:iam::444455556666:role/ci"
    assert places(can(source(CHINA), chinese, "push", "app")) == {("china", None)}
    assert places(can(source(CHINA), "ci", "push", "app")) == {("central", None), ("china", None)}
    with pytest.raises(ArgumentError, match="another partition"):
        can(source(CHINA), chinese, "push", "site")
    with pytest.raises(ArgumentError, match="partition"):
        can(source(CHINA), chinese.replace("aws-cn", "aws-iso"), "push", "app")


def test_limited_to_some_registries() -> None:
    only = source().limited_to(["staging"])
    assert places(can(only, "ci", "push", "of-central")) == {(None, None)}
    assert source().limited_to([]) == source()
    with pytest.raises(ArgumentError, match="no such registry") as caught:
        source().limited_to(["stagign"])
    assert "did you mean 'staging'" in (caught.value.hint or "")
