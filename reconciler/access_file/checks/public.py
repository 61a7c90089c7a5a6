"""Access of the file that lets strangers in, as all entries of a repository together give it."""

from collections.abc import Mapping

from reconciler.access_file.checks.lines import Line, facts_of_lines, lines_of
from reconciler.access_file.desired import EntriesByName
from reconciler.access_file.document.problems import Place, ProblemList, shown
from reconciler.access_file.model import AccessFile
from reconciler.model.rule_ids import RuleId
from reconciler.policy.language.glob import GlobIndex, has_wildcard
from reconciler.policy.language.principals import is_everyone
from reconciler.policy.meaning.public import (
    PUBLIC_REASONS,
    PublicAccess,
    PublicReason,
    public_access,
)
from reconciler.policy.meaning.tiers import may_overlap

_HINTS: Mapping[PublicReason, str] = {
    "unbounded": "bound it by an organization, an account or a network",
    "networks": "leave at most two /8 of IPv4 and two /32 of IPv6, of all that everyone may call "
    "from",
    "services": "bound services by aws:SourceOrgID or aws:SourceAccount",
}


def check_public(
    access: AccessFile, found: EntriesByName, allowed: frozenset[str], problems: ProblemList
) -> None:
    """Report each line that lets strangers in, alone or with others of the same repository.

    Each repository of the file counts with the patterns that match it, and each pattern alone, as
    `found` says; not those that the guards allow, a pattern only as a whole. `allowed` are the
    keys of entries whose lines are passed over.
    """
    public = GlobIndex(access.guards.public)
    guarded = tuple((name, entries) for name, entries in found if not public.matching(name))
    lines = {
        entry.repository: tuple(
            line for line in lines_of(entry) if is_everyone(line.holder.principal)
        )
        for entry in access.entries
    }
    told: set[Place] = set()
    for entries in _combinations(guarded, lines):
        opened = public_access(facts_of_lines(line for entry in entries for line in lines[entry]))
        for entry in entries if opened else ():
            for line in lines[entry] if entry not in allowed else ():
                opening = opened.get(line.holder)
                if opening and may_overlap(line.actions, opening.actions):
                    if line.key_place not in told:
                        _report(entry, line, opening, problems)
                    told.add(line.key_place)


def _combinations(
    found: EntriesByName, lines: Mapping[str, tuple[Line, ...]]
) -> dict[tuple[str, ...], None]:
    """Give the entries that apply together and are about everyone, each combination once."""
    if not any(line.holder.effect == "Allow" for held in lines.values() for line in held):
        return {}
    return {
        tuple(entry.repository for entry in entries if lines[entry.repository]): None
        for _, entries in found
    }


def _report(repository: str, line: Line, opening: PublicAccess, problems: ProblemList) -> None:
    if line.given:
        part = "" if line.actions <= opening.actions else "a part of "
        tier = shown(line.given.grant.tier)
        message = f"{shown(line.given.key)} lets strangers in with {part}{tier}"
    else:
        message = "this statement lets strangers in"
    name = f"'{repository}'" if has_wildcard(repository) else repository
    listed = f'"{repository}"' if has_wildcard(repository) else repository
    hint = (
        f"{_HINTS[opening.reason]}, or write guards: {{public: {{allow: [{listed}]}}}}, or pass "
        f"--allow-public {name} to this command, and to all that read the file"
    )
    message = f"{message}: {PUBLIC_REASONS[opening.reason]}"
    problems.error(RuleId.PUBLIC, message, line.key_place, hint=hint)
