"""Print docs/rules.md, made from the rules: `make docs`."""

from reconciler.model.rules import Rule, load_rules

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
    language = "console" if rule.example.startswith("$ ") else "yaml"
    example = f"```{language}\n{rule.example}```\n"
    live = f"\nLive policy of `payments/api`:\n\n```json\n{rule.live}```\n" if rule.live else ""
    if rule.registry_policy:
        live += f"\nLive policy of the registry:\n\n```json\n{rule.registry_policy}```\n"
    return (
        f"\n## {rule.id}\n\n"
        f"{rule.severity} ({', '.join(rule.kinds)}). {rule.description}\n\n"
        f"{example}{live}\n"
        f"Remedy: {rule.remedy}\n"
    )


if __name__ == "__main__":
    main()
