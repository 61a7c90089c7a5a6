"""AWS profiles for the accounts of a sandbox.

Source: AWS SDKs and Tools Reference Guide, "Shared config and credentials files".
"""

from collections.abc import Mapping
from pathlib import Path

from reconciler.errors import ReconcileError
from reconciler.sandbox.state import AccessKey

_OURS = "# Written by `reconcile sandbox`, which replaces it."


def write_profiles(folder: Path, keys: Mapping[str, AccessKey], region: str) -> dict[str, str]:
    """Write `config` and `credentials` with a profile `sandbox-ACCOUNT` for each account.

    Return the variables that lead clients to these files. A file that was written here before is
    replaced, no other: raises ReconcileError for one, and if a file can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReconcileError(f"{folder} can't be made: {error.strerror}") from None
    config = (f"[profile sandbox-{account}]\nregion = {region}\n" for account in keys)
    credentials = (
        f"[sandbox-{account}]\n"
        f"aws_access_key_id = {key.access_key_id}\n"
        f"aws_secret_access_key = {key.secret_access_key}\n"
        for account, key in keys.items()
    )
    return {
        "AWS_CONFIG_FILE": _write(folder / "config", "\n".join(config)),
        "AWS_SHARED_CREDENTIALS_FILE": _write(folder / "credentials", "\n".join(credentials)),
    }


def _write(path: Path, text: str) -> str:
    try:
        with path.open("w" if _is_own(path) else "x", encoding="utf-8") as file:
            path.chmod(0o600)
            file.write(f"{_OURS}\n\n{text}")
    except FileExistsError:
        raise ReconcileError(
            f"{path} already exists; not overwritten",
            hint="name an empty folder, or one of an earlier sandbox",
        ) from None
    except OSError as error:
        raise ReconcileError(f"{path} can't be written: {error.strerror}") from None
    return str(path.absolute())


def _is_own(path: Path) -> bool:
    return path.is_file() and path.read_bytes().startswith(f"{_OURS}\n".encode())
