"""Random valid files, as untidy as YAML allows, with a comment wherever one can be."""

from collections.abc import Mapping, Sequence
from itertools import count
from random import Random
from typing import TypeAlias

from hypothesis import strategies as st

Value: TypeAlias = "str | int | bool | Sequence[Value] | Mapping[str, Value]"

PRINCIPALS: Mapping[str, Value] = {
    "ci": {"role": "role2-1", "account": "workloads"},
    "deployers": {"role": "deploy/*", "accounts": ["workloads", "staging"]},
    "partner": "arn:aws:iam::999900001111:role/puller",
    "octal": {"account": "other7"},
    "functions": {"service": "lambda.amazonaws.com", "source_accounts": ["workloads"]},
    "person": {
        "user": "alice",
        "account": "workloads",
        "when": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "198.51.100.0/24"]}},
    },
    "members": ["ci", "partner", "staging"],
}
GIVEN: Sequence[Value] = [
    "pull",
    ["pull", "push"],
    {"tier": "pull", "until": "2127-03-31", "reason": 'it\'s "yes" # 17, or: no'},
    [{"tier": "scan", "when": {"Bool": {"aws:SecureTransport": "true"}}}, "read"],
]
ENTRIES: Sequence[Mapping[str, Value]] = [
    {},
    {"inherit": False},
    {"create": True, "settings": {"scan_on_push": True, "encryption": "kms"}},
    {
        "statements": [
            {
                "Sid": "EcrAccessNoDelete",
                "Effect": "Deny",
                "Principal": "*",
                "Action": ["ecr:BatchDeleteImage"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ]
    },
]


@st.composite
def untidy_files(draw: st.DrawFn) -> str:
    """A valid file: its content, its order and how it is written are random."""
    return untidy_file(draw(st.integers(0, 2**32).map(Random)))


def untidy_file(random: Random) -> str:
    """A valid file in a random style, with none, some or many comments."""
    return _Writer(random, random.choice([0.0, 0.1, 0.4])).file(_content(random))


def _content(random: Random) -> Mapping[str, Value]:
    names = [*PRINCIPALS, "staging"]
    entries: dict[str, Value] = {}
    for key in ["payments/api", "payments/*", "tools/builder", "on", "*"]:
        access = {
            name: random.choice(GIVEN) for name in random.sample(names, random.randrange(1, 7))
        }
        extra = random.choice(ENTRIES) if "*" not in key else {}
        entries[key] = {"access": access, **extra}
    return {
        "version": 1,
        "registry": {"account": "111122223333", "regions": ["us-west-2", "eu-west-1"]},
        "accounts": {
            "workloads": "444455556666",
            "staging": "777788889999",
            "other7": "012345670123",
            "corp": "999900001111",
        },
        "principals": PRINCIPALS,
        "tiers": {"scan": {"extends": "pull", "actions": ["ecr:DescribeImageScanFindings"]}},
        "repositories": entries,
        "guards": {
            "max_revoked": {"percent": 30, "count": 10},
            "rules": [{"never": "admin", "to": "public", "because": "on purpose"}],
        },
        "unmanaged": {"repositories": "report", "statements": {"default": "remove"}},
    }


class _Writer:
    """Writes a value as YAML in a random style; `often` is how often there is a comment."""

    def __init__(self, random: Random, often: float) -> None:
        self.random = random
        self.often = often
        self.numbers = count()

    def file(self, content: Mapping[str, Value]) -> str:
        head = self.random.choice(["", "# yaml-language-server: $schema=x\n", "---\n", "\n\n"])
        ending = self.random.choice(["", "\n", "\n\n", "\n# end", "\n  # end \n\n", "\n...\n# x\n"])
        text = head + self.block(content, 0).rstrip("\n") + ending
        return text.replace("\n", "\r\n") if self.random.random() < 0.2 else text

    def comment(self) -> str:
        text = self.random.choice(
            ["", " c", "! : {", " 'q", ' "', "\ttab", " - a: b", "  deep # x"]
        )
        return f"#{text}{next(self.numbers)}"

    def beside(self) -> str:
        if self.random.random() >= self.often:
            return self.random.choice(["", "", "", " ", "   "])
        blanks = " " * self.random.randrange(1, 12)
        text = f"{blanks}{self.comment()}"
        return text + self.random.choice(["", "", "  ", "\t"])

    def above(self, indent: int) -> str:
        text = ""
        while self.random.random() < max(self.often, 0.1):
            blanks = " " * self.random.choice([indent, indent, indent, 0, 1, indent + 3])
            has_comment = self.random.random() < self.often
            text += f"{blanks}{self.comment()}\n" if has_comment else "\n"
        return text

    def scalar(self, value: str | bool | int) -> str:
        if not isinstance(value, str):
            return str(value).lower()
        quoted = '"{}"'.format(value.replace("\\", "\\\\").replace('"', '\\"'))
        styles = [quoted, "'{}'".format(value.replace("'", "''"))]
        is_plain = value[0].isalpha() and not set(value) & set(":#,[]{}'\"")
        return self.random.choice([*styles, *[value] * 4] if is_plain else styles)

    def flow(self, value: Value, indent: int) -> str:
        if isinstance(value, str | bool | int):
            return self.scalar(value)
        if isinstance(value, Mapping):
            parts = [f"{self.scalar(k)}: {self.flow(v, indent)}" for k, v in self.pairs(value)]
        else:
            parts = [self.flow(part, indent) for part in value]
        first, last = "{}" if isinstance(value, Mapping) else "[]"
        if self.random.random() < 0.7:
            return first + ", ".join(parts) + self.random.choice(["", ",", " "]) + last
        pad = " " * (indent + 1)
        lines = [f"{pad}{part},{self.beside()}\n{self.above(indent)}" for part in parts]
        return f"{first}{self.beside()}\n{''.join(lines)}{pad}{last}"

    def pairs(self, value: Mapping[str, Value]) -> list[tuple[str, Value]]:
        return self.random.sample(list(value.items()), len(value))

    def block(self, value: Mapping[str, Value], indent: int) -> str:
        pad = " " * indent
        return "".join(
            f"{self.above(indent)}{pad}{self.scalar(key)}:{self.below(part, indent)}"
            for key, part in self.pairs(value)
        )

    def below(self, value: Value, indent: int) -> str:
        """Write a value behind its key, and the end of its last line."""
        if isinstance(value, str | bool | int) or self.random.random() < 0.4:
            if isinstance(value, str) and self.random.random() < 0.1:
                return f"{self.beside()}\n{self.above(indent)} {' ' * indent}{self.scalar(value)}\n"
            if isinstance(value, str) and self.random.random() < (0.5 if " " in value else 0.05):
                return self.long_text(value, indent)
            return f" {self.flow(value, indent)}{self.beside()}\n"
        deeper = indent + self.random.randrange(1, 5)
        if isinstance(value, Mapping):
            return f"{self.beside()}\n{self.block(value, deeper)}"
        deeper = self.random.choice([indent, deeper])
        return f"{self.beside()}\n" + "".join(self.element(part, deeper) for part in value)

    def long_text(self, value: str, indent: int) -> str:
        """Write a text below its key, and one of several words maybe on several lines."""
        first, blank, rest = value.partition(" ")
        # A comment below that is as far in would be a part of the text.
        pad = " " * (indent + (self.random.randrange(1, 4) if blank else 4))
        if not blank or self.random.random() < 0.5:
            header = self.random.choice([">-", "|-"])
            body = f"{first}\n{pad}{rest}" if blank and header == ">-" else value
            return f" {header}{self.beside()}\n{pad}{body}\n"
        escaped = [part.replace('"', '\\"') for part in (first, rest)]
        return f' "{escaped[0]}\n{pad}{escaped[1]}"{self.beside()}\n'

    def element(self, value: Value, indent: int) -> str:
        head = f"{self.above(indent)}{' ' * indent}-"
        if not isinstance(value, Mapping) or self.random.random() < 0.4:
            return f"{head} {self.flow(value, indent)}{self.beside()}\n"
        if self.random.random() < 0.3:
            return f"{head}{self.beside()}\n{self.block(value, indent + 2)}"
        return (
            f"{head} {self.block(value, indent + 2).lstrip()}"
            if self.often == 0
            else (f"{head}\n{self.block(value, indent + 2)}")
        )
