"""The form of credentials: none of AWS has a blank, a line break or a non-ASCII character."""

from reconciler.registry.failures.errors import CallError, FailureKind

_METHODS = {
    "env": "the environment",
    "shared-credentials-file": "the shared credentials file",
    "config-file": "the AWS configuration file",
    "custom-process": "credential_process",
}


def credentials_error(message: str, hint: str) -> CallError:
    """Return the error of credentials that do not work."""
    return CallError(message, kind=FailureKind.CREDENTIALS, hint=hint)


def require_plain(key: object, secret: object, token: object, method: str) -> None:
    """Raise CallError for malformed credentials; a call with a line break can't be sent at all.

    `method` is where they come from, in botocore's words.
    """
    named = {"the access key id": key, "the secret access key": secret, "the session token": token}
    for name, value in named.items():
        _require_plain(name, value or "", method)


def _require_plain(name: str, value: object, method: str) -> None:
    source = _METHODS.get(method, method)
    if not isinstance(value, str):
        raise credentials_error(
            f"{name} is not a string; it comes from {source}", "write it in quotes, as a string"
        )
    invalid = {at: char for at, char in enumerate(value) if not "!" <= char <= "~"}
    if not invalid:
        return
    ends = [end for end, at in (("begins", 0), ("ends", len(value) - 1)) if at in invalid]
    where = f"{' and '.join(ends)} with" if ends else "contains"
    is_blank = all(map(str.isspace, invalid.values()))
    what = "white space" if is_blank else "a character that no credential has"
    raise credentials_error(
        f"{name} {where} {what}; it comes from {source}",
        "set it again without that; a file or a secret store may add a line break at the end",
    )
