"""From a registry's live policies to a file that is proven to ask for the same."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from reconciler.adopt.draft import Draft, Form, draft, ownership_for, read_all
from reconciler.adopt.file_text import FileData, write_file
from reconciler.adopt.live.content import ReadingOptions, spellings_of
from reconciler.adopt.live.registry_policy import (
    NOTHING_READ,
    REGISTRY_POLICY,
    RegistryDocuments,
    Unmanaged,
    read_registry,
    registry_documents,
)
from reconciler.adopt.live.survey import LeftOut, Survey, survey
from reconciler.adopt.live.templates import (
    NO_TEMPLATES,
    Templates,
    survey_templates,
    template_name,
    with_create_on,
)
from reconciler.adopt.merging import (
    Base,
    described_by,
    in_same_layout,
    merge_into,
    says_registry_policy,
    vocabulary_of,
)
from reconciler.adopt.notes import Notes, comments_for, notes_of
from reconciler.adopt.proof import Verdict, error_of, find_suspects, prove, reason_of
from reconciler.adopt.yaml_text import Value
from reconciler.model.registry import LiveRegistry
from reconciler.model.rules import RuleId
from reconciler.model.templates import template_prefix
from reconciler.policy import Document, glob_matches

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
    """What is imported: a registry as it was read, and how.

    `policy` and `templates` are what the file may say of the registry's own policy and of creation
    templates; `unmanaged` says why it leaves out others.
    """

    registries: tuple[LiveRegistry, ...]
    found: Survey
    options: ImportOptions
    now: datetime
    policy: RegistryDocuments
    templates: Templates
    unmanaged: tuple[Unmanaged, ...] = ()

    def only(self, found: Survey) -> "_Source":
        """Return some repositories alone."""
        return self._replace(found=found, policy={}, templates=NO_TEMPLATES, unmanaged=())

    def without_policy(self, reason: str) -> "_Source":
        """Leave out the registry's own policy."""
        unmanaged = (*self.unmanaged, Unmanaged(REGISTRY_POLICY, reason))
        return self._replace(policy={}, unmanaged=unmanaged)

    def without_templates(self, reasons: Mapping[str, str]) -> "_Source":
        """Leave out templates: those of the patterns for which there is a reason."""
        create_on = self.templates.create_on
        left_out = (
            Unmanaged(template_name(template_prefix(pattern)), reasons[pattern])
            for pattern in create_on
            if pattern in reasons
        )
        kept = {pattern: on for pattern, on in create_on.items() if pattern not in reasons}
        return self._replace(templates=Templates(kept), unmanaged=(*self.unmanaged, *left_out))


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
    form = Form(options.account_names, flat=options.flat)
    described: frozenset[str] = frozenset()
    if base := options.base:
        described = described_by(base.access, tuple(n for one in registries for n in one.names))
        form = form._replace(
            name_accounts=base.has_accounts,
            rules=base.access.ownership.rules,
            existing=vocabulary_of(base),
            own=base.keys,
        )
    source = _source(registries, described, options, now)
    attempt = _best_attempt(source, form)
    if source.policy and not attempt.verdict.is_right:
        source, form = _with_sayable_policy(source, form)
        attempt = _best_attempt(source, form)
    for suspects in (_suspects(attempt), attempt.draft.readings):
        if not attempt.verdict.is_right:
            source, form = _without_unsayable(source, form, suspects)
            attempt = _best_attempt(source, form)
    if not attempt.verdict.is_right:
        attempt = _best_attempt(source, form._replace(flat=True))
    if source.policy and not attempt.verdict.is_right:
        source = source.without_policy(reason_of(attempt.verdict))
        attempt = _best_attempt(source, form._replace(flat=True))
    if not attempt.verdict.is_right:
        raise error_of(attempt.verdict)
    notes = notes_of(attempt.draft, registries[0].scope)
    named = attempt.form.name_accounts or options.base is not None
    comments = comments_for(attempt.draft.data, notes, len(attempt.draft.readings), named=named)
    text = _written(attempt.draft.data._replace(comments=comments), options.base)
    if base:
        text = in_same_layout(base.text, text)
    unnamed = sorted(set(attempt.draft.data.accounts.values()) - options.account_names.keys())
    return Imported(text, tuple(sorted(attempt.draft.readings)), notes, tuple(unnamed))


def _source(
    registries: Sequence[LiveRegistry],
    described: Collection[str],
    options: ImportOptions,
    now: datetime,
) -> _Source:
    """Return what is to be described; a file to add to has some of it already."""
    base, unmanaged = options.base, []
    policy: RegistryDocuments | Unmanaged = {}
    if base is None or not says_registry_policy(base):
        policy = registry_documents(registries)
    elif base.access.registry.policy != "manage":
        reason = f"the file has registry.policy: {base.access.registry.policy}"
        policy = Unmanaged(REGISTRY_POLICY, reason)
    if isinstance(policy, Unmanaged):
        unmanaged, policy = [policy], {}
    entries = () if base is None else base.access.entries
    with_template = {one.repository for one in entries if one.create_on is not None}
    templates = survey_templates(registries, with_template)
    found = survey(registries, described)
    if base is not None:
        found = _without(found, base.keys)
    every = (*unmanaged, *templates.unmanaged)
    return _Source(tuple(registries), found, options, now, policy, templates, every)


