"""What a command loads: start-up is most of what an offline command takes."""

import subprocess
import sys

import pytest

from tests.test_walls import PACKAGE


@pytest.mark.parametrize(
    ("arguments", "unneeded"),
    [
        (["--help"], {"access_file", "apply", "plan", "policy", "registry", "sandbox"}),
        (["validate", "-f", "ecr_access.yaml"], {"apply", "plan", "registry", "sandbox"}),
    ],
)
def test_a_command_loads_no_room_that_it_does_not_need(
    arguments: list[str], unneeded: set[str]
) -> None:
    program = (
        "import sys\n"
        "from reconciler.cli.main import main\n"
        f"sys.argv = ['reconcile', *{arguments!r}]\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
        "print(*{name.split('.')[1] for name in sys.modules if name.startswith('reconciler.')})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    rooms = set(done.stdout.splitlines()[-1].split())
    assert "cli" in rooms
    assert not rooms & unneeded
