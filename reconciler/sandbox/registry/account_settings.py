"""The account settings of a registry, which moto does not have: one set per account and region."""

from collections.abc import Mapping

from reconciler.policy import PolicyScope
from reconciler.sandbox.json_values import JsonObject
from reconciler.sandbox.requests.protocol import AwsRequest, Operation, invalid_parameter

SCOPE = "REGISTRY_POLICY_SCOPE"

_VALUES: Mapping[str, tuple[str, ...]] = {
    SCOPE: ("V2",),
    "BASIC_SCAN_TYPE_VERSION": ("AWS_NATIVE",),
    "BLOB_MOUNTING": ("ENABLED", "DISABLED"),
}
"""What each setting can be set to ("PutAccountSetting", Amazon ECR API Reference)."""


class AccountSettings:
    """Gets and puts account settings. For one thread.

    `scope` is the REGISTRY_POLICY_SCOPE of a registry until it is set. The errors for an unknown
    name or value, and the values of the other settings until they are set, are assumed.
    """

    def __init__(self, scope: PolicyScope) -> None:
        self._initial = {
            SCOPE: scope,
            "BASIC_SCAN_TYPE_VERSION": "AWS_NATIVE",
            "BLOB_MOUNTING": "DISABLED",
        }
        self._set: dict[tuple[str, str, str], str] = {}
        self.operations: Mapping[str, Operation] = {
            "GetAccountSetting": self._get,
            "PutAccountSetting": self._put,
        }

    def scope(self, account: str, region: str) -> PolicyScope:
        """Return the scope of a registry's own policy."""
        return "V1" if self._value(account, region, SCOPE) == "V1" else "V2"

    def _value(self, account: str, region: str, name: str) -> str:
        return self._set.get((account, region, name), self._initial[name])

    def _get(self, request: AwsRequest) -> JsonObject:
        name = _name(request)
        return {"name": name, "value": self._value(request.account, request.region, name)}

    def _put(self, request: AwsRequest) -> JsonObject:
        name, value = _name(request), request.text("value") or ""
        if value not in _VALUES[name]:
            raise invalid_parameter("value", f"must be one of {list(_VALUES[name])}")
        self._set[request.account, request.region, name] = value
        return {"name": name, "value": value}


def _name(request: AwsRequest) -> str:
    name = request.text("name")
    if name is None or name not in _VALUES:
        raise invalid_parameter("name", f"must be one of {list(_VALUES)}")
    return name
