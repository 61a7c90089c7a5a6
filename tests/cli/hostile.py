"""Text that was made to hurt whoever reads it, and what of it may reach a screen or a CI log."""

import os
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.cli import process

FORGED = "FORGED"
"""Stands in each hostile text that begins a line of its own."""

BREAKS = ("\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029")
ORDERS = (
    f"::error::{FORGED}",
    f"  ::add-mask::{FORGED}",
    f"::warning file=a.py,line=1::{FORGED}",
    f"##[error]{FORGED}",
    f"###[group]{FORGED}",
    f"##vso[task.setvariable variable=PATH]{FORGED}",
    f"##teamcity[{FORGED}]",
)
LINES = (f"refused: {FORGED}", f"error: {FORGED}", f"Plan: {FORGED}", f"applied  {FORGED}", *ORDERS)
CONTROLS = (
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "\x9b2J",
    "\x00nul",
    "\x08\x08\x7f",
    "\u202egpj.exe",
    "\u2066a\u2069",
    "\u200b\u200d\ufeff\u00ad",
    "\U000e0041",
    "\ud800",
    "\udcff",
)
MARKUP = ("<script>alert(1)</script>", "[a](javascript:alert(1))", "| a | b |", "``` ` ```", "@all")
BREAKING = tuple(f"a{brk}{line}" for brk in BREAKS for line in LINES[:5])
ALL = " ".join((*CONTROLS, *MARKUP, *BREAKING, *LINES))
ARGUMENT = (
    " ".join((*CONTROLS, *MARKUP, *BREAKING)).replace("\0", "").encode("utf-8", "surrogatepass")
)
"""An argument of a command is bytes without a zero; what it orders from CI is the caller's own."""

_FORBIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_ORDER = re.compile(r"\s*::[A-Za-z]|.*##\w*\[")
OURS = re.compile(r"(?:refused|error|Plan|applied)\b.{0,3}FORGED")


def faults(text: str) -> list[str]:
    """Tell what is wrong with a text that a command printed."""
    found = {
        f"{unicodedata.category(char)} {char!a}"
        for char in text
        if char != "\n" and unicodedata.category(char) in _FORBIDDEN
    }
    bad = (line for line in text.split("\n") if _ORDER.match(line) or OURS.match(line))
    return [*sorted(found), *(ascii(line[:120]) for line in bad)]


@dataclass(frozen=True)
class Shown:
    """How a command ended, and all that it printed, as it printed it."""

    code: int
    out: str
    err: str


Show = Callable[..., Shown]


def showing(folder: Path, environment: dict[str, str]) -> Show:
    """Make a function that runs `reconcile`, and checks what it prints, byte for byte."""

    def run(*arguments: str | bytes, stdin: bytes = b"", **variables: str) -> Shown:
        state = {"XDG_STATE_HOME": str(folder / ".state")}
        ended = process.run(
            [os.fsdecode(argument) for argument in arguments],
            folder,
            environment | state | variables,
            stdin,
        )
        shown = Shown(ended.code, ended.out.decode(), ended.err.decode())
        found = faults(shown.out) + faults(shown.err)
        assert not found, "\n".join(found)
        assert "(a bug;" not in shown.err, shown.err
        assert "Traceback" not in shown.err or "--debug" in arguments, shown.err
        return shown

    return run
