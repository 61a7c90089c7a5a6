"""What shells complete, asked for as typer's scripts for them ask."""

from pathlib import Path

import pytest

from tests.cli.conftest import SEED, Reconcile

MORE = """\
  payments/web: {access: {}}
  "payments/*": {access: {}}
  "pay$(touch pwned)": {access: {}}
"""


def complete(reconcile: Reconcile, shell: str, line: str) -> str:
    asked = {"_RECONCILE_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_ARGS": line}
    return reconcile(**asked, _TYPER_COMPLETE_FISH_ACTION="get-args").out


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("plan --repository pay", ["payments/*", "payments/api", "payments/web"]),
        ("apply --repository payments/w", ["payments/web"]),
        ("drift --allow-public payments/*", ["payments/*"]),
        ("plan --allow-never ", ["payments/api", "payments/web"]),
        ("plan --repository x", []),
        ("plan -f other.yaml --repository ", ["other/one"]),
        ("plan -f nowhere.yaml --repository ", []),
        ("plan -f . --repository payments/w", ["payments/web"]),
        ("plan -f .. --repository ", []),
    ],
)
def test_repositories_of_the_file(
    offline: Reconcile, folder: Path, line: str, expected: list[str]
) -> None:
    (folder / "ecr_access.yaml").write_text(SEED + MORE)  # invalid, and completed all the same
    (folder / "other.yaml").write_text("repositories: {other/one: {}}\n")
    assert complete(offline, "fish", f"reconcile {line}").split() == expected
    shown = "\n".join(f'"{name}"' for name in expected)
    zsh = f"_arguments '*: :(({shown}))'" if expected else "_files"
    assert complete(offline, "zsh", f"reconcile {line}").strip() == zsh


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("iam consumer ", ["Team/A+b@c_d.e-f", "ci", "runtime", "workloads"]),
        ("iam consumer r", ["runtime"]),
        ("iam consumer Team/", ["Team/A+b@c_d.e-f"]),
        ("iam consumer -f nowhere.yaml r", []),
    ],
)
def test_principals_and_accounts_of_the_file(
    offline: Reconcile, folder: Path, line: str, expected: list[str]
) -> None:
    more = '  Team/A+b@c_d.e-f: {account: workloads}\n  "$(touch pwned)": {account: workloads}\n'
    (folder / "ecr_access.yaml").write_text(SEED.replace("principals:\n", f"principals:\n{more}"))
    assert complete(offline, "fish", f"reconcile {line}").split() == expected


@pytest.mark.parametrize(
    ("line", "expected"), [("rule unused", ["unused-principal", "unused-tier"]), ("rule x", [])]
)
def test_rules(offline: Reconcile, line: str, expected: list[str]) -> None:
    assert complete(offline, "fish", f"reconcile {line}").split() == expected
