"""The inputs of the action, from the environment of its step."""

import os
import shlex
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from action.report import USUAL_FILE

COMMANDS = ("validate", "plan", "apply", "drift")
MOST_NAME = 100
"""Characters; the title of an issue has the name and the file."""

_OWN_OPTIONS = {
    "-f": "the input 'file' names it",
    "--file": "the input 'file' names it",
    "-o": "the input 'plan' names it",
    "--out": "the input 'plan' names it",
    "--journal": "the output 'journal-path' names it",
    "-h": "nothing would be run",
    "--help": "nothing would be run",
}
"""The options that `args` must not have, and why."""


class Inputs(NamedTuple):
    """The inputs of the action; `plan` is a path, and empty for none, as `name` is."""

    command: str
    file: str
    rules: Sequence[str]
    name: str
    arguments: Sequence[str]
    plan: str


def read_inputs() -> Inputs:
    """Read COMMAND, FILE, RULES, NAME, ARGS and PLAN, as action.yml has them.

    Raises ValueError, whose text names the input that is wrong.
    """
    command = os.environ["COMMAND"]
    if command not in COMMANDS:
        raise ValueError(f"the input 'command' is {command!r}, not one of {', '.join(COMMANDS)}")
    name, plan = os.environ["NAME"], os.environ["PLAN"]
    if len(name) > MOST_NAME or not name.isprintable():
        raise ValueError(f"the input 'name' takes one line of at most {MOST_NAME} characters")
    if plan.startswith("-") or not plan.isprintable():
        raise ValueError(
            f"the input 'plan' is {plan!r}, not a path of one line, without - before it"
        )
    file, arguments = os.environ["FILE"], _arguments(os.environ["ARGS"])
    _require_in_checkout("the input 'file'", file)
    _require_in_checkout("the input 'plan'", plan)
    rules = [line.strip() for line in os.environ["RULES"].splitlines() if line.strip()]
    for one in rules:
        _require_in_checkout("the input 'rules'", one)
    for one in _rules(arguments):
        _require_in_checkout("--rules of the input 'args'", one)
    return Inputs(command, file, rules, name, arguments, plan)


def _require_in_checkout(what: str, path: str) -> None:
    """Raise ValueError for a path that leads out of the checkout, or into git's own files.

    A pull request can make any file of the checkout a link, and what is read of a file is quoted
    in messages.
    """
    root = Path(os.environ["GITHUB_WORKSPACE"])
    place = root / path
    if path and place.is_dir():
        place /= USUAL_FILE  # as reconcile does
    try:
        inside = place.resolve().relative_to(root.resolve())
    except (ValueError, RuntimeError) as error:
        raise ValueError(f"{what} leads out of the checkout: {path}") from error
    if ".git" in {part.lower() for part in inside.parts}:
        raise ValueError(f"{what} leads into .git: {path}")


def _rules(arguments: Sequence[str]) -> Iterator[str]:
    for word, following in pairwise([*arguments, ""]):
        option, equals, path = word.partition("=")
        if option == "--rules":
            yield path if equals else following


def _arguments(text: str) -> Sequence[str]:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ValueError(f"the input 'args' can't be split into words: {error}") from error
    for word in words:
        option = word.partition("=")[0] if word.startswith("--") else word[:2]
        if option in _OWN_OPTIONS:
            raise ValueError(f"the input 'args' has {option}: {_OWN_OPTIONS[option]}")
    return words
