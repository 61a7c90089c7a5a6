"""Leaves out problems that only follow from another one: one mistake is one problem."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from reconciler.access_file.document.problems import (
    Place,
    Problem,
    ProblemList,
    escape,
    sort_problems,
)
from reconciler.access_file.document.schema import Violation
from reconciler.access_file.document.tree import Node, items_of, locate, pairs_of, places_in
from reconciler.closest import suggestion
from reconciler.model.rules import RuleId
from reconciler.printable import some_of

_ABOUT_REGISTRY = frozenset(
    {
        RuleId.REGISTRY_POLICY_NOT_MANAGED,
        RuleId.RESOURCE_MATCHES_NOTHING,
        RuleId.UNKNOWN_REGISTRY,
        RuleId.IDLE_REPLICATED,
    }
)
_REGISTRIES = ("registry", "registries")
_RULES_BY_SECTION = {
    "accounts": frozenset({RuleId.UNKNOWN_NAME, RuleId.UNNAMED_ACCOUNT}),
    "principals": frozenset({RuleId.UNKNOWN_NAME}),
    "tiers": frozenset({RuleId.UNKNOWN_TIER}),
    "guards": frozenset({RuleId.PUBLIC}),
    **dict.fromkeys(_REGISTRIES, _ABOUT_REGISTRY | {RuleId.WRONG_PARTITION, RuleId.WRONG_REGION}),
}
"""The rules that cannot be checked where a section is unreadable."""

_UNUSED = frozenset({RuleId.UNUSED_PRINCIPAL, RuleId.UNUSED_TIER})
_HIDES_USES = frozenset(
    {
        RuleId.DUPLICATE_KEY,
        RuleId.UNKNOWN_KEY,
        RuleId.MISSING_KEY,
        RuleId.WRONG_TYPE,
        RuleId.EMPTY_VALUE,
        RuleId.BAD_NAME,
        RuleId.UNKNOWN_NAME,
        RuleId.UNKNOWN_TIER,
        RuleId.UNQUOTED_ACCOUNT_ID,
        RuleId.BAD_ACCOUNT_ID,
        RuleId.BAD_ARN,
        RuleId.GROUP_CYCLE,
    }
)
"""With one of these problems, the use of a name may be unreadable."""

_ABOUT_NAMES = frozenset(
    {
        RuleId.UNKNOWN_NAME,
        RuleId.UNKNOWN_TIER,
        RuleId.UNKNOWN_REGISTRY,
        RuleId.UNNAMED_ACCOUNT,
        RuleId.BAD_ACCOUNT_ID,
    }
)
"""Rules about a name or an id itself: reported once, with all lines that use it."""

_OPERATOR = "condition operator with its keys"


def add_meaning(
    meaning: ProblemList, problems: ProblemList, root: Node, violations: Sequence[Violation]
) -> None:
    """Add the problems of a file's meaning to those of its shape (`violations`)."""
    hidden = _hidden_rules(problems, violations)
    inside, around = _broken_places(root, violations)
    doubtful = _places_with_bad_ids(root, meaning)
    misnamed = {suggestion(str(v.value)) for v in violations if v.of_key}
    rules = {problem.rule for problem in (*problems.found, *meaning.found)}
    if rules & _HIDES_USES:
        hidden |= _UNUSED
    explained = {problem.place for problem in meaning.found if problem.rule != RuleId.BAD_STATEMENT}
    for problem in meaning.found:
        if not (
            problem.rule in hidden
            or problem.place in inside
            or (_is_conclusion(problem) and problem.place in around)
            or (problem.rule == RuleId.NEVER_APPLIES and problem.place in doubtful)
            or (problem.rule in _ABOUT_NAMES and problem.hint in misnamed)
            or (problem.rule == RuleId.BAD_STATEMENT and problem.place in explained)
        ):
            problems.found[problem] = None
    _merge_same_names(problems)


def broken_principals(violations: Iterable[Violation]) -> frozenset[str]:
    """Return the names of principals that violate the schema: they cannot be resolved."""
    paths = (violation.path for violation in violations)
    return frozenset(str(path[1]) for path in paths if path[:1] == ("principals",) and path[1:])


