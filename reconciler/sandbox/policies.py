"""The policies of the repositories, whose principals are who they were when it was written."""

from collections.abc import Mapping
from weakref import WeakKeyDictionary

from moto.ecr.models import Repository

from reconciler.sandbox.iam import unique_ids
from reconciler.sandbox.rewrite import aws_principals, renamed


class Policies:
    """Writes and reads policies on moto's own repositories.

    With `keep_ids`, the roles and users of a policy are held by the unique ids that they have
    when it is set: whoever is deleted later shows as that id, also once the name is used again.
    Who did not exist then stays the ARN that was written. The text is otherwise the one that was
    set. Safe for several threads.
    """

    def __init__(self, *, keep_ids: bool) -> None:
        self._keep_ids = keep_ids
        self._ids: WeakKeyDictionary[Repository, Mapping[str, str]] = WeakKeyDictionary()

    def set(self, repository: Repository, text: str) -> None:
        """Store a policy text, whatever it is."""
        existing = unique_ids() if self._keep_ids else {}
        self._ids[repository] = {
            arn: existing[arn] for arn in aws_principals(text) if arn in existing
        }
        repository.policy = text

    def get(self, repository: Repository) -> str | None:
        """Return the text as it stands now, None where there is no policy."""
        return None if repository.policy is None else self.named_now(repository, repository.policy)

    def named_now(self, repository: Repository, text: str) -> str:
        """Return `text`, the repository's as it was set, with the names of its principals now."""
        ids = self._ids.get(repository)
        if not ids:
            return text
        arns = {unique_id: arn for arn, unique_id in unique_ids().items()}
        return renamed(
            text, {arn: arns.get(unique_id, unique_id) for arn, unique_id in ids.items()}
        )
