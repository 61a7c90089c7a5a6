"""A file's problems as annotations, SARIF and JUnit XML: whole files, whatever their texts hold."""

import pytest

from tests.golden_problems import FOLDER, expected_problems


@pytest.mark.parametrize("name", expected_problems())
def test_a_format_of_problems_is_as_expected(name: str) -> None:
    assert expected_problems()[name] == (FOLDER / name).read_bytes().decode()
