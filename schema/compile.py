"""Compile the JSON schemas to Python modules: `make schema`.

A compiled schema only says whether a value, plain JSON data, is valid; jsonschema explains why it
is not. Both read the schema with each `$ref` in place. Each distinct part of it becomes a function.
A keyword or a value that can't be compiled raises ValueError.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from reconciler.access_file.document.schema import inlined

ROOT = Path(__file__).parents[1]
SCHEMAS = ROOT / "schema"
COMPILED = {
    ROOT / "reconciler/access_file/document/compiled_schema.py": {
        "is_valid": SCHEMAS / "ecr_access.schema.json",
        "is_valid_included": SCHEMAS / "included.schema.json",
    },
    ROOT / "reconciler/plan/saved/compiled_schema.py": {"is_valid": SCHEMAS / "plan.schema.json"},
}
"""Each module, and its functions with the schemas that they are made from."""

HEAD = '''\
"""Whether a value is valid by a schema in `schema/`. `make schema` makes this module from them."""
# ruff: noqa

import re

from reconciler.schema_checks import Checks, anything, is_integer, nothing
'''
IS_VALID = '''

def {function}(value: object) -> bool:
    """Whether a value is valid by `schema/{name}`."""
    return {root}(value)
'''

Part = Mapping[str, object]
ANNOTATIONS = frozenset({"$schema", "$id", "title", "description", "examples", "default"})
KINDS = {
    "object": "isinstance(v, dict)",
    "array": "isinstance(v, list)",
    "string": "isinstance(v, str)",
    "boolean": "isinstance(v, bool)",
    "integer": "is_integer(v)",
    "null": "v is None",
}
OF_KIND = {
    "object": ("minProperties", "maxProperties", "required", "properties", "additionalProperties",
               "propertyNames", "dependentRequired", "dependentSchemas"),
    "array": ("minItems", "maxItems", "items"),
    "string": ("minLength", "maxLength", "pattern"),
    "integer": ("minimum", "maximum"),
}  # fmt: skip
"""The keywords that say something of the values of one kind only."""

OF_ANY = ("const", "enum", "not", "if", "then", "else", "allOf")
KNOWN = frozenset({"type", *OF_ANY}.union(*OF_KIND.values()))
WITH_VALUE = {
    "minProperties": "len(v) >= {}",
    "maxProperties": "len(v) <= {}",
    "minItems": "len(v) >= {}",
    "maxItems": "len(v) <= {}",
    "minLength": "len(v) >= {}",
    "maxLength": "len(v) <= {}",
    "minimum": "v >= {}",
    "maximum": "v <= {}",
    "pattern": "re.search({}, v) is not None",
}
"""The expressions that take a keyword's value as it is."""

WITH_CHECK = {"propertyNames": "all(map({}, v))", "items": "all(map({}, v))", "not": "not {}(v)"}
"""The expressions that take the function for a keyword's part."""


