"""Write the expected output of all golden cases anew; then read the diff."""

from tests.access_file.invalid_cases import rewrite
from tests.golden import case_folders, expected_output
from tests.golden_answers import FOLDER, expected_answers
from tests.golden_layouts import formatted, layout_cases
from tests.golden_problems import FOLDER as PROBLEMS
from tests.golden_problems import expected_problems

if __name__ == "__main__":
    for folder in case_folders():
        for name, text in expected_output(folder).items():
            (folder / name).write_text(text)
    for name, text in expected_answers().items():
        (FOLDER / name).write_bytes(text.encode())
    for name, text in expected_problems().items():
        (PROBLEMS / name).write_bytes(text.encode())
    for folder in layout_cases():
        (folder / "after.yaml").write_bytes(formatted(folder))
    rewrite()