def _is_conclusion(problem: Problem) -> bool:
    """Whether a problem is about several keys together."""
    return problem.severity == "warning" or problem.rule == RuleId.BAD_STATEMENT


def _hidden_rules(problems: ProblemList, violations: Sequence[Violation]) -> frozenset[str]:
    """Return the rules that cannot be checked, as what they are about is unreadable."""
    at_root = {pair.key.place for v in violations if not v.path for pair in pairs_of(v.node)}
    hints = {problem.hint for problem in problems.found if problem.place in at_root}
    unreadable = {name for name in _RULES_BY_SECTION if suggestion(name) in hints}
    hidden: set[str] = set()
    for violation in violations:
        if violation.path[:2] == ("guards", "rules"):
            hidden.add(RuleId.NEVER)
        if violation.path[:1] and violation.path[0] in _REGISTRIES:
            hidden |= _ABOUT_REGISTRY
        if violation.path[:2] == ("guards", "public"):
            hidden.add(RuleId.PUBLIC)
        if not violation.about_keys and violation.path[:1] == ("accounts",):
            hidden.add(RuleId.UNNAMED_ACCOUNT)
        if not violation.about_keys and len(violation.path) == 1:
            unreadable.add(str(violation.path[0]))
    return frozenset(hidden).union(*(_RULES_BY_SECTION.get(name, ()) for name in unreadable))


def _broken_places(
    root: Node, violations: Iterable[Violation]
) -> tuple[frozenset[Place], frozenset[Place]]:
    """Return the places in values that violate the schema, and those in definitions that do."""
    inside: set[Place] = set()
    around: set[Place] = set()
    for violation in violations:
        if not violation.about_keys:
            inside |= {violation.place, *places_in(violation.node)}
            if violation.title == _OPERATOR:
                block, _ = locate(root, violation.path[:-1])
                inside |= {pair.key.place for pair in pairs_of(block)}
        if violation.path[:1] == ("principals",):
            around.update(places_in(locate(root, violation.path[:2])[0]))
        elif violation.about_keys and len(violation.path) > 1:
            around |= {violation.place, *places_in(violation.node)}
    return frozenset(inside), frozenset(around)


def _places_with_bad_ids(root: Node, meaning: ProblemList) -> frozenset[Place]:
    """Return the places in definitions with a bad account id, which no request has."""
    bad = {problem.place for problem in meaning.found if problem.rule == RuleId.BAD_ACCOUNT_ID}
    places = (frozenset(places_in(one)) for one in (_definitions(root) if bad else ()))
    return frozenset[Place]().union(*(inside for inside in places if inside & bad))


def _definitions(root: Node) -> Iterator[Node]:
    """Yield what contains conditions: principals, the tiers of an access, and raw statements."""
    for principal in pairs_of(root, "principals"):
        yield principal.value
    for entry in pairs_of(root, "repositories"):
        for access in pairs_of(entry.value, "access"):
            yield from items_of(access.value)
        yield from items_of(entry.value, "statements")
    yield from items_of(root, "registry_statements")


def _merge_same_names(problems: ProblemList) -> None:
    """Replace equal problems about a name by the first one, which lists the other lines."""
    same: defaultdict[object, list[Problem]] = defaultdict(list)
    for problem in sort_problems(problems.found):
        about = problem.rule, problem.message, problem.hint
        same[about if problem.rule in _ABOUT_NAMES else problem].append(problem)
    problems.found = {_merge(equal): None for equal in same.values()}


def _merge(equal: Sequence[Problem]) -> Problem:
    first = equal[0]
    path = first.place.path
    lines = sorted({problem.place[:2] for problem in equal} - {first.place[:2]})
    if not lines:
        return first
    if all(of == path for of, _ in lines):
        unit = "line" if len(lines) == 1 else "lines"
        also = f"in {unit} {some_of(str(line) for _, line in lines)}"
    else:
        also = f"at {some_of(f'{escape(of)}:{line}' for of, line in lines)}"
    return first._replace(message=f"{first.message} (also {also})")
