"""The inputs of the action, from the environment of its step."""

import os
import shlex
from collections.abc import Sequence
from typing import NamedTuple

COMMANDS = ("validate", "plan", "apply", "drift")
MOST_NAME = 100
"""Characters; the title of an issue has the name and the file."""


class Inputs(NamedTuple):
    """The inputs of the action; `plan` is a path, and empty for none, as `name` is."""

    command: str
    file: str
    name: str
    arguments: Sequence[str]
    plan: str


def read_inputs() -> Inputs:
    """Read COMMAND, FILE, NAME, ARGS and PLAN, as action.yml has them.

    Raises ValueError, whose text names the input that is wrong.
    """
    command = os.environ["COMMAND"]
    if command not in COMMANDS:
        raise ValueError(f"the input 'command' is {command!r}, not one of {', '.join(COMMANDS)}")
    name = os.environ["NAME"]
    if len(name) > MOST_NAME or not name.isprintable():
        raise ValueError(f"the input 'name' takes one line of at most {MOST_NAME} characters")
    try:
        arguments = shlex.split(os.environ["ARGS"])
    except ValueError as error:
        raise ValueError(f"the input 'args' can't be split into words: {error}") from error
    return Inputs(command, os.environ["FILE"], name, arguments, os.environ["PLAN"])
