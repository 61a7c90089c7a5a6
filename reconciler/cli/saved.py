"""Saved plans: from and to a file, and worked out anew before anyone acts on one."""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from reconciler.access.desired import add_up, entries_by_name
from reconciler.access.schema import inlined, schema_text
from reconciler.cli.load import AccessSource
from reconciler.cli.planning import plan_rules
from reconciler.cli.terminal import as_argument, note
from reconciler.errors import InvalidError, ReconcileError, RefusedError, UsageError
from reconciler.plan.compute import compute_plan, merge_plans
from reconciler.plan.model import Change, Plan, Target
from reconciler.plan.saved import SavedChange, SavedPlan, read_saved
from reconciler.plan.wanted import Rules
from reconciler.policy.json_text import load_json
from reconciler.registry.model import LiveRegistry, LiveRepository, RegistryScope

MAX_BYTES = 64 * 1024 * 1024
"""The largest plan that is read, and so the largest that is written."""

_BEGINNING = b'{\n  "format_version"'

_SMALLER = "plan some of the repositories at a time, with --repository GLOB"


def read_plan_file(path: Path) -> SavedPlan:
    """Read a saved plan.

    Raises UsageError where there is no such file, InvalidError and RefusedError as `read_saved`.
    """
    content = _read(path)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise InvalidError(f"{path} is no plan: it is not UTF-8") from None
    return read_saved(text, inlined(schema_text("plan.schema.json")))


def write_plan_file(path: Path, text: str) -> None:
    """Write a plan's text, whole or not at all, for its owner's eyes only: it holds policies.

    What was there before is replaced. Raises ReconcileError where it can't be written, and for a
    text that would be too large to be read.
    """
    content = text.encode()
    if len(content) > MAX_BYTES:
        raise ReconcileError(
            f"the plan has {len(content):,} bytes, and only {MAX_BYTES:,} can be read back; "
            "nothing was saved",
            hint=_SMALLER,
        )
    try:
        _replace(_place_for(path), content)
    except OSError as error:
        raise ReconcileError(f"{path} can't be written: {error.strerror}") from None


def save_plan(path: Path, text: str, *, refused: bool) -> None:
    """Save a plan, and say how to apply it. Raises as `write_plan_file` does."""
    write_plan_file(path, text)
    name = as_argument(path)
    if refused:
        note(f"saved {name} all the same; applying it takes the options named above")
    else:
        note(f"saved; apply it with: reconcile apply {name}")


def replay(saved: SavedPlan, source: AccessSource) -> Plan:
    """Work a saved plan out anew, from its `before` policies and the access file.

    What comes of it is what the file asks for, whoever wrote the plan. Findings, errors and
    figures of repositories that do not change are the saved ones. Raises RefusedError where the
    plan is for another registry or from another version of the file, and where a change comes out
    otherwise than it was saved: by another hand, another version of reconcile, or an `until` that
    has passed in between.
    """
    registry = source.access.registry
    scopes = tuple(RegistryScope(registry.account, region) for region in registry.regions)
    _check_registry(saved, scopes, source.path)
    if saved.file_sha256 != hashlib.sha256(source.content).hexdigest():
        raise RefusedError(f"the plan was made from another version of {source.path}; plan again")
    rules = plan_rules(source.access)
    plan = merge_plans(_work_out(saved, scope, source, rules) for scope in scopes)
    _check_changes(saved, plan.changes, source.path)
    return replace(
        plan,
        findings=saved.findings,
        errors=saved.errors,
        # A saved plan tells no region of what is unmanaged.
        unmanaged=tuple(Target(name, scopes[0]) for name in saved.unmanaged),
        broken=tuple(sorted({*saved.never_broken, *plan.broken})),
        in_sync=saved.in_sync,
        live_grants=saved.live_grants,
    )


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            content = file.read(MAX_BYTES + 1) if size <= MAX_BYTES else b""
    except FileNotFoundError:
        raise UsageError(
            f"there is no file {path}", hint="'reconcile plan --out PLAN' writes one"
        ) from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a folder, not a file") from None
    except OSError as error:
        raise ReconcileError(f"{path} can't be read: {error.strerror}") from None
    if max(size, len(content)) > MAX_BYTES:
        raise InvalidError(
            f"{path} is larger than a plan may be, {MAX_BYTES:,} bytes", hint=_SMALLER
        )
    return content


def _place_for(path: Path) -> Path:
    """Give where a path leads: the file behind a link is replaced, not the link."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder, not a file")
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is no regular file; --format json writes to stdout")
    if path.exists() and not _may_be_replaced(path):
        raise UsageError(f"{path} exists and is no saved plan; it stays as it is")
    try:
        return path.resolve()
    except RuntimeError:
        raise UsageError(f"{path} is a link that leads to itself") from None


def _may_be_replaced(path: Path) -> bool:
    """Tell whether a file is empty, or begins as a saved plan does."""
    with path.open("rb") as file:
        head = file.read(len(_BEGINNING))
    return not head or head == _BEGINNING


def _replace(target: Path, content: bytes) -> None:
    """Put a file in place in one step. Raises OSError; then nothing has changed."""
    handle, name = tempfile.mkstemp(prefix=".reconcile-plan.", dir=target.parent)  # mode 0600
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()


def _check_registry(saved: SavedPlan, scopes: tuple[RegistryScope, ...], path: str) -> None:
    planned = [RegistryScope(saved.account, region) for region in saved.regions]
    planned += [change.target.scope for change in saved.changes]
    for scope in planned:
        if scope not in scopes:
            regions = ", ".join(own.region for own in scopes)
            raise RefusedError(
                f"the plan is for the registry {scope.account} in {scope.region}, and {path} for "
                f"{scopes[0].account} in {regions}"
            )


def _work_out(saved: SavedPlan, scope: RegistryScope, source: AccessSource, rules: Rules) -> Plan:
    """Plan what the saved plan changes in one region, and nothing else."""
    changes = [change for change in saved.changes if change.target.scope == scope]
    names = {change.target.repository for change in changes}
    desired = [
        add_up(name, entries, source.now.date())
        for name, entries in entries_by_name(source.access, names)
        if name in names
    ]
    return compute_plan(desired, _as_it_was(scope, changes), rules)


def _as_it_was(scope: RegistryScope, changes: Iterable[SavedChange]) -> LiveRegistry:
    """Give the registry as the saved plan saw it, as far as it changes it."""
    found = {
        change.target.repository: LiveRepository(change.target.repository, change.before_text)
        for change in changes
        if change.change != "create"
    }
    return LiveRegistry(scope, tuple(sorted(found)), found)


def _check_changes(saved: SavedPlan, changes: Iterable[Change], path: str) -> None:
    worked_out: Mapping[Target, Change] = {change.target: change for change in changes}
    for change in saved.changes:
        target = change.target
        if not _is_same(change, worked_out.get(target)):
            raise RefusedError(
                f"the plan does not say what {path} asks for on {target.repository} "
                f"({target.scope.region}); plan again"
            )


def _is_same(saved: SavedChange, change: Change | None) -> bool:
    if change is None:
        return False
    after = None if change.after_text is None else load_json(change.after_text)
    return (change.change, after, change.settings) == (saved.change, saved.after, saved.settings)
