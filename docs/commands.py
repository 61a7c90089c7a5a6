"""Print docs/commands.md, made from the command line: `make docs`."""

import re
from collections.abc import Iterator

import typer
from typer.core import TyperGroup

from reconciler.cli.main import command_line

HEAD = """\
# Commands and options

Every command with its arguments and options, as `--help` prints them. [The command
line](command-line.md) explains what they have in common: input, formats, exit codes, environment
variables. `make docs` makes this page.
"""


def main() -> None:
    app = typer.main.get_command(command_line([]))
    context = typer.Context(app, info_name="reconcile")
    print(HEAD)
    print("## Options of every command\n")
    print(table("option", context).rstrip())
    for command in commands(context):
        print(section(command).rstrip())


def commands(context: typer.Context) -> Iterator[typer.Context]:
    """Each command below this one, in the order of `--help`."""
    group = context.command
    if not isinstance(group, TyperGroup):
        yield context
        return
    for name in group.list_commands(context):
        if command := group.get_command(context, name):
            yield from commands(typer.Context(command, info_name=name, parent=context))


def section(context: typer.Context) -> str:
    command = context.command
    pieces = (piece.strip("{}") for piece in command.collect_usage_pieces(context))
    usage = " ".join([context.command_path, *pieces])
    description = re.sub(r"\s*\n\s*", " ", (command.help or "").strip())
    title = context.command_path.removeprefix("reconcile ")
    return (
        f"\n## {title}\n\n{escaped(description)}\n\n```text\n{usage}\n```\n\n"
        f"{table('argument', context)}{table('option', context)}"
    )


def table(kind: str, context: typer.Context) -> str:
    """The arguments or options of a command, empty where it has none."""
    records = [
        record
        for parameter in context.command.get_params(context)
        if parameter.param_type_name == kind and "--help" not in parameter.opts
        if (record := parameter.get_help_record(context))
    ]
    rows = "".join(f"| {names(left)} | {escaped(right)} |\n" for left, right in records)
    return f"| {kind} | meaning |\n|---|---|\n{rows}\n" if rows else ""


def names(written: str) -> str:
    return ", ".join(f"`{name}`" for name in written.replace("|", "\\|").split(", "))


def escaped(text: str) -> str:
    return re.sub(r"([*<|\[\]])", r"\\\1", text).replace("  ", " ")


if __name__ == "__main__":
    main()
