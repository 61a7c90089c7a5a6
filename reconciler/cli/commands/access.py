"""The commands that answer questions about access: access who-can, can, of and matrix; explain."""

import sys
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from reconciler import workflow
from reconciler.cli import options as opt
from reconciler.cli.exits import exit_of
from reconciler.cli.options import entry_patterns
from reconciler.cli.outputs import Output, Renderer, check_outputs, write
from reconciler.cli.terminal import note, page_of, show_error
from reconciler.model.transport import Transport

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.report.text import Paint
    from reconciler.workflow import AccessSource, Answers, MatrixResult, PolicyFinder

access = typer.Typer(
    help="Answer who can do what, from the file or the live registry.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class AnswerFormat(StrEnum):
    """The format of answers."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


class MatrixFormat(StrEnum):
    """The format of a matrix."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    CSV = "csv"
    HTML = "html"


What = Annotated[
    str,
    typer.Argument(
        metavar="TIER|ACTION", help="A tier of the file, or an action such as ecr:PutImage."
    ),
]
Where = Annotated[
    str,
    typer.Argument(
        metavar="REPO",
        autocompletion=entry_patterns,
        help="A repository, or a pattern as the file writes it.",
    ),
]
Who = Annotated[
    str,
    typer.Argument(
        metavar="PRINCIPAL",
        autocompletion=opt.principal_names,
        help="A name of the file, an ARN, an account id or name, or a service.",
    ),
]
Live = Annotated[
    bool, typer.Option("--live", help="Ask the live registry instead of the file; reads AWS.")
]
InAnswerFormat = Annotated[AnswerFormat, typer.Option("--format", help="Format of the answers.")]


@access.command("who-can")
def who_can(
    what: What,
    repository: Where,
    *,
    live: Live = False,
    file: opt.File = opt.DEFAULT_FILE,
    registry: opt.Registries = None,
    format_: InAnswerFormat = AnswerFormat.TEXT,
    profile: opt.Profile = None,
    transport: opt.CallsBy = Transport.FAST,
    _quiet: opt.Quiet = False,
    allow_public: opt.AllowPublic = None,
) -> None:
    """List who can do all of a tier, or one action, on a repository.

    Exits 4 where nobody can, in any registry. Who may only under a condition is listed, too.
    """
    from reconciler.report.questions.answers import render_who_can

    source = _load(file, registry, allow_public)
    result = workflow.who_can(source, what, repository, _policies(live, profile, transport))
    asked = (what, repository)
    as_text = partial(render_who_can, result.answers, asked, result.display_names)
    _end(result, format_, as_text, what)


@access.command("can")
def can(
    principal: Who,
    what: What,
    repository: Where,
    *,
    live: Live = False,
    file: opt.File = opt.DEFAULT_FILE,
    registry: opt.Registries = None,
    format_: InAnswerFormat = AnswerFormat.TEXT,
    profile: opt.Profile = None,
    transport: opt.CallsBy = Transport.FAST,
    _quiet: opt.Quiet = False,
    allow_public: opt.AllowPublic = None,
) -> None:
    """Say whether a principal has a tier or an action on a repository.

    A tier is all of its actions. Exits 0 where it is allowed or depends on a condition, and 4 where
    it is denied. Of several registries and regions, each that has the repository must allow it.
    """
    from reconciler.report.questions.answers import render_can

    source = _load(file, registry, allow_public)
    result = workflow.can(source, principal, what, repository, _policies(live, profile, transport))
    asked = (what, repository)
    as_text = partial(render_can, result.answers, asked, result.display_names)
    _end(result, format_, as_text, what)


@access.command("of")
def access_of(
    principal: Who,
    *,
    live: Live = False,
    file: opt.File = opt.DEFAULT_FILE,
    registry: opt.Registries = None,
    repository: opt.Repository = None,
    format_: InAnswerFormat = AnswerFormat.TEXT,
    profile: opt.Profile = None,
    transport: opt.CallsBy = Transport.FAST,
    _quiet: opt.Quiet = False,
    allow_public: opt.AllowPublic = None,
) -> None:
    """List what a principal has on each repository."""
    from reconciler.report.questions.answers import render_access_of

    result = workflow.access_of(
        _load(file, registry, allow_public),
        principal,
        repositories=tuple(repository or ()),
        find=_policies(live, profile, transport),
    )
    as_text = partial(
        render_access_of, result.answers, principal, result.display_names, result.errors
    )
    _end(result, format_, as_text)


@access.command("matrix")
def matrix(
    *,
    live: Live = False,
    file: opt.File = opt.DEFAULT_FILE,
    registry: opt.Registries = None,
    repository: opt.Repository = None,
    format_: Annotated[
        MatrixFormat, typer.Option("--format", help="Format of the matrix.")
    ] = MatrixFormat.TEXT,
    outputs: Annotated[list[Output] | None, opt.written(MatrixFormat)] = None,
    profile: opt.Profile = None,
    transport: opt.CallsBy = Transport.FAST,
    _quiet: opt.Quiet = False,
    allow_public: opt.AllowPublic = None,
) -> None:
    """Show repositories by principals: who has what.

    As HTML it is a page with a filter, groups and risks. With --live it marks the differences from
    the file.
    """
    from reconciler.report.questions.answers import render_answers_json
    from reconciler.report.questions.matrix import (
        render_matrix,
        render_matrix_csv,
        render_matrix_markdown,
    )

    written = check_outputs("access matrix", format_, outputs, file)
    source, find = _load(file, registry, allow_public), _policies(live, profile, transport)
    repositories = tuple(repository or ())
    page: dict[str, Renderer] = {}
    if MatrixFormat.HTML in {format_, *(one.format for one in written)}:
        from reconciler.report.html.matrix_page import render_matrix_html

        seen = workflow.access_overview(
            source, repositories=repositories, live=find if live else None
        )
        result = seen.result
        page["html"] = lambda: render_matrix_html(
            result.matrix, result.display_names, seen.origin, seen.risks, seen.desired
        )
    else:
        result = workflow.access_matrix(source, repositories=repositories, find=find)
    found, names = result.matrix, result.display_names
    write(
        format_,
        lambda paint: render_matrix(found, names, paint, page_of(sys.stdout)),
        written,
        json=lambda: render_answers_json(found.answers()),
        markdown=lambda: render_matrix_markdown(found, names),
        csv=lambda: render_matrix_csv(found, names),
        **page,
    )
    _close(result)


def explain(
    repository: Where,
    *,
    file: opt.File = opt.DEFAULT_FILE,
    registry: opt.Registries = None,
    format_: opt.OutputFormat = opt.Format.TEXT,
    _quiet: opt.Quiet = False,
    allow_public: opt.AllowPublic = None,
) -> None:
    """Show a repository's desired policy, and which lines ask for it.

    Each statement has the lines of the file behind it.
    """
    from reconciler.report.questions.explanation import (
        render_explanations,
        render_explanations_json,
    )

    found = workflow.explain(_load(file, registry, allow_public), repository)
    write(
        format_,
        partial(render_explanations, found),
        json=partial(render_explanations_json, found),
    )


def _load(file: "Path", registry: opt.Names, allow_public: opt.Names) -> "AccessSource":
    from reconciler.cli.files import load_valid

    return load_valid(file, opt.allowances(public=allow_public), registry)


def _policies(live: bool, profile: str | None, transport: Transport) -> "PolicyFinder":
    if live:
        from reconciler.cli.results import TerminalListener

        return workflow.from_registry(
            profile=profile, transport=transport, listener=TerminalListener()
        )
    return workflow.from_file


def _end(
    result: "Answers",
    format_: AnswerFormat,
    as_text: Callable[["Paint"], str],
    what: str | None = None,
) -> NoReturn:
    """Show answers, and end with the exit code of the verdict."""
    from reconciler.report.questions.answers import render_answers_json, render_answers_markdown

    write(
        format_,
        as_text,
        json=lambda: render_answers_json(result.answers),
        markdown=lambda: render_answers_markdown(result.answers, result.display_names, what),
    )
    _close(result)


def _close(result: "Answers | MatrixResult") -> NoReturn:
    """Say what no answer includes and what is not known, and end with the exit code."""
    from reconciler.report.questions.answers import not_looked_at

    note(not_looked_at(result.registry_policy))
    for error in result.errors:
        show_error(error)
    raise typer.Exit(exit_of(result.statuses))
