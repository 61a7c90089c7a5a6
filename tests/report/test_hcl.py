"""HCL: each text stays a text, whatever it holds, and Terraform reads the same value back."""

import base64
import json
from pathlib import Path

import pytest

from reconciler.report.hcl import hcl_string, hcl_value, removed_blocks
from tests.cli.terraform import check_format, needs_terraform, terraform

TEXTS = [
    "plain",
    'a "quoted" \\ text',
    "lines\nand\ttabs\r",
    "${aws:PrincipalTag/team}",
    "%{ if true }",
    "$${x} %%{y} $$${z} $%{a} %${b}",
    "$ { % {",
    "${",
    '"}\nresource "aws_iam_role" "x" {}',
    "naïve \u202e \x1b[31m \U0001f600 \x00\x7f",
    "##vso[task.complete] ###[error]",
    "::error::x",
    "",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_string_is_one_line_of_visible_ascii(text: str) -> None:
    written = hcl_string(text)
    assert written.isascii()
    assert written.isprintable()
    assert "##" not in written


@needs_terraform
def test_terraform_reads_the_same_texts(tmp_path: Path) -> None:
    texts = [text.replace("\x00", "") for text in TEXTS]
    read = terraform(tmp_path, "console", stdin=f"base64encode(jsonencode({inline(texts)}))\n")
    assert json.loads(base64.b64decode(read.strip().strip('"'))) == texts


def inline(texts: list[str]) -> str:
    """A list on one line, as the console takes it."""
    return f"[{', '.join(map(hcl_string, texts))}]"


def test_values_are_laid_out_as_terraform_does() -> None:
    value = {"Sid": "A", "Effect": "Allow", "Action": ["x"], "B": {"aws:K": "v", "ab": "w"}}
    assert hcl_value(value) == (
        '{\n  Sid    = "A"\n  Effect = "Allow"\n  Action = [\n    "x",\n  ]\n'
        '  B = {\n    "aws:K" = "v"\n    ab      = "w"\n  }\n}'
    )


@pytest.mark.parametrize("value", [1, None, [True]])
def test_another_value_is_a_bug(value: object) -> None:
    with pytest.raises(TypeError, match="not a string, a list or an object"):
        hcl_value(value)


@needs_terraform
def test_the_layout_is_the_one_of_terraform(tmp_path: Path) -> None:
    value = {"a": [{"b": "c", "long-key": ["d", {}]}], "${x}": TEXTS, "e": [], "f": {"g": {}}}
    check_format(f"locals {{\n  x = {hcl_value(value, depth=1)}\n}}\n", tmp_path)
    check_format(removed_blocks(["a.b", "module.c.a.d"]), tmp_path)


def test_no_resources_are_no_blocks() -> None:
    assert removed_blocks([]) == ""


def test_the_guide_shows_what_is_printed() -> None:
    guide = Path(__file__).parents[2] / "docs" / "terraform.md"
    shown = guide.read_text(encoding="utf-8").split("<!-- removed -->\n```hcl\n")[1].split("```")[0]
    assert shown == removed_blocks(["aws_ecr_repository_policy.api"])
