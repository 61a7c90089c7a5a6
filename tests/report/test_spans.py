"""Rendering escapes and colours each part of a line, and no part forges another."""

from reconciler.report.text import Span, ansi, plain, render, shown_width


def test_each_part_is_escaped_and_coloured_by_its_role() -> None:
    line = (Span("a\x1b[0m", "error"), ": ", "::error::b\n", Span("c"))
    assert render([line, ()], ansi) == "\x1b[1;31ma\\x1b[0m\x1b[0m: \\x3a:error::b\\x0ac\n\n"


def test_a_part_is_padded_as_it_is_shown() -> None:
    text = "a\u202e"
    width = shown_width(text) + 1
    assert render([(Span(text, width=width), "|")], plain) == "a\\u202e |\n"


def test_parts_do_not_spell_a_ci_command_together() -> None:
    for parts in (("##", "[error]x"), (" ", ":", ":error::x"), (Span("#", "hint"), "#vso[x]")):
        for paint in (plain, ansi):
            (line,) = render([parts], paint).splitlines()
            assert "##" not in line
            assert not line.lstrip().startswith("::")
