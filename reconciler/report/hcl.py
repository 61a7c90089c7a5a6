"""Values and blocks in HCL, the language of Terraform and OpenTofu, as `terraform fmt` lays it out.

Source: HCL Native Syntax Specification, "Literal Values", "Template Expressions", "Collection
Values".
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.printable import unicode_escape

_INDENT = "  "
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_TEMPLATE = re.compile(r"([$%]*)([$%])\{")


def hcl_string(text: str) -> str:
    """Return a text as a quoted string in ASCII, without templates.

    A CI system reads no command in it: `##` is written with an escape.
    """
    escaped = "".join(map(_escaped, text)).replace("##", "#\\u0023")
    return f'"{_TEMPLATE.sub(_plain_template, escaped)}"'


def hcl_value(value: object, depth: int = 0) -> str:
    """Return a value of JSON's strings, lists and objects as an expression.

    `depth` is the indentation of the line that it begins on. Raises TypeError for any other value.
    """
    if isinstance(value, str):
        return hcl_string(value)
    if isinstance(value, Mapping):
        return _block("{", _attributes(value, depth + 1), "}", depth)
    if not isinstance(value, list | tuple):
        raise TypeError(f"not a string, a list or an object: {value!r}")
    lines = (f"{_INDENT * (depth + 1)}{hcl_value(item, depth + 1)}," for item in value)
    return _block("[", lines, "]", depth)


def _attributes(values: Mapping[str, object], depth: int) -> Iterator[str]:
    """Yield the text of each attribute; `=` is aligned where single lines follow each other."""
    run: list[tuple[str, str]] = []
    for key, value in values.items():
        name, text = _key(key), hcl_value(value, depth)
        if "\n" not in text:
            run.append((name, text))
            continue
        yield from _aligned(run, depth)
        run = []
        yield f"{_INDENT * depth}{name} = {text}"
    yield from _aligned(run, depth)


def removed_blocks(resources: Iterable[str]) -> str:
    """Return a block for each address of a resource, which forgets it and does not destroy it.

    The addresses are valid and have no instance keys, which `from` does not take. Source:
    Terraform documentation, "Remove a resource from state".
    """
    return "\n".join(
        f"removed {{\n  from = {resource}\n\n  lifecycle {{\n    destroy = false\n  }}\n}}\n"
        for resource in resources
    )


def _aligned(run: Sequence[tuple[str, str]], depth: int) -> Iterator[str]:
    width = max((len(name) for name, _ in run), default=0)
    return (f"{_INDENT * depth}{name:{width}} = {text}" for name, text in run)


def _block(start: str, lines: Iterator[str], end: str, depth: int) -> str:
    return "\n".join([start, *lines, f"{_INDENT * depth}{end}"])


def _key(name: str) -> str:
    return name if _IDENTIFIER.fullmatch(name) else hcl_string(name)


def _plain_template(start: re.Match[str]) -> str:
    """Return the start of a template as text; behind another `$` or `%`, doubling is unclear."""
    before, sign = start.groups()
    return f"{before}\\u{ord(sign):04x}{{" if before else f"{sign}{sign}{{"


def _escaped(char: str) -> str:
    if char in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[char]
    return char if char.isascii() and char.isprintable() else unicode_escape(char)
