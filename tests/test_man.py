"""The manual page, as groff shows it; that it is current is tested in test_generated_pages.py."""

import re
import subprocess

import pytest

from docs.man import HEAD, escaped, styled
from tests.guide import ROOT
from tests.programs import needs

PAGE = (ROOT / "docs" / "man" / "reconcile.1").read_text(encoding="utf-8")
COMMANDS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")

pytestmark = needs("groff")


def shown(page: str) -> str:
    """What a page looks like in a wide terminal. Fails where groff warns."""
    done = subprocess.run(
        ["groff", "-ww", "-man", "-Tutf8", "-P-cbou", "-rLL=1000n", "-rHY=0"],
        input=page, capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout


def test_it_is_plain_ascii() -> None:
    """Then roff needs no preprocessor that converts it."""
    assert PAGE.isascii()


def test_it_has_every_command_with_its_options() -> None:
    page = re.sub(r"  +", " ", shown(PAGE))
    for section in COMMANDS.split("\n## ")[2:]:
        (usage,) = re.findall(r"```text\n(.*)\n```", section)
        own = page.partition(f"\n {usage}\n")[2].partition("\n reconcile ")[0]
        for names in re.findall(r"^\| (`.*?) \| ", section, re.MULTILINE):
            assert f"\n {names.replace('`', '')}".replace("\\|", "|") in own


@pytest.mark.parametrize(
    "text",
    [
        ".SH a request",
        "'ft B",
        r"\fBa font\fR and \e and \(aq",
        '--option, don\'t, `code`, ^, ~/.local and "quoted"',
        "a → b …",
    ],
)
def test_a_text_is_shown_as_it_is(text: str) -> None:
    assert f"\n       {text}\n" in shown(f"{HEAD}.SH TEXT\n{escaped(text)}\n")


def test_an_option_is_bold_and_its_value_italic() -> None:
    assert styled("-o, --out PLAN") == r"\fB\-o\fR, \fB\-\-out\fR \fIPLAN\fR"
    assert styled("--format <text|json>") == r"\fB\-\-format\fR \fI<text|json>\fR"
