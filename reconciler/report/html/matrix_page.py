"""The matrix of access, repositories by principals, as an HTML page."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from reconciler.model.answers import Matrix
from reconciler.model.display_names import DisplayNames
from reconciler.plan.saved_plan import Origin
from reconciler.policy import NamedPrincipal
from reconciler.report.html.matrix_data import MatrixData, encode_matrix
from reconciler.report.html.page import Figure, figure, render_page


class MatrixRisk(NamedTuple):
    """A risk of the access that one principal has on one repository, in words."""

    repository: str
    subject: NamedPrincipal
    name: str
    words: str


class _Words(NamedTuple):
    title: str
    origin: Origin
    data: MatrixData
    risks: Sequence[MatrixRisk]
    figures: tuple[Figure, ...]


def render_matrix_html(
    matrix: Matrix,
    names: DisplayNames,
    origin: Origin,
    risks: Sequence[MatrixRisk] = (),
    desired: Matrix | None = None,
) -> str:
    """Render a matrix as a page.

    `desired` is what the file asks for on the same repositories, to compare a live matrix with.
    """
    marked = [(risk.repository, risk.subject) for risk in risks]
    data = encode_matrix(matrix, names, marked, desired)
    title = "Access, live" if matrix.is_live else "Access"
    words = _Words(title, origin, data, risks, tuple(_figures(data, len(risks))))
    return render_page("matrix.html", words, script="matrix.js", data=data)


def _figures(data: MatrixData, risks: int) -> Iterator[Figure]:
    yield figure(len(data["repositories"]), "repository", "repositories")
    yield figure(len(data["principals"]), "principal", "principals")
    yield figure(data["cells"], "grant", "grants")
    yield figure(risks, "risk", "risks", "warning")
    if data["compared"]:
        yield figure(data["differences"], "difference", "differences", "changed")
