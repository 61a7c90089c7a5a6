"""Reading a saved plan back: whole, or with the reason why not, and never a traceback."""

import json
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import InvalidError, RefusedError
from reconciler.model.registry import RegistryScope, RepositorySettings, Target
from reconciler.plan.model import Finding, NeverViolation, PlanError, ScopeFigures
from reconciler.plan.origin import PlannedRegistry
from reconciler.plan.saved.parts import digest_of
from reconciler.plan.saved.plan_format import SavedChange
from reconciler.policy.language.document import read_policy
from reconciler.policy.language.principals import EVERYONE, MISSING, Principal
from reconciler.printable import printable
from tests.cli.hostile import ALL, BREAKING, BREAKS, CONTROLS, LINES, ORDERS, faults
from tests.plan.saving import (
    JSON,
    PLAN,
    POLICY,
    change,
    edited,
    places,
    put,
    read,
    signed,
    value_at,
)
from tests.policy.making import ROLE, Json, condition

ORGANIZATION = condition("StringEquals", "aws:PrincipalOrgID", "o-1")
SCOPE = RegistryScope("111122223333", "us-west-2")


def test_everything_comes_back_sorted() -> None:
    saved = read(signed(PLAN))
    new, b, c = saved.changes
    assert new == SavedChange(
        Target("a/new", SCOPE),
        "create",
        None,
        POLICY,
        RepositorySettings("IMMUTABLE", True, "KMS", None, (("a", "b"), ("team", "payments"))),
    )
    assert (b.target, b.change, b.after, b.settings) == (Target("b", SCOPE), "delete", None, None)
    assert b.before_text is not None
    assert read_policy(b.before_text) == read_policy(json.dumps(POLICY))
    assert (c.change, c.before_text, c.after) == ("set", "{not understood}", POLICY)
    assert saved.registries == (PlannedRegistry("111122223333", ("us-west-2", "eu-west-1")),)
    assert (saved.file_path, saved.file_sha256) == ("ecr_access.yaml", "ab" * 32)
    assert (saved.tool_version, saved.digest) == ("1.2.3", digest_of(PLAN))
    assert saved.findings == (
        Finding("b", "public", "é", SCOPE),
        Finding("z/*", "nothing-selected", "none"),
    )
    assert saved.errors == (PlanError(Target("x", SCOPE), "missing-repository", "gone"),)
    assert saved.unmanaged == (Target("u", SCOPE), Target("v", SCOPE))
    assert saved.never_broken == (
        NeverViolation(
            Target("d", SCOPE), "push", EVERYONE, "so it is", False, ORGANIZATION, by_rewriting=True
        ),
    )
    assert (saved.in_sync, saved.live_grants) == (7, 12)


@pytest.mark.parametrize(
    ("written", "principal"),
    [
        (ROLE, Principal("AWS", (ROLE,))),
        ("*", EVERYONE),
        ("AROAEXAMPLEEXAMPLEID", Principal("AWS", ("AROAEXAMPLEEXAMPLEID",))),
        ("lambda.amazonaws.com", Principal("Service", ("lambda.amazonaws.com",))),
        ("NotPrincipal AWS:a, AWS:b", Principal("NotPrincipal", ("AWS:a", "AWS:b"))),
        ("Federated idp.example.com", Principal("Federated", ("idp.example.com",))),
        ("CanonicalUser 79a5", Principal("CanonicalUser", ("79a5",))),
        ("", MISSING),
    ],
)
def test_a_principal_comes_back_as_what_it_was(written: str, principal: Principal) -> None:
    document = edited(lambda plan: plan["never_broken"][0].update(principal=written))
    assert read(signed(document)).never_broken[0].principal == principal


def test_the_digest_is_of_the_meaning_not_of_the_layout() -> None:
    text = signed(PLAN)
    document = json.loads(text)
    laid_out = json.dumps(dict(reversed(document.items())), indent=7, ensure_ascii=True)
    assert laid_out != text
    assert read(laid_out) == read(text)


def test_the_digest_can_be_worked_out_by_others() -> None:
    assert digest_of({"b": ["é", 1], "a": None, "digest": "x"}) == (
        # printf '{"a":null,"b":["\\u00e9",1]}' | sha256sum
        "sha256:a0d6be731024019163745cb386243f392f127b10f0827b6324467455804645bc"
    )


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "null", "true", "1", '"plan"', "[]", "{}", "{", signed(PLAN)[:-1],
        '{"format_version": "1"}', signed(PLAN) + signed(PLAN), "\ufeff" + signed(PLAN),
        signed(PLAN).replace('"in_sync": 7', '"in_sync": NaN'),
        signed(PLAN).replace('"in_sync": 7', f'"in_sync": {"7" * 5000}'),
        signed(PLAN).replace('"in_sync": 7', '"in_sync": 7, "in_sync": 7'),
        "[" * 100_000, '{"a":' * 100_000, "plan: yaml",
    ],
    ids=range(19),
)  # fmt: skip
def test_what_is_no_plan_is_invalid(text: str) -> None:
    with pytest.raises(InvalidError) as caught:
        read(text)
    assert caught.value.hint


