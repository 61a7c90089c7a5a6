"""The commands that need no AWS: init, validate, compile, compare, schema, rule."""

from collections.abc import Mapping
from enum import StrEnum
from functools import partial
from os.path import lexists
from pathlib import Path
from typing import Annotated

import typer

from reconciler import workflow
from reconciler.cli import options as opt
from reconciler.cli.exits import exit_of
from reconciler.cli.options import a_path, file_of, name_of, require_no_stdout, require_one_stdin
from reconciler.cli.outputs import check_outputs, write
from reconciler.cli.terminal import note, out
from reconciler.errors import InvalidError, ReconcileError, RefusedError
from reconciler.model.rules import RuleId
from reconciler.printable import printable, printable_json


def init(
    *,
    file: opt.File = opt.DEFAULT_FILE,
    schema: Annotated[
        bool,
        typer.Option("--schema", help="Also write the JSON schema beside it, for editors."),
    ] = False,
    _quiet: opt.Quiet = False,
) -> None:
    """Write a small commented starter file.

    A file that exists is not overwritten.
    """
    from reconciler.access_file.starter import STARTER, for_editors

    require_no_stdout("--file", file, "-f FILE names the file to write")
    new = {file: STARTER}
    if schema:
        from reconciler.access_file.document.schema import schema_text

        name = _SCHEMA_FILES[Schema.ACCESS]
        new = {file: for_editors(name) + STARTER, file.with_name(name): schema_text(name)}
    _write_new(new)
    names = " and ".join(printable(str(path)) for path in new)
    note(f"wrote {names}; next: edit it, then 'reconcile validate' and 'reconcile plan'")


def _write_new(texts: Mapping[Path, str]) -> None:
    """Write files, or none if one exists. Raises RefusedError, ReconcileError."""
    for path in texts:
        if lexists(path):
            message = f"{path} already exists; not overwritten"
            raise RefusedError(message, hint="-f FILE names another file or folder")
    for path, text in texts.items():
        try:
            with path.open("x", encoding="utf-8") as stream:
                stream.write(text)
        except OSError as error:
            raise ReconcileError(f"{path} can't be written: {error.strerror}") from None


def validate(
    *,
    file: opt.File = opt.DEFAULT_FILE,
    format_: opt.OutputProblemFormat = opt.ProblemFormat.TEXT,
    outputs: opt.ProblemOutputs = None,
    rules: opt.Rules = None,
    _quiet: opt.Quiet = False,
    allow_public: opt.AllowPublic = None,
) -> None:
    """Check the file: shape, names, guards, sizes."""
    from reconciler.cli.files import read_access_file, read_rules, show_problems

    written = check_outputs("validate", format_, outputs, file, *(rules or ()))
    require_one_stdin(file, *(rules or ()))
    content = read_access_file(file)
    checked = workflow.validate(
        content,
        name_of(file),
        file=file_of(file),
        allow_public=allow_public or (),
        rules=read_rules(rules),
    )
    show_problems(file, checked, format_, written)
    raise typer.Exit(exit_of(checked.statuses))


def compile_(
    *,
    file: opt.File = opt.DEFAULT_FILE,
    repository: opt.Repository = None,
    registry: opt.Registries = None,
    _quiet: opt.Quiet = False,
    allow_public: opt.AllowPublic = None,
) -> None:
    """Print the desired policies, as one JSON object.

    Each key is a repository, or a pattern with its own policy; null is no policy. The policy of a
    repository that only patterns match is printed where --repository names it. Without
    --repository, registry-policy REGION is the registry's own policy, if the file manages it, and
    creation-template PREFIX the policy of new repositories. With several registries, all this is
    under the name of each, or under NAME REGION where its regions differ.
    """
    from reconciler.cli.files import load_valid

    source = load_valid(file, opt.allowances(public=allow_public), registry)
    out(printable_json(workflow.compile_policies(source, repositories=tuple(repository or ()))))


def compare(
    left: Annotated[
        Path,
        typer.Argument(metavar="LEFT", parser=a_path, help="A policy document; - is stdin."),
    ],
    right: Annotated[
        Path, typer.Argument(metavar="RIGHT", parser=a_path, help="Another; - is stdin.")
    ],
    *,
    format_: opt.OutputFormat = opt.Format.TEXT,
    _quiet: opt.Quiet = False,
) -> None:
    """Compare two policy documents by meaning.

    Exits 0 where they mean the same, 4 with the difference as access where they do not, and 3
    where one is not a policy document.
    """
    from reconciler.cli.files import read_input
    from reconciler.report.comparison import render_comparison, render_comparison_json

    require_one_stdin(left, right)
    # What is not UTF-8 becomes lone surrogates, which JSON text can't hold outside a string.
    texts = [read_input(path).decode("utf-8-sig", "surrogateescape") for path in (left, right)]
    comparison = workflow.compare(*texts, names=(name_of(left), name_of(right)))
    write(
        format_,
        partial(render_comparison, comparison),
        json=partial(render_comparison_json, comparison),
    )
    raise typer.Exit(exit_of(comparison.statuses))


class Schema(StrEnum):
    """The JSON schemas, by the name that the command takes."""

    ACCESS = "access"
    INCLUDED = "included"
    PLAN = "plan"
    RULES = "rules"


_SCHEMA_FILES = {
    Schema.ACCESS: "ecr_access.schema.json",
    Schema.INCLUDED: "included.schema.json",
    Schema.PLAN: "plan.schema.json",
    Schema.RULES: "rules.schema.json",
}


def schema(
    which: Annotated[
        Schema,
        typer.Argument(
            metavar="SCHEMA",
            help="access (of the file), included (of files that it includes), plan (JSON) or "
            "rules (of a rules file).",
        ),
    ] = Schema.ACCESS,
) -> None:
    """Print the JSON schema of an access file or a plan.

    Files that another one includes, and rules files, have schemas of their own.
    """
    from reconciler.access_file.document.schema import schema_text

    out(schema_text(_SCHEMA_FILES[which]))


def rule(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="RULE",
            autocompletion=lambda: list(RuleId),
            help="A rule's id; without it, all are listed.",
        ),
    ] = None,
    *,
    format_: opt.OutputFormat = opt.Format.TEXT,
) -> None:
    """Explain a rule: why it exists, an example, and what to do.

    A rule is what a message of validate, plan, apply, drift or rollback names: a problem, a
    finding, a risk, a refusal or an error.
    """
    from reconciler.model.rules import load_rules
    from reconciler.report.rules import render_rule, render_rule_list, render_rules_json

    rules = load_rules()
    if name is None:
        listed = list(rules.values())
        write(format_, partial(render_rule_list, listed), json=partial(render_rules_json, listed))
    else:
        rule = rules[_rule_id(name)]
        write(format_, partial(render_rule, rule), json=partial(render_rules_json, [rule]))


def _rule_id(name: str) -> RuleId:
    """Return the id of this name. Raises InvalidError if there is none."""
    from reconciler.closest import did_you_mean

    try:
        return RuleId(name)
    except ValueError:
        hint = did_you_mean(name, RuleId) or "'reconcile rule' lists all rules"
        raise InvalidError(f"unknown rule: {name}", hint=hint) from None
