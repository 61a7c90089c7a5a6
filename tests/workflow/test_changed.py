"""A plan that is limited to changes of the file is the part of the whole plan that they cause."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from reconciler.access_file.desired import managed_names
from reconciler.model.registry import (
    LiveRegistry,
    LiveRegistryPolicy,
    LiveRepository,
    ReadFailure,
    RegistryScope,
    Target,
    registry_target,
)
from reconciler.model.rules import RuleId
from reconciler.model.templates import read_template
from reconciler.plan.model import Plan, PlanError
from reconciler.workflow.file.source import AccessSource, Globs
from reconciler.workflow.plans.changed import ChangedPart, changed_parts, subjects_of, with_touched
from reconciler.workflow.plans.limited_plan import plan_changed
from reconciler.workflow.plans.plan_inputs import plan_inputs
from reconciler.workflow.plans.planner import plan_all
from tests.access_file.files import load_access
from tests.effort import examples

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SCOPE = RegistryScope("111122223333", "us-west-2")
LIVE = ("t/a", "t/b", "t/x", "u/a", "u/x", "zz")
HEAD = """\
version: 1
registry: {account: "111122223333", regions: [us-west-2], policy: manage}
principals:
  ci: "arn:aws:iam::444455556666:role/ci"
  runtime: "arn:aws:iam::444455556666:role/runtime"
