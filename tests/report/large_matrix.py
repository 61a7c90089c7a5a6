"""A matrix of many repositories and principals in which each cell has a line of its own."""

from reconciler.model.answers import Answer, FileLine, Matrix, MatrixCell, MatrixRow
from reconciler.policy import BUILT_IN_TIERS, NamedPrincipal, Principal
from reconciler.report.html.matrix_page import render_matrix_html
from tests.report.test_matrix_page import NAMES, ORIGIN

TIERS = ("pull", "push-pull", "pull", "read", "push")
ACCOUNTS = 10


def principals(count: int) -> tuple[NamedPrincipal, ...]:
    return tuple(
        NamedPrincipal(
            Principal("AWS", (f"arn:aws:iam::{444455550000 + n % ACCOUNTS}:role/workload-{n:03}",)),
            name=f"workload-{n:03}",
        )
        for n in range(count)
    )


def large_matrix(repositories: int, count: int, *, every: int = 1) -> Matrix:
    """Build a matrix; of each row, one cell out of `every` has access."""
    subjects, line, rows = principals(count), 0, []
    for number in range(repositories):
        name, cells = f"team-{number // 100:02}/app-{number:04}", []
        for column in range(number % every, count, every):
            who, tier, line = subjects[column], TIERS[(number + column) % len(TIERS)], line + 1
            source = FileLine("ecr_access.yaml", line, name, who.name)
            given = Answer(name, who, tier, BUILT_IN_TIERS[tier], "allowed", source=source)
            cells.append(MatrixCell(who, tier, "", None, (given,)))
        rows.append(MatrixRow(name, tuple(cells)))
    return Matrix(subjects, tuple(rows))


def large_page(repositories: int = 1_000, count: int = 300, *, every: int = 1) -> str:
    return render_matrix_html(large_matrix(repositories, count, every=every), NAMES, ORIGIN)
