"""Somebody else who changes policies too, at the worst moment: right after a read."""

import json
from weakref import WeakKeyDictionary

from moto.ecr.models import Repository

from reconciler.sandbox.grammar import Json, listed, parsed
from reconciler.sandbox.policies import Policies

SID = "Meddler"


class Meddler:
    """Changes the policy of each repository once, after `after_reads` reads of it; 0 for never.

    Not safe for several threads.
    """

    def __init__(self, after_reads: int) -> None:
        self._after_reads = after_reads
        self._reads: WeakKeyDictionary[Repository, int] = WeakKeyDictionary()

    def saw_read(self, repository: Repository, partition: str, policies: Policies) -> None:
        """Count a read of a repository's policy, and change it where the time has come.

        A text that is no policy stays as it is.
        """
        count = self._reads.get(repository, 0) + 1
        self._reads[repository] = count
        if count == self._after_reads:
            role = f"arn:{partition}:iam::{repository.registry_id}:role/meddler"
            changed = meddled(policies.get(repository), role)
            if changed is not None:
                policies.set(repository, changed)


def meddled(text: str | None, role: str) -> str | None:
    """Return a policy text in which `role` (an ARN) may also list images.

    `text` is the policy so far, None for none. None where it is no policy.
    """
    try:
        document = parsed(text) if text is not None else {"Version": "2012-10-17"}
    except ValueError:
        return None
    if not isinstance(document, dict):
        return None
    statement: Json = {
        "Sid": SID,
        "Effect": "Allow",
        "Principal": {"AWS": role},
        "Action": "ecr:ListImages",
    }
    return json.dumps(
        {**document, "Statement": [*listed(document.get("Statement", [])), statement]}
    )
