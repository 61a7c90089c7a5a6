"""Print docs/man/reconcile.1, the manual page, made from the command line: `make docs`.

The macros are those of man(7) of groff. mandoc, which other systems have, knows them, too.
"""

import re
from pathlib import Path

import typer

from docs.commands import commands
from reconciler import __version__
from reconciler.cli.main import command_line

GUIDE = (Path(__file__).parent / "command-line.md").read_text(encoding="utf-8")

HEAD = f"""\
.\\" Made from the command line by 'make docs'.
.TH RECONCILE 1 "" "reconcile {__version__}" "User Commands"
.SH NAME
reconcile \\- declarative access to Amazon ECR repositories
.SH SYNOPSIS
.B reconcile
.RI [ OPTIONS ]
.I COMMAND
.RI [ ARGS ]...
.SH DESCRIPTION
A file,
.IR ecr_access.yaml ,
lists who may pull from and push to the repositories of Amazon ECR.
.B reconcile plan
shows the difference from the live policies as access gained and lost,
.B reconcile apply
writes only the policies that change, and
.B reconcile drift
detects manual edits.
.B reconcile
.I COMMAND
.B \\-\\-help
shows the help of a command.
"""

ESCAPES = {
    "\\": "\\e",
    "-": "\\-",
    "'": "\\(aq",
    '"': "\\(dq",
    "`": "\\(ga",
    "^": "\\(ha",
    "~": "\\(ti",
}
"""What roff would change: a hyphen or quote of a command must stay one when it is copied."""


def main() -> None:
    app = typer.main.get_command(command_line([]))
    context = typer.Context(app, info_name="reconcile")
    print(HEAD, end="")
    print(".SH OPTIONS")
    print(parameters(context), end="")
    print(".SH COMMANDS")
    for command in commands(context):
        print(section(command), end="")
    print(".SH EXIT STATUS")
    print(table("Exit codes"), end="")
    print(".SH ENVIRONMENT")
    print(table("Environment variables"), end="")


def section(context: typer.Context) -> str:
    """A command: how it is called, what it does, its arguments and options."""
    pieces = (piece.strip("{}") for piece in context.command.collect_usage_pieces(context))
    usage = " ".join([bold(context.command_path), *map(italic, pieces)])
    paragraphs = re.split(r"\n\s*\n", (context.command.help or "").strip())
    description = ".PP\n".join(f"{escaped(filled(text))}\n" for text in paragraphs)
    return f".SS {usage}\n{description}{parameters(context)}"


def parameters(context: typer.Context) -> str:
    """The arguments and options of a command, with what they mean."""
    shown = [one for one in context.command.get_params(context) if "--help" not in one.opts]
    records = filter(None, (parameter.get_help_record(context) for parameter in shown))
    return "".join(tagged(styled(left), escaped(filled(right))) for left, right in records)


def styled(names: str) -> str:
    """The names of an option, bold, and what follows them, italic: `-f, --file FILE`."""
    words = re.findall(r"(-[\w-]+)|([^\s,]+)|(, | )", names)
    return "".join(bold(name) if name else italic(value) or gap for name, value, gap in words)


def table(title: str) -> str:
    """The rows of a table of the guide that has two columns."""
    text = GUIDE.split(f"\n## {title}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (.*?) \| (.*) \|$", text, re.MULTILINE)[1:]
    after = text.rpartition("|\n")[2].strip()
    closing = f".PP\n{escaped(filled(after))}\n" if after else ""
    return "".join(tagged(code(left), code(right)) for left, right in rows) + closing


def code(markdown: str) -> str:
    """A cell of a table, what is code in it bold."""
    pieces = markdown.split("`")
    return "".join(bold(text) if at % 2 else escaped(text) for at, text in enumerate(pieces))


def tagged(tag: str, text: str) -> str:
    return f".TP\n{tag}\n{text}\n"


def bold(text: str) -> str:
    return f"\\fB{escaped(text)}\\fR"


def italic(text: str) -> str:
    return f"\\fI{escaped(text)}\\fR" if text else ""


def filled(text: str) -> str:
    """The words of a text on one line."""
    return " ".join(text.split())


def escaped(text: str) -> str:
    """A line that roff prints as it is."""
    plain = "".join(ESCAPES.get(char, char) for char in text)
    printed = re.sub(r"[^\x00-\x7f]", lambda found: f"\\[u{ord(found[0]):04X}]", plain)
    return f"\\&{printed}" if printed.startswith(".") else printed


if __name__ == "__main__":
    main()
