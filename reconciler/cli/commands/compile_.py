"""`reconcile compile`: print the policies that the file asks for, offline."""

from collections.abc import Container, Iterable, Sequence

from reconciler.cli.options import DEFAULT_FILE, AllowPublic, File, Quiet, Repository
from reconciler.cli.terminal import keep_quiet, out


def compile_(
    *,
    file: File = DEFAULT_FILE,
    repository: Repository = None,
    quiet: Quiet = False,
    allow_public: AllowPublic = None,
) -> None:
    """Print the desired policies, as one JSON object.

    By repository; a pattern's own policy stands under the pattern, and that of a repository that
    only patterns match is printed where --repository names it; null is no policy.
    """
    import json

    from reconciler.access_file.desired import compile_desired, desired_policies
    from reconciler.cli.load import load_valid
    from reconciler.cli.planning import selected
    from reconciler.policy import has_wildcard
    from reconciler.printable import printable_json

    keep_quiet(quiet)
    source = load_valid(file, allow_public)
    globs = tuple(repository or ())
    named = [glob for glob in globs if not has_wildcard(glob)]
    wanted = {
        one.repository: one
        for names in (None, named)
        for one in desired_policies(source.access, names, now=source.now)
        if selected(one.repository, globs)
    }
    _check_named(named, wanted, [entry.repository for entry in source.access.entries])
    policies = {}
    for name in sorted(wanted):
        text = compile_desired(source.access, wanted[name])
        policies[name] = None if text is None else json.loads(text)
    out(printable_json(policies))


def _check_named(named: Iterable[str], found: Container[str], entries: Sequence[str]) -> None:
    """Raise UsageError for what no entry is about, or what is no repository's name."""
    from reconciler.access_file.document.problems import did_you_mean
    from reconciler.access_file.sections.repositories import name_hint
    from reconciler.errors import UsageError

    for name in named:
        if hint := name_hint(name):
            raise UsageError(f"--repository {name}: no repository has such a name", hint=hint)
        if name not in found:
            raise UsageError(
                f"--repository {name}: no entry of the file is about it",
                hint=did_you_mean(name, entries),
            )
