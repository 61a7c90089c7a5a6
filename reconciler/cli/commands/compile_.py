"""`reconcile compile`: print the policies that the file asks for, offline."""

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

    By repository; a pattern's own policy stands under the pattern; null is no policy.
    """
    import json

    from reconciler.access.compile import compile_desired
    from reconciler.access.desired import desired_policies
    from reconciler.cli.load import load_valid
    from reconciler.cli.planning import selected
    from reconciler.errors import UsageError
    from reconciler.policy.glob import glob_matches, has_wildcard
    from reconciler.printable import printable_json

    keep_quiet(quiet)
    source = load_valid(file, allow_public)
    names = {entry.repository for entry in source.access.entries}
    for glob in repository or ():
        if not has_wildcard(glob) and glob not in names:
            patterns = [entry for entry in names if glob_matches(entry, glob)]
            raise UsageError(
                f"--repository {glob}: the file has no entry of this name",
                hint=f"it is governed by {', '.join(sorted(patterns))}" if patterns else None,
            )
    policies = {}
    for wanted in desired_policies(source.access, None, today=source.now.date()):
        if selected(wanted.repository, tuple(repository or ())):
            text = compile_desired(source.access, wanted)
            policies[wanted.repository] = None if text is None else json.loads(text)
    out(printable_json(policies))
