"""moto made ready: emptied, corrected, and with somebody whose keys can be used."""

import moto.core.base_backend as moto_backends
import moto.ecr.models as moto_ecr
from moto.core.model_instances import reset_model_data
from moto.iam.models import iam_backends
from moto.utilities.utils import get_partition

from reconciler.sandbox.calls import NAME_PATTERN


def empty_moto() -> None:
    """Forget everything that moto holds, in all accounts."""
    moto_backends.BackendDict.reset()
    reset_model_data()
    # moto checks names against the pattern of an older model.
    moto_ecr.ECR_REPOSITORY_NAME_PATTERN = NAME_PATTERN


def new_keys(account: str, region: str) -> tuple[str, str]:
    """Make a user and return an access key id and the secret that goes with it."""
    backend = iam_backends[account][get_partition(region)]
    backend.create_user(region, "sandbox")
    key = backend.create_access_key("sandbox")
    return key.access_key_id, key.secret_access_key
