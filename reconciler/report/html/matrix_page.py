"""The matrix of access, repositories by principals, as an HTML page."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from reconciler.model.access import DisplayNames
from reconciler.model.answers import Matrix, place_words
from reconciler.plan.checks.risks import StandingRisk
from reconciler.plan.origin import Origin
from reconciler.report.html.matrix_data import LOOKS, MatrixData, encode_matrix
from reconciler.report.html.page import Figure, RiskPlace, RiskRow, figure, render_page, risk_rows
from reconciler.report.plans.plan_view import PLAN, view_risk
from reconciler.report.questions.matrix import marks_in


class _Words(NamedTuple):
    title: str
    origin: Origin
    figures: tuple[Figure, ...]
    risks: tuple[RiskRow, ...]
    looks: Sequence[str]
    marks: tuple[tuple[str, str], ...]
    is_live: bool


def render_matrix_html(
    matrix: Matrix,
    names: DisplayNames,
    origin: Origin,
    risks: Sequence[StandingRisk] = (),
    desired: Matrix | None = None,
) -> str:
    """Render the matrix of a file as a page, or that of a registry.

    A live matrix is compared with `desired`, what the file asks for on the same repositories.
    """
    data = encode_matrix(matrix, names, risks, desired)
    words = _Words(
        title="Access in the file" if desired is None else "Live access",
        origin=origin,
        figures=tuple(_figures(data, len(risks))),
        risks=risk_rows(
            (
                view_risk(risk, names, PLAN),
                RiskPlace(repository, region=place_words(registry, region)),
            )
            for repository, region, risk, registry in risks
        ),
        looks=LOOKS,
        marks=tuple(marks_in(shape.words for shape in data["shapes"])),
        is_live=desired is not None,
    )
    return render_page("matrix.html", words, script="matrix.js", data=data)


def _figures(data: MatrixData, risks: int) -> Iterator[Figure]:
    yield figure(len(data["repositories"]), "repository", "repositories")
    yield figure(len(data["principals"]), "principal", "principals")
    yield figure(data["cells"], "grant", "grants")
    yield figure(risks, "risk", "risks", "warning")
    if data["live"]:
        yield figure(data["differences"], "difference", "differences", "changed")