@pytest.mark.parametrize(
    "changed",
    [
        {"tool": {"name": "terraform", "version": "1"}},
        {"tool": "reconcile"},
        {"tool": None},
    ],
)
def test_what_another_tool_made_is_invalid(changed: Json) -> None:
    with pytest.raises(InvalidError, match="not a reconcile plan"):
        read(signed({**PLAN, **changed}))


SEVERAL: Json = {
    "name": "staging",
    "account": "222233334444",
    "regions": ["us-west-2"],
    "in_sync": {},
    "live_grants": {},
    "unmanaged_repositories": {"us-west-2": ["x"]},
}


def instead(*registries: Json) -> Callable[[Json], object]:
    """Put several registries in place of the one."""

    def edit(plan: Json) -> None:
        del plan["registry"]
        plan["registries"] = list(registries)

    return edit


def test_several_registries_are_read() -> None:
    saved = read(signed(edited(instead(SEVERAL))))
    assert saved.registries == (PlannedRegistry("222233334444", ("us-west-2",), "staging"),)
    assert saved.unmanaged == (Target("x", saved.registries[0].scopes[0]),)
    assert list(saved.by_scope.values()) == [ScopeFigures(in_sync=0, live_grants=0)]


MISSHAPEN = [
    (lambda plan: plan.pop("changes"), "$ "),
    (lambda plan: plan.update(more=1), "$ "),
    (put("summary", "in_sync", to=True), "$.summary.in_sync"),
    (put("summary", "in_sync", to=-1), "$.summary.in_sync"),
    (put("summary", "live_grants", to="12"), "$.summary.live_grants"),
    (put("registry", "regions", to=[]), "$.registry.regions"),
    (put("registry", "regions", to=["us-west-2\n"]), "$.registry.regions[0]"),
    (put("registry", "account", to="1"), "$.registry.account"),
    (lambda plan: plan.pop("registry"), "$ "),
    (put("registries", to=[]), "$ "),
    (put("registries", to=[SEVERAL]), "$ "),
    (instead({**SEVERAL, "name": "a b"}), "$.registries[0].name"),
    (instead({**SEVERAL, "in_sync": {"x": 1}}), "$.registries[0].in_sync"),
    (instead(SEVERAL, SEVERAL), "names the registry 222233334444 in us-west-2 twice"),
    (put("changes", to=None), "$.changes"),
    (put("changes", 0, "repository", to="../x"), "$.changes[0].repository"),
    (put("changes", 0, "account", to=111122223333), "$.changes[0].account"),
    (put("changes", 0, "change", to="destroy"), "$.changes[0].change"),
    (put("changes", 0, "policy", "before", to=[1]), "$.changes[0].policy.before"),
    (put("changes", 0, "policy", "before", to=None), "$.changes[0].policy.before"),
    (put("changes", 0, "policy", "after", to=POLICY), "$.changes[0].policy.after"),
    (put("changes", 1, "policy", "before", to=POLICY), "$.changes[1].policy.before"),
    (put("changes", 1, "settings", to=None), "$.changes[1].settings"),
    (lambda plan: plan["changes"][1].pop("settings"), "$.changes[1] "),
    (put("changes", 1, "settings", "tags", to={"a": 1}), "$.changes[1].settings.tags.a"),
    (put("changes", 2, "policy", "after", to=None), "$.changes[2].policy.after"),
    (put("changes", 2, "policy", "after", to="text"), "$.changes[2].policy.after"),
    (put("changes", 2, "settings", to={}), "$.changes[2].settings"),
    (put("changes", 2, "outcome", to="applied"), "$.changes[2] "),
    (put("never_broken", 0, "repaired", to=0), "$.never_broken[0].repaired"),
    (put("never_broken", 0, "conditions", to={"Nope": {"a": "b"}}), "$.Condition.Nope"),
    (put("findings", 0, "region", to=3), "$.findings[0].region"),
    (put("errors", 0, "rule", to="A B"), "$.errors[0].rule"),
    (put("unmanaged_repositories", to=[1]), "$.unmanaged_repositories[0]"),
]


@pytest.mark.parametrize(("edit", "place"), MISSHAPEN)
def test_what_is_misshapen_and_signed_anew_is_invalid(
    edit: Callable[[Json], object], place: str
) -> None:
    with pytest.raises(InvalidError) as caught:
        read(signed(edited(edit)))
    assert place in caught.value.message


def test_a_repository_that_changes_twice_is_invalid() -> None:
    twice = edited(lambda plan: plan["changes"].append(change("b", "set", None, POLICY)))
    with pytest.raises(InvalidError, match=r"b \(us-west-2\) twice"):
        read(signed(twice))


