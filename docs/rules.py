"""Print docs/rules.md, made from the rules: `make docs`."""

from reconciler.model.rules import Rule, load_rules
from reconciler.report.rules import rule_markdown

HEAD = """\
# Rules

Every message names its rule. `reconcile rule RULE` prints what this page says about a rule.
`make docs` makes this page from `reconciler/model/rules.toml`.

A rule can be reported as several kinds:

- **problem**: something wrong in the access file, reported with its place by every command that
  reads the file. An error makes the file invalid (exit 3), a warning does not.
- **finding**: worth knowing, changes nothing. `plan`, `apply`, `drift` and `rollback` report it.
- **risk**: a mark on a change of a plan, for the review. It does not stop an apply.
- **refusal**: a guard refuses the run, and nothing is written (exit 5).
- **error**: nothing can be planned for a repository (exit 1). The others are still planned.

The severity is the highest of these kinds. An example shows a part of an access file, or commands;
`…` marks what it leaves out.
"""


def main() -> None:
    rules = load_rules().values()
    print(HEAD)
    print("| rule | severity | kinds |\n|---|---|---|")
    for rule in sorted(rules, key=lambda rule: rule.id):
        print(f"| [`{rule.id}`](#{rule.id}) | {rule.severity} | {', '.join(rule.kinds)} |")
    for rule in rules:
        print(section(rule), end="")


def section(rule: Rule) -> str:
    return f"\n## {rule.id}\n\n{rule_markdown(rule)}"


if __name__ == "__main__":
    main()
