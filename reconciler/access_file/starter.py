"""The file that `reconcile init` writes: small, commented, valid as it stands."""

STARTER = """\
# Who may do what with the repositories of one Amazon ECR registry.
# Check it with 'reconcile validate'; see what it would change with 'reconcile plan'.
version: 1

registry:
  account: "111122223333"  # the account that holds the registry; ids are quoted
  regions: [us-west-2]

accounts:  # names for account ids
  workloads: "444455556666"

principals:  # names for who gets access
  ci: {role: role2-1, account: workloads}
  runtime: {role: role2-2, account: workloads}

repositories:    # who gets which tier:
  payments/api:  # pull, push, push-pull, read, lambda or admin
    access:
      ci: push-pull
      runtime: pull

# A key with * or ? is a pattern for many repositories, and is quoted:
#
#  "payments/*":
#    access:
#      workloads: pull
"""


def for_editors(schema: str) -> str:
    """Return the line by which editors find the schema, a file beside the access file."""
    return f"# yaml-language-server: $schema=./{schema}\n"