class Compiler:
    """Writes the functions of schemas, each after those that it calls."""

    def __init__(self) -> None:
        self.text = ""
        self._names: dict[str, str] = {}

    def check(self, part: object) -> str:
        """Return the name of the function that checks a part of the schema."""
        if isinstance(part, bool):
            return "anything" if part else "nothing"
        rules = {key: value for key, value in mapping(part).items() if key not in ANNOTATIONS}
        written = json.dumps(rules, sort_keys=True)
        if not rules:
            return "anything"
        if written not in self._names:
            terms = " and ".join(self._terms(rules))
            name = self._names[written] = f"_{len(self._names) + 1}"
            self.text += f"\n\ndef {name}(v: object) -> bool:\n    return {terms}\n"
        return self._names[written]

    def _terms(self, rules: Part) -> Iterator[str]:
        """Yield the expressions that must all hold."""
        if unknown := rules.keys() - KNOWN:
            raise ValueError(f"can't compile {', '.join(sorted(unknown))}")
        kinds = strings(rules.get("type", []))
        if kinds:
            either = " or ".join(KINDS[kind] for kind in kinds)
            yield f"({either})" if kinds[1:] else either
        for kind, keywords in OF_KIND.items():
            terms = [term for key in keywords if key in rules for term in self._term(key, rules)]
            if terms and kinds == [kind]:
                yield from terms
            elif terms and kind == "integer":
                raise ValueError("can't compile a minimum or maximum of what may be a fraction")
            elif terms:
                yield f"(not {KINDS[kind]} or {' and '.join(terms)})"
        for key in OF_ANY:
            if key in rules:
                yield from self._term(key, rules)

    def _term(self, key: str, rules: Part) -> Iterator[str]:
        """Yield the expressions of one keyword."""
        value = rules[key]
        if key in WITH_VALUE:
            yield WITH_VALUE[key].format(repr(value))
        elif key in WITH_CHECK:
            yield WITH_CHECK[key].format(self.check(value))
        elif key in OF_KIND["object"]:
            yield from self._of_object(key, rules)
        elif key == "const":
            yield equal_to(value)
        elif key == "enum":
            yield f"({' or '.join(map(equal_to, values(value)))})"
        elif key == "if":
            then, other = (self.check(rules.get(name, True)) for name in ("then", "else"))
            yield f"({then} if {self.check(value)}(v) else {other})(v)"
        elif key == "allOf":
            yield from (f"{self.check(part)}(v)" for part in values(value))

    def _of_object(self, key: str, rules: Part) -> Iterator[str]:
        if key == "required":
            yield from (f"{name!r} in v" for name in strings(rules[key]))
        elif key == "dependentRequired":
            for name, needed in mapping(rules[key]).items():
                yield from (f"({name!r} not in v or {other!r} in v)" for other in strings(needed))
        elif key == "dependentSchemas":
            for name, part in mapping(rules[key]).items():
                yield f"({name!r} not in v or {self.check(part)}(v))"
        elif key == "properties":
            checks = {name: self.check(part) for name, part in mapping(rules[key]).items()}
            other = self.check(rules.get("additionalProperties", True))
            table = f"_CHECKS_{self.text.count(': Checks = ') + 1}"
            items = ", ".join(f"{name!r}: {check}" for name, check in checks.items())
            self.text += f"\n\n{table}: Checks = {{{items}}}\n"
            yield f"all({table}.get(key, {other})(value) for key, value in v.items())"
        elif "properties" not in rules:  # additionalProperties
            yield f"all(map({self.check(rules[key])}, v.values()))"


def equal_to(value: object) -> str:
    """Return the expression for being equal to a value as JSON, where 1 is not true."""
    if isinstance(value, str):
        return f"v == {value!r}"
    if isinstance(value, bool):
        return f"v is {value}"
    if isinstance(value, int):
        return f"v == {value} and not isinstance(v, bool)"
    raise ValueError(f"can't compile {value!r}")


def mapping(part: object) -> Part:
    """Return a part of a schema that must be an object."""
    if isinstance(part, dict):
        return part
    raise ValueError(f"can't compile {part!r}")


def values(part: object) -> list[object]:
    """Return a part of a schema that is a list, or the only item."""
    return part if isinstance(part, list) else [part]


def strings(part: object) -> list[str]:
    """Return the strings of a list, or a single one."""
    return [str(value) for value in values(part)]


def compiled(functions: Mapping[str, Path]) -> str:
    """Return the text of a module with these functions, each of a schema."""
    compiler = Compiler()
    ends = ""
    for function, schema in functions.items():
        root = compiler.check(inlined(schema.read_text(encoding="utf-8")))
        ends += IS_VALID.format(function=function, name=schema.name, root=root)
    return HEAD + compiler.text + ends


def main() -> None:
    """Write the modules."""
    texts = {module: compiled(functions) for module, functions in COMPILED.items()}
    for module, text in texts.items():
        module.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
