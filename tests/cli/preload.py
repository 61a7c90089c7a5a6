"""What a forked `reconcile` has already: its modules, and what botocore reads of its own files.

Only the process that all others are forked from imports this.
"""

import gc
import os
from importlib import import_module
from pkgutil import walk_packages

import reconciler
from reconciler.registry.session import connect

_BUT = ("reconciler.__main__", "reconciler.sandbox")
"""Left out: it runs, and it needs moto, which two commands use."""

for module in walk_packages(reconciler.__path__, "reconciler."):
    if not module.name.startswith(_BUT):
        import_module(module.name)

# Nothing of the machine's own counts; each process has an environment of its own.
os.environ.clear()
os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
for service in ("ecr", "sts", "organizations"):
    connect("111122223333", "us-west-2").boto().session.client(service)

gc.freeze()  # a fork would copy what it looks at for garbage