"""


def source(text: str, head: str = HEAD) -> AccessSource:
    content = (head + text).encode()
    loaded = load_access(content, "f.yaml", now=NOW)
    assert loaded.parts, loaded.problems
    return AccessSource(loaded.parts, "f.yaml", content, NOW, loaded)


def part_of(older: AccessSource, newer: AccessSource, globs: Globs = ()) -> ChangedPart:
    return changed_parts(newer, older.parts, globs)[SCOPE]


def limited(older: AccessSource, newer: AccessSource, whole: LiveRegistry) -> Plan:
    """Plan what changes, with no more of the registry than is read of it."""
    part = part_of(older, newer)
    asked = part.to_read(registry_policy=True)
    listed = whole.names if asked.lists else asked.declared
    chosen = {name for name in asked.select(listed) if name in whole.names}
    read = LiveRegistry(
        SCOPE,
        listed if asked.lists else tuple(sorted(chosen)),
        {name: whole.repositories[name] for name in chosen},
        policy=whole.policy if asked.registry_policy else None,
        templates=whole.templates if asked.templates else None,
    )
    part = with_touched(part, read, plan_inputs(newer.parts[0], NOW))
    chosen |= part.touched
    read = read._replace(repositories={name: whole.repositories[name] for name in chosen})
    return plan_changed(newer, [read], {SCOPE: part}, "HEAD~1")


NOTHING = LiveRegistry(SCOPE, (), {}, policy=LiveRegistryPolicy(None, "V2"), templates=())


def applied(access: AccessSource, names: tuple[str, ...]) -> LiveRegistry:
    """A registry with these repositories, in which the file has been applied."""
    bare = {name: LiveRepository(name, None) for name in names}
    empty = LiveRegistry(SCOPE, names, bare, policy=NOTHING.policy, templates=())
    plan = plan_all(access, [empty])
    texts = {change.target: change.after_text for change in plan.changes}
    made = {t.repository for t in texts if t.subject == "repository-policy"}
    every = tuple(sorted({*names, *made}))
    templates = (text for t, text in texts.items() if t.subject == "creation-template")
    return LiveRegistry(
        SCOPE,
        every,
        {name: LiveRepository(name, texts.get(Target(name, SCOPE))) for name in every},
        policy=LiveRegistryPolicy(texts.get(Target("*", SCOPE, "registry-policy")), "V2"),
        templates=tuple(read_template(text) for text in templates if text),
    )


Entry = tuple[str, str, str]
"""A name or pattern, what stands before its access, and its grants."""

grants = st.dictionaries(
    st.sampled_from(["ci", "runtime"]),
    st.sampled_from(
        [
            "pull",
            "push",
            "[pull, push]",
            "{tier: pull, until: 2026-05-01}",
            "{tier: pull, until: 2027-01-01}",
        ]
    ),
).map(lambda found: ", ".join(f"{who}: {tier}" for who, tier in found.items()))
kinds_of_name = st.sampled_from(["", "inherit: false, ", "create: true, "])
kinds_of_pattern = st.sampled_from(["", "via: registry-policy, "])
names = st.tuples(st.sampled_from(["t/a", "t/b", "u/a", "v/a"]), kinds_of_name, grants)
patterns = st.tuples(st.sampled_from(["t/*", "u/?", "*"]), kinds_of_pattern, grants)
templates = st.tuples(
    st.sampled_from(["w/*", "x/*"]),
    st.sampled_from(["create_on: [push], ", "create_on: [], "]),
    grants,
)
rules = st.sampled_from(
    ["", "", "guards: {rules: [{never: push, to: runtime, on: ['t/a', 'u/*'], because: x}]}\n"]
)
entries = st.lists(names | patterns | templates, max_size=5, unique_by=lambda entry: entry[0])


via_registry_policy = st.lists(
    st.tuples(st.just("t/*"), st.just("via: registry-policy, "), grants), min_size=1, max_size=1
)


@st.composite
def versions(draw: st.DrawFn, differing: st.SearchStrategy[list[Entry]]) -> tuple[str, str]:
    """Two files that have most of their entries in common; each has some that differ."""
    common = draw(entries)
    return tuple(
        draw(rules)
        + "repositories: {"
        + ", ".join(
            f"'{name}': {{{kind}access: {{{access}}}}}"
            for name, (_, kind, access) in ({e[0]: e for e in [*common, *draw(differing)]}).items()
        )
        + "}"
        for _ in range(2)
    )


@examples(50)
@given(versions(entries), st.sets(st.sampled_from(LIVE)))
def test_what_differs_is_planned_as_in_the_whole_plan(
    texts: tuple[str, str], live: set[str]
) -> None:
    loaded = [load_access((HEAD + text).encode(), "f.yaml", now=NOW) for text in texts]
    assume(all(one.parts for one in loaded))
    older, newer = (source(text) for text in texts)
    registry = applied(older, tuple(sorted(live)))
    assume(not plan_all(older, [registry]).changes)
    whole, part = plan_all(newer, [registry]), limited(older, newer, registry)
    event(f"{min(len(whole.changes), 3)} changes")
    assert outline(part) == outline(whole)
    assert set(part.errors) <= set(whole.errors)
    left_out = {(e.rule, e.target.subject) for e in set(whole.errors) - set(part.errors)}
    assert left_out <= {(RuleId.MISSING_REPOSITORY, "repository-policy")}
    assert part.unmanaged == ()


drifted = st.sampled_from(["t/*", "u/a", "zz", "*"]).flatmap(
    lambda name: st.builds(
        dict,
        Sid=st.just("Theirs"),
        Effect=st.sampled_from(["Allow", "Deny"]),
        Principal=st.sampled_from(["*", {"AWS": "arn:aws:iam::444455556666:role/runtime"}]),
        Action=st.sampled_from(["ecr:PutImage", "ecr:BatchGetImage"]),
        Resource=st.just(f"arn:aws:ecr:us-west-2:111122223333:repository/{name}"),
    )
)


@examples(20)
@given(versions(via_registry_policy), st.sets(st.sampled_from(LIVE)), drifted)
def test_an_edit_of_the_registrys_policy_is_planned_as_in_the_whole_plan(
    texts: tuple[str, str], live: set[str], theirs: dict[str, object]
) -> None:
    """Also where others have changed that policy: writing it takes back what they changed."""
    head = HEAD + "unmanaged: {registry_statements: remove}\n"
    loaded = [load_access((head + text).encode(), "f.yaml", now=NOW) for text in texts]
    assume(all(one.parts for one in loaded))
    older, newer = (source(text, head) for text in texts)
    registry = applied(older, tuple(sorted(live)))
    assume(not plan_all(older, [registry]).changes)
    assume(part_of(older, newer).registry_policy)
    assert registry.policy is not None
    own = json.loads(registry.policy.text or '{"Version": "2012-10-17", "Statement": []}')
    own["Statement"].append(theirs)
    managed = managed_names(newer.parts[0], registry.names)
    registry = registry._replace(
        repositories={name: registry.repositories[name] for name in managed},
        policy=LiveRegistryPolicy(json.dumps(own), "V2"),
    )
    whole, part = plan_all(newer, [registry]), limited(older, newer, registry)
    event(f"{min(len(whole.changes), 3)} changes")
    assert outline(part) == outline(whole)
    assert part.violations == whole.violations
    assert [c.revoked for c in part.changes] == [c.revoked for c in whole.changes]
    assert [c.risks for c in part.changes] == [c.risks for c in whole.changes]


def test_what_a_deny_of_others_closes_is_judged_where_the_registrys_policy_is_edited() -> None:
    """The edit is about s/*; the Deny that it takes back is about t/*."""
    rules = "guards: {rules: [{never: push, to: runtime, on: 't/a', because: x}]}\n"
    kept = "unmanaged: {statements: {default: keep}, registry_statements: remove}\n"
    older, newer = (
        source(f"{rules}{kept}repositories: {{t/a: {{}}, {via}}}\n")
        for via in (VIA, VIA.replace("pull", "push"))
    )
    found = applied(older, ("s/x", "t/a", "t/b"))
    runtime = {"AWS": "arn:aws:iam::444455556666:role/runtime"}
    opening = {"Sid": "Theirs", "Effect": "Allow", "Principal": runtime, "Action": "ecr:PutImage"}
    where = "arn:aws:ecr:us-west-2:111122223333:repository/t/*"
    closing = {**opening, "Effect": "Deny", "Resource": where}
    assert found.policy is not None
    own = json.loads(found.policy.text or "")
    own["Statement"].append(closing)
    opened = json.dumps({"Version": "2012-10-17", "Statement": opening})
    live = found._replace(
        repositories={**found.repositories, "t/a": LiveRepository("t/a", opened)},
        policy=LiveRegistryPolicy(json.dumps(own), "V2"),
    )
    part = limited(older, newer, live)
    assert [(one.target.repository, one.repaired) for one in part.violations] == [("t/a", False)]
    (change,) = part.changes
    assert change.target == registry_target(SCOPE)
    not_touched = live._replace(policy=found.policy)
    assert limited(older, newer, not_touched).violations == ()


def outline(plan: Plan) -> list[tuple[object, ...]]:
    return [
        (c.target, c.change, c.access, c.before_text, c.after_text, c.settings)
        for c in plan.changes
    ]


VIA = "'s/*': {via: registry-policy, access: {ci: pull}}"
BORN = "'w/*': {create_on: [push], access: {ci: pull}}"
BASE = f"t/a: {{access: {{ci: pull}}}}, 'u/*': {{access: {{ci: pull}}}}, {VIA}, {BORN}"


@pytest.mark.parametrize(
    ("text", "globs", "names", "flags"),
    [
        (BASE, (), "", ""),
        (BASE.replace("t/a: {access: {ci: pull", "t/a: {access: {ci: push"), (), "t/a", "policy"),
        (f"t/n: {{}}, {BASE}", (), "t/n", "policy"),
        (f"t/n: {{}}, {BASE}", ("t/?",), "t/n", "policy"),
        (f"t/n: {{}}, {BASE}", ("t/a",), "", ""),
        (BASE.replace("'u/*'", "'u/x'"), (), "", "lists policy"),
        (
            BASE.replace("'u/*'", "'u/?'").replace("pull", "push", 2),
            (),
            "t/a u/a u/x",
            "lists policy",
        ),
        (BASE.replace(VIA, VIA.replace("pull", "push")), (), "s/x", "lists policy"),
        (BASE.replace(VIA, VIA.replace("pull", "push")), ("t/*",), "", ""),
        (BASE.replace(BORN, BORN.replace("push", "replication")), (), "", "templates"),
        (BASE.replace(BORN, BORN.replace("push", "replication")), ("w/*",), "", "templates"),
        (BASE.replace(BORN, BORN.replace("push", "replication")), ("t/*",), "", ""),
        (
            f"t/a: {{access: {{ci: pull}}}}, 'u/*': {{access: {{ci: pull}}}}, {VIA}",
            (),
            "",
            "lists policy",
        ),
    ],
)
def test_what_is_read(text: str, globs: Globs, names: str, flags: str) -> None:
    older, newer = (source(f"repositories: {{{entries}}}\n") for entries in (BASE, text))
    asked = part_of(older, newer, globs).to_read(registry_policy=True)
    given = ("s/x", "t/a", "u/a", "u/x") if asked.lists else asked.declared
    assert list(asked.select(given)) == names.split()
    found = {"lists": asked.lists, "policy": asked.registry_policy, "templates": asked.templates}
    assert [name for name, is_so in found.items() if is_so] == flags.split()
    assert not part_of(older, newer, globs).to_read(registry_policy=False).registry_policy


def test_a_registry_that_fails_is_one_error() -> None:
    older, newer = (source(f"repositories: {{{text}}}\n") for text in (BASE, f"t/n: {{}}, {BASE}"))
    failure = ReadFailure(RuleId.READ_FAILED, "no")
    live = LiveRegistry(SCOPE, (), {}, failure)
    plan = plan_changed(newer, [live], {SCOPE: part_of(older, newer)}, "v1")
    assert plan.errors == (PlanError(Target("*", SCOPE), RuleId.READ_FAILED, "no"),)


def test_what_a_run_is_limited_to_in_words() -> None:
    older = source("repositories: {t/a: {}}\n")
    newer = source(f"repositories: {{t/b: {{}}, t/c: {{}}, {VIA}, {BORN}}}\n")
    parts = changed_parts(newer, older.parts, ()).values()
    said = [
        "2 repositories",
        "2 patterns",
        "1 creation template",
        "1 removed entry",
        "the registry's own policy",
    ]
    assert list(subjects_of(parts)) == said
    assert list(subjects_of(changed_parts(older, older.parts, ()).values())) == []


def test_a_template_that_does_not_differ_is_left_alone() -> None:
    other = BORN.replace("w/*", "x/*")
    older = source(f"repositories: {{{BORN}, {other}}}\n")
    newer = source(f"repositories: {{{BORN.replace('[push]', '[replication]')}, {other}}}\n")
    plan = limited(older, newer, applied(older, ()))
    assert [change.target.repository for change in plan.changes] == ["w"]


def test_a_change_of_the_registrys_policy_alone_needs_the_list_of_repositories() -> None:
    older = source(f"repositories: {{{VIA}}}\n")
    newer = source(f"unmanaged: {{registry_statements: remove}}\nrepositories: {{{VIA}}}\n")
    asked = part_of(older, newer).to_read(registry_policy=True)
    assert (asked.lists, asked.registry_policy, asked.templates) == (True, True, False)
    assert list(asked.select(LIVE)) == []


def test_a_statement_of_others_that_the_registrys_policy_loses_may_be_about_any_repository() -> (
    None
):
    """A Deny of the registry's policy keeps closed what the repository's own policy opens."""
    rules = "guards: {rules: [{never: push, to: runtime, on: 't/a', because: x}]}\n"
    keeping = rules + "unmanaged: {statements: {default: keep}%s}\nrepositories: {t/a: {}}\n"
    older, newer = source(keeping % ""), source(keeping % ", registry_statements: remove")
    runtime = {"AWS": "arn:aws:iam::444455556666:role/runtime"}
    statement = {"Sid": "Theirs", "Effect": "Allow", "Principal": runtime, "Action": "ecr:PutImage"}
    everywhere = "arn:aws:ecr:us-west-2:111122223333:repository/*"
    own, closing = (
        json.dumps({"Version": "2012-10-17", "Statement": one})
        for one in (statement, {**statement, "Effect": "Deny", "Resource": everywhere})
    )
    live = LiveRegistry(
        SCOPE,
        ("t/a",),
        {"t/a": LiveRepository("t/a", own)},
        policy=LiveRegistryPolicy(closing, "V2"),
        templates=(),
    )
    whole, part = plan_all(newer, [live]), limited(older, newer, live)
    assert [one.target.repository for one in part.violations] == ["t/a"]
    assert (part.violations, outline(part)) == (whole.violations, outline(whole))


def test_whether_a_new_replica_is_missing_depends_on_the_repository_elsewhere() -> None:
    text = "repositories: {t/a: {replicated: true}, t/b: {}}\n"
    older = source(text)
    newer = source(text, HEAD.replace("[us-west-2]", "[us-west-2, eu-west-1]"))
    here, there = newer.scopes
    parts = changed_parts(newer, older.parts, ())
    read = {scope: parts[scope].to_read(registry_policy=True).declared for scope in newer.scopes}
    assert read == {here: ("t/a",), there: ("t/a", "t/b")}
    one = LiveRegistry(here, ("t/a",), {"t/a": LiveRepository("t/a", None)})
    plan = plan_changed(newer, [one, LiveRegistry(there, (), {})], parts, "HEAD~1")
    rules = [(found.rule, found.repository, found.scope) for found in plan.findings]
    assert rules == [(RuleId.NOT_REPLICATED_YET, "t/a", there)]
    assert [error.target for error in plan.errors] == [Target("t/b", there)]