def _without(found: Survey, keys: Collection[str]) -> Survey:
    """Leave out what the file has an entry for already, though not in this registry."""
    documents = {name: one for name, one in found.documents.items() if name not in keys}
    reason = "the file has an entry of this name, for other registries or regions"
    taken = (LeftOut(name, reason) for name in sorted(found.documents.keys() - documents.keys()))
    return found._replace(documents=documents, left_out=(*found.left_out, *taken))


def _best_attempt(source: _Source, form: Form) -> _Attempt:
    """Write a file with `accounts`, unless a condition has an account that can't be named.

    Templates are left out that the file would change.
    """
    attempt = _attempt(source, form)
    rules = {problem.rule for problem in attempt.verdict.errors}
    if rules and rules <= _ABOUT_NAMES and source.options.base is None:
        form = form._replace(name_accounts=False)
        attempt = _attempt(source, form)
    if reasons := _differing_templates(attempt):
        attempt = _attempt(source.without_templates(reasons), form)
    if reasons := _differing_templates(attempt):
        # With create_on, a file removes the templates of its own that it does not ask for.
        reason = f"create_on would change {template_name(template_prefix(min(reasons)))}"
        every = dict.fromkeys(source.templates.create_on, reason)
        attempt = _attempt(source.without_templates({**every, **reasons}), form)
    return attempt


def _differing_templates(attempt: _Attempt) -> Mapping[str, str]:
    """Return why the file would change templates, by the pattern of their entry."""
    return {
        one.target.pattern: one.reason
        for one in attempt.verdict.of_registry
        if one.target.subject == "creation-template"
    }


def _attempt(source: _Source, form: Form) -> _Attempt:
    found, scopes = source.found, [registry.scope for registry in source.registries]
    of_registry = [
        Document(one.version, tuple(part.statement for part in one.statements))
        for one in source.policy.values()
    ]
    documents = (document for of in found.documents.values() for document in of.values())
    options = ReadingOptions(
        ownership_for(found, scopes[0].account, form),
        spellings_of((*documents, *of_registry)),
        source.now,
        source.options.keep_dead,
    )
    readings, differing = read_all(found, options, form)
    left_out = (*found.left_out, *differing)

    def may_have(pattern: str) -> bool:
        """Whether an entry for a pattern may be added: it manages every repository it matches."""
        matched = any(glob_matches(pattern, one.repository) for one in left_out)
        return not (form.flat or matched or pattern in form.own)

    unmanaged, policy = source.unmanaged, NOTHING_READ
    read = read_registry(source.policy, options, may_have, only_raw=form.raw_registry)
    if isinstance(read, Unmanaged):
        unmanaged = (*unmanaged, read)
    else:
        policy = read
    data = draft(scopes, found, readings, policy, form)
    entries, unplaced = with_create_on(data.entries, source.templates.create_on, may_have)
    data = data._replace(entries=entries)
    text, base = _written(data, source.options.base), source.options.base
    made = Draft(data, readings, policy, left_out, (*unmanaged, *unplaced))
    verdict = prove(text, source.registries, found, readings, now=source.now, base=base)
    return _Attempt(form, made, verdict, text)


def _with_sayable_policy(source: _Source, form: Form) -> tuple[_Source, Form]:
    """Try the registry's own policy alone, raw where grants fail; leave it out where that fails."""
    one = source.only(Survey({}, (), ()))._replace(policy=source.policy)
    names = form.name_accounts and source.options.base is not None
    alone = form._replace(name_accounts=names)
    granted = _attempt(one, alone)
    if granted.verdict.is_right:
        return source, form
    raw = _attempt(one, alone._replace(raw_registry=True))
    if raw.verdict.is_right:
        return source, form._replace(raw_registry=True)
    telling = granted if granted.verdict.errors else raw
    return source.without_policy(reason_of(telling.verdict)), form


def _written(data: FileData, base: Base | None) -> str:
    """Write a new file, or the one to add to with the additions; its guards stay as they are."""
    if base is None:
        return write_file(data)
    entries = {name: _limited(value, base.limits) for name, value in data.entries.items()}
    return merge_into(base.text, data._replace(entries=entries))


def _limited(entry: Value, limits: Mapping[str, Value]) -> Value:
    return {**limits, **entry} if isinstance(entry, Mapping) else entry


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
        one = source.only(Survey({name: of_name}, (), (name,)))
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