def test_a_long_place_is_cut() -> None:
    long = edited(put("changes", 1, "settings", "tags", to={"k" * 10_000: 1}))
    with pytest.raises(InvalidError) as caught:
        read(signed(long))
    assert len(caught.value.message) < 500


@pytest.mark.parametrize("version", ["2", "1.1", "9" * 100, "", 1, 2, 1.5, None, ["1"]])
def test_another_format_is_refused_whatever_its_shape(version: object) -> None:
    shown = re.escape(json.dumps(version)[:32])
    with pytest.raises(RefusedError, match=rf'in format {shown}, .* this one reads format "1"'):
        read(json.dumps({"format_version": version, "tool": {"name": "reconcile"}, "steps": []}))


@pytest.mark.parametrize(
    "edit",
    [
        put("changes", 2, "policy", "after", to={**POLICY, "Version": "2008-10-17"}),
        put("changes", 0, "repository", to="other"),
        put("summary", "live_grants", to=1000),
        put("digest", to="sha256:" + "0" * 64),
        put("digest", to="x"),
        put("digest", to=None),
        put("tool", "version", to="1.2.4"),
        *(edit for edit, _ in MISSHAPEN),
    ],
)
def test_what_was_edited_is_refused(edit: Callable[[Json], object]) -> None:
    with pytest.raises(RefusedError, match="edited or damaged since it was made"):
        read(json.dumps(edited(edit, json.loads(signed(PLAN)))))


def test_a_fraction_for_its_text_is_an_edit() -> None:
    fraction = edited(put("changes", 0, "policy", "before", to={"Version": "1.5"}))
    text = signed(fraction)
    read(text)
    with pytest.raises(RefusedError):
        read(text.replace('"1.5"', "1.5"))


def test_what_has_no_digest_is_refused() -> None:
    with pytest.raises(RefusedError, match="no digest"):
        read(json.dumps(PLAN))


@pytest.mark.parametrize(
    ("steps", "first"),
    [
        (("changes", 0, "policy", "before"), "read"),
        (("changes", 0, "grants", "added", 0, "conditions"), "the plan is malformed"),
        (("findings",), "the plan is malformed"),
    ],
)
def test_no_depth_is_too_much(steps: tuple[str | int, ...], first: str) -> None:
    limit = sys.getrecursionlimit()
    told = set()
    for depth in (10, *range(limit - 100, limit + 10), 50_000):
        deep = '{"a":' * depth + "1" + "}" * depth
        text = signed(edited(put(*steps, to="DEEP")))
        if depth < 2 * limit:
            sys.setrecursionlimit(10 * limit)
            document = edited(put(*steps, to=json.loads(deep)))
            text = signed(document)
            sys.setrecursionlimit(limit)
        try:
            told.add("read" if read(text.replace('"DEEP"', deep)).changes else "")
        except (InvalidError, RefusedError) as error:
            told.add(error.message.split(":")[0])
    assert {first} < told <= {first, "the plan can't be read", "the plan is nested too deeply"}


def test_a_rule_that_this_version_does_not_have_is_refused() -> None:
    text = signed(edited(put("findings", 0, "rule", to="rule-of-tomorrow")))
    with pytest.raises(InvalidError, match="this version of reconcile has no rule"):
        read(text)


@given(st.sampled_from(places(PLAN)), JSON)
def test_whatever_stands_anywhere_is_read_or_told(place: tuple[str | int, ...], to: object) -> None:
    with suppress(InvalidError, RefusedError):
        assert read(signed(edited(put(*place, to=to)))).digest


STRINGS = [
    place
    for place in places(PLAN)
    if isinstance(value_at(PLAN, place), str | None) and "policy" not in place
]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        *enumerate((ALL, *CONTROLS[:11], *ORDERS)),
        *enumerate(f"a{brk}{line}" for brk, line in zip(BREAKS, cycle(LINES), strict=False)),
    ],
)
def test_no_string_takes_a_hostile_text(number: int, text: str) -> None:
    """Only the policies of a plan may hold any text; whatever shows it escapes it.

    Each text stands in every third string, and each string holds every third text.
    """
    for place in STRINGS[number % 3 :: 3]:
        with pytest.raises((InvalidError, RefusedError)) as raised:
            read(signed(edited(put(*place, to=text))))
        assert faults(printable(raised.value.message)) == [], place


@pytest.mark.parametrize("text", [ALL, *CONTROLS[:11], *BREAKING[:5]])
@pytest.mark.parametrize(
    "place",
    [
        ("never_broken", 0, "conditions"),
        ("never_broken", 0, "conditions", "StringEquals"),
        ("changes", 0, "grants", "added", 0, "conditions"),
        ("changes", 0, "grants", "added", 0, "conditions", "StringEquals"),
        ("changes", 1, "settings", "tags"),
    ],
)
def test_no_key_is_a_hostile_text(place: tuple[str | int, ...], text: str) -> None:
    with pytest.raises(InvalidError):
        read(signed(edited(put(*place, text, to={} if place[-1] == "conditions" else "x"))))
