import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module",
    ["model.registry", "registry.failures.errors", "registry.pace", "registry.permissions"],
)
def test_it_loads_no_boto(module: str) -> None:
    code = (
        f"import sys, reconciler.{module}\n"
        "sys.exit(any(name.split('.')[0] in ('boto3', 'botocore') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
