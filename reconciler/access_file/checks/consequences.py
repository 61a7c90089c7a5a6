"""One mistake, one problem: what only follows from another problem of a file is left out."""

from collections.abc import Iterable, Iterator, Sequence

from reconciler.access_file.document.nodes import (
    Node,
    SequenceNode,
    child,
    items_of,
    node_at,
    pairs_of,
)
from reconciler.access_file.document.problems import (
    Place,
    Problem,
    ProblemList,
    sort_problems,
    suggestion,
)
from reconciler.access_file.document.schema import Violation
from reconciler.model.rule_ids import RuleId
from reconciler.printable import some_of

_NAMES_OF = {
    "accounts": frozenset({RuleId.UNKNOWN_NAME, RuleId.UNNAMED_ACCOUNT}),
    "principals": frozenset({RuleId.UNKNOWN_NAME}),
    "tiers": frozenset({RuleId.UNKNOWN_TIER}),
    "guards": frozenset({RuleId.PUBLIC}),
}
"""What is told of a name, an id or an entry where the section about it can't be read."""

_OF_USES = frozenset({RuleId.UNUSED_PRINCIPAL, RuleId.UNUSED_TIER})
_HIDES_USES = frozenset(
    {
        RuleId.DUPLICATE_KEY,
        RuleId.UNKNOWN_KEY,
        RuleId.MISSING_KEY,
        RuleId.WRONG_TYPE,
        RuleId.EMPTY_VALUE,
        RuleId.BAD_NAME,
    }
    | {
        RuleId.UNKNOWN_NAME,
        RuleId.UNKNOWN_TIER,
        RuleId.UNQUOTED_ACCOUNT_ID,
        RuleId.BAD_ACCOUNT_ID,
        RuleId.BAD_ARN,
        RuleId.GROUP_CYCLE,
    }
)
"""Where one of these is reported, what would use a name may not be seen."""

_OF_WORDS = frozenset(
    {RuleId.UNKNOWN_NAME, RuleId.UNKNOWN_TIER, RuleId.UNNAMED_ACCOUNT, RuleId.BAD_ACCOUNT_ID}
)
"""Rules about a name or an id itself: it is reported once, with all lines that use it."""

_OPERATOR = "condition operator with its keys"


def add_meaning(
    meaning: ProblemList, problems: ProblemList, root: Node, violations: Sequence[Violation]
) -> None:
    """Add what the file's meaning shows to what its shape does (`violations`)."""
    hidden = _hidden_rules(root, problems, violations)
    inside, around = _broken_places(root, violations)
    doubtful = _places_with_bad_ids(root, meaning)
    misnamed = {suggestion(str(v.value)) for v in violations if v.of_key}
    rules = {problem.rule for problem in (*problems.found, *meaning.found)}
    if rules & _HIDES_USES:
        hidden |= _OF_USES
    explained = {problem.place for problem in meaning.found if problem.rule != RuleId.BAD_STATEMENT}
    for problem in meaning.found:
        if not (
            problem.rule in hidden
            or problem.place in inside
            or (_is_conclusion(problem) and problem.place in around)
            or (problem.rule == RuleId.NEVER_APPLIES and problem.place in doubtful)
            or (problem.rule in _OF_WORDS and problem.hint in misnamed)
            or (problem.rule == RuleId.BAD_STATEMENT and problem.place in explained)
        ):
            problems.found[problem] = None
    _tell_words_once(problems)


def _is_conclusion(problem: Problem) -> bool:
    """Tell whether a problem is about what several keys say together."""
    return problem.severity == "warning" or problem.rule == RuleId.BAD_STATEMENT


def _hidden_rules(
    root: Node, problems: ProblemList, violations: Iterable[Violation]
) -> frozenset[str]:
    """Give the rules by which nothing can be told, as what they are about is broken."""
    hints = {name: suggestion(name) for name in _NAMES_OF}
    at_root = {pair.key.place for pair in pairs_of(root)}
    meant = {problem.hint for problem in problems.found if problem.place in at_root}
    unread = {name for name in _NAMES_OF if hints[name] in meant}
    hidden: set[str] = set()
    for violation in violations:
        if violation.path[:2] == ("guards", "rules"):
            hidden.add(RuleId.NEVER)
        if violation.path[:2] == ("guards", "public"):
            hidden.add(RuleId.PUBLIC)
        if not violation.about_keys and violation.path[:1] == ("accounts",):
            hidden.add(RuleId.UNNAMED_ACCOUNT)
        if not violation.about_keys and len(violation.path) == 1:
            unread.add(str(violation.path[0]))
    return frozenset(hidden).union(*(_NAMES_OF.get(name, ()) for name in unread))


def _broken_places(
    root: Node, violations: Iterable[Violation]
) -> tuple[frozenset[Place], frozenset[Place]]:
    """Give the places of and in values that are broken, and those in definitions that are."""
    inside: set[Place] = set()
    around: set[Place] = set()
    for violation in violations:
        if not violation.about_keys:
            inside |= {violation.place, *_places_in(violation.node)}
            if violation.title == _OPERATOR:
                inside |= {pair.key.place for pair in pairs_of(node_at(root, violation.path[:-1]))}
        if violation.path[:1] == ("principals",):
            around.update(_places_in(node_at(root, violation.path[:2])))
        elif violation.about_keys and len(violation.path) > 1:
            around |= {violation.place, *_places_in(violation.node)}
    return frozenset(inside), frozenset(around)


def broken_principals(violations: Iterable[Violation]) -> frozenset[str]:
    """Give the names of principals that the schema finds broken: nothing is known of them."""
    paths = (violation.path for violation in violations)
    return frozenset(str(path[1]) for path in paths if path[:1] == ("principals",) and path[1:])


def _places_with_bad_ids(root: Node, meaning: ProblemList) -> frozenset[Place]:
    """Give the places in definitions that hold a bad account id, which no request has."""
    wrong = {problem.place for problem in meaning.found if problem.rule == RuleId.BAD_ACCOUNT_ID}
    found: set[Place] = set()
    for definition in _definitions(root) if wrong else ():
        places = frozenset(_places_in(definition))
        if places & wrong:
            found |= places
    return frozenset(found)


def _definitions(root: Node) -> Iterator[Node]:
    """Give what holds conditions: principals, tiers that are given, and raw statements."""
    for principal in pairs_of(child(root, "principals")):
        yield principal.value
    for entry in pairs_of(child(root, "repositories")):
        for given in pairs_of(child(entry.value, "access")):
            yield from items_of(given.value)
        yield from items_of(child(entry.value, "statements"))


def _places_in(node: Node) -> Iterator[Place]:
    yield node.place
    for pair in pairs_of(node):
        yield pair.key.place
        yield from _places_in(pair.value)
    if isinstance(node, SequenceNode):
        for item in node.items:
            yield from _places_in(item)


def _tell_words_once(problems: ProblemList) -> None:
    alike: dict[object, list[Problem]] = {}
    for problem in sort_problems(problems.found):
        word = problem.rule, problem.message, problem.hint
        alike.setdefault(word if problem.rule in _OF_WORDS else problem, []).append(problem)
    problems.found = {_as_one(same): None for same in alike.values()}


def _as_one(same: Sequence[Problem]) -> Problem:
    first = same[0]
    lines = sorted({problem.place.line for problem in same} - {first.place.line})
    if not lines:
        return first
    which = "line" if len(lines) == 1 else "lines"
    also = f"(also in {which} {some_of(map(str, lines))})"
    return first._replace(message=f"{first.message} {also}")
