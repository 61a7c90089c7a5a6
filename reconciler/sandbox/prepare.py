"""moto made ready: emptied, corrected, and with somebody whose keys can be used."""

import moto.core.base_backend as moto_backends
import moto.ecr.models as moto_ecr
from moto.core.model_instances import reset_model_data
from moto.ecr.models import ecr_backends
from moto.iam.models import iam_backends
from moto.utilities.utils import get_partition

from reconciler.closest import closest
from reconciler.errors import UsageError
from reconciler.printable import quoted
from reconciler.sandbox.calls import NAME_PATTERN


def empty_moto() -> None:
    """Forget everything that moto holds, in all accounts."""
    moto_backends.BackendDict.reset()
    reset_model_data()
    # moto checks names against the pattern of an older model.
    moto_ecr.ECR_REPOSITORY_NAME_PATTERN = NAME_PATTERN


def known_regions() -> list[str]:
    """Give the regions in which moto, and so botocore's model, has ECR."""
    return ecr_backends["111122223333"].regions


def check_region(region: str) -> None:
    """Raise UsageError for a region in which there is no ECR."""
    known = known_regions()
    if region not in known:
        meant = closest(region, known)
        hint = f"did you mean {meant}?" if meant else "give one that has ECR, such as us-west-2"
        raise UsageError(f"the sandbox knows no region {quoted(region)}", hint=hint)


def new_keys(account: str, region: str) -> tuple[str, str]:
    """Make a user and return an access key id and the secret that goes with it."""
    backend = iam_backends[account][get_partition(region)]
    backend.create_user(region, "sandbox")
    key = backend.create_access_key("sandbox")
    return key.access_key_id, key.secret_access_key
