"""From a registry's live policies to a file that is proven to ask for the same."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from reconciler.adopt.content import ReadingOptions, spellings_of
from reconciler.adopt.draft import Draft, Form, draft, ownership_for, read_all
from reconciler.adopt.file_text import FileData, write_file
from reconciler.adopt.merging import Base, described_by, merge_into, vocabulary_of
from reconciler.adopt.notes import Notes, comments_for, notes_of
from reconciler.adopt.proof import Verdict, error_of, find_suspects, prove, reason_of
from reconciler.adopt.survey import LeftOut, Survey, survey
from reconciler.model.registry import LiveRegistry
from reconciler.model.rules import RuleId

_ABOUT_NAMES = frozenset({RuleId.UNNAMED_ACCOUNT, RuleId.BAD_ACCOUNT_ID})
"""What is wrong with the accounts of a policy only where a file names its accounts."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How a registry is imported.

    `account_names` maps ids to names. `flat`: without groups and patterns. `keep_dead`: deleted
    principals are carried as raw statements. `base` is a file to add to.
    """

    account_names: Mapping[str, str]
    flat: bool = False
    keep_dead: bool = False
    base: Base | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """An access file, the repositories that it describes, and what else there is to know.

    `unnamed_accounts` are the ids of accounts whose names in the file were made of their ids.
    """

    text: str
    repositories: tuple[str, ...]
    notes: Notes
    unnamed_accounts: tuple[str, ...] = ()


class _Source(NamedTuple):
    """What is imported: a registry as it was read, and how."""

    account: str
    regions: tuple[str, ...]
    found: Survey
    options: ImportOptions
    now: datetime


class _Attempt(NamedTuple):
    form: Form
    draft: Draft
    verdict: Verdict
    text: str


def import_registry(
    registries: Sequence[LiveRegistry], options: ImportOptions, now: datetime
) -> Imported:
    """Describe a registry, given in each of its regions.

    Raises ReconcileError where the file would be refused; that can only be a registry that is too
    large for one file, or a bug.
    """
    scopes = [registry.scope for registry in registries]
    account, regions = scopes[0].account, tuple(scope.region for scope in scopes)
    form = Form(options.account_names, flat=options.flat)
    described: frozenset[str] = frozenset()
    if base := options.base:
        described = described_by(base.access, tuple(n for one in registries for n in one.names))
        form = form._replace(
            name_accounts=base.has_accounts,
            rules=base.access.ownership.rules,
            existing=vocabulary_of(base),
            own=frozenset(entry.repository for entry in base.access.entries),
        )
    source = _Source(account, regions, survey(registries, described), options, now)
    attempt = _best_attempt(source, form)
    for suspects in (_suspects(attempt), attempt.draft.readings):
        if not attempt.verdict.is_right:
            source, form = _without_unsayable(source, form, suspects)
            attempt = _best_attempt(source, form)
    if not attempt.verdict.is_right:
        attempt = _best_attempt(source, form._replace(flat=True))
    if not attempt.verdict.is_right:
        raise error_of(attempt.verdict)
    notes = notes_of(attempt.draft.readings, attempt.draft.left_out)
    named = attempt.form.name_accounts or options.base is not None
    comments = comments_for(attempt.draft.data, notes, len(attempt.draft.readings), named=named)
    text = _written(attempt.draft.data._replace(comments=comments), options.base)
    unnamed = sorted(set(attempt.draft.data.accounts.values()) - options.account_names.keys())
    return Imported(text, tuple(sorted(attempt.draft.readings)), notes, tuple(unnamed))


def _best_attempt(source: _Source, form: Form) -> _Attempt:
    """Write a file with `accounts`, unless a condition has an account that can't be named."""
    attempt = _attempt(source, form)
    rules = {problem.rule for problem in attempt.verdict.errors}
    if rules and rules <= _ABOUT_NAMES and source.options.base is None:
        return _attempt(source, form._replace(name_accounts=False))
    return attempt


def _attempt(source: _Source, form: Form) -> _Attempt:
    found = source.found
    documents = (document for of in found.documents.values() for document in of.values())
    options = ReadingOptions(
        ownership_for(found, source.account, form),
        spellings_of(documents),
        source.now,
        source.options.keep_dead,
    )
    readings, differing = read_all(found, options, form)
    data = draft(source.account, source.regions, found, readings, form)
    text = _written(data, source.options.base)
    made = Draft(data, readings, (*found.left_out, *differing))
    verdict = prove(text, found, readings, source.now, source.options.base)
    return _Attempt(form, made, verdict, text)


def _written(data: FileData, base: Base | None) -> str:
    """Write a new file, or the one to add to with the additions; its guards stay as they are."""
    return write_file(data) if base is None else merge_into(base.text, data)


def _suspects(attempt: _Attempt) -> Collection[str]:
    verdict, made = attempt.verdict, attempt.draft
    named = find_suspects(verdict.errors, attempt.text, made.data, made.readings)
    return named.union(verdict.differing)


def _without_unsayable(
    source: _Source, form: Form, suspects: Collection[str]
) -> tuple[_Source, Form]:
    """Try each suspect alone, with raw statements where grants fail; leave out the others."""
    names = form.name_accounts and source.options.base is not None
    alone = form._replace(flat=True, name_accounts=names)
    only_raw = set(form.only_raw)
    left_out: list[LeftOut] = []
    for name in sorted(source.found.documents.keys() & suspects):
        of_name = source.found.documents[name]
        one = source._replace(found=Survey({name: of_name}, (), (name,)))
        granted = _attempt(one, alone)
        if granted.verdict.is_right:
            continue
        raw = _attempt(one, alone._replace(only_raw=frozenset({name})))
        if raw.verdict.is_right:
            only_raw.add(name)
        else:
            telling = granted if granted.verdict.errors else raw
            left_out.append(LeftOut(name, reason_of(telling.verdict)))
    gone = {one.repository for one in left_out}
    documents = {n: of for n, of in source.found.documents.items() if n not in gone}
    found = Survey(documents, (*source.found.left_out, *left_out), source.found.live)
    return source._replace(found=found), form._replace(only_raw=frozenset(only_raw))
