"""What is nearly a principal, and what to write instead: the reason, not only the grammar.

Sources: IAM User Guide, "AWS JSON policy elements: Principal", "IAM identifiers" (unique ids,
forms of ARNs).
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from reconciler.access_file.document.problems import Advice, shown, unquoted
from reconciler.access_file.sections.accounts import Surroundings, bad_id
from reconciler.policy.language.principals import ACCOUNT_ID, ORGANIZATION_ID

_UNIQUE_ID = re.compile(r"(A[A-Z]{3})[A-Z0-9]{6,}(?P<session>:[^:]*)?")
_OF_IDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "AROA": ("a role", "name the role by its ARN: {role}"),
        "AIDA": ("a user", "name the user by its ARN: {user}"),
        "AGPA": ("a group", "IAM groups are no principals: name users, or a role that they assume"),
        "AIPA": ("an instance profile", "name its role: {role}"),
        "ANPA": ("a managed policy", "name the roles or users that it is attached to"),
        "AKIA": ("an access key", "name the user that it belongs to: {user}"),
        "ASIA": ("a temporary access key", "name the role that it was given for: {role}"),
    }
)
_OF_TYPES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "group": (
            "an IAM group, and groups are no principals",
            "name its users, or a role that they assume",
        ),
        "instance-profile": ("an instance profile, not a role", "name its role: {role}"),
        "oidc-provider": (
            "an identity provider, not a principal that ECR takes",
            "name the role that its users assume: {role}",
        ),
        "saml-provider": (
            "an identity provider, not a principal that ECR takes",
            "name the role that its users assume: {role}",
        ),
        "policy": ("a policy, not a principal", "name the roles or users that it is attached to"),
        "mfa": ("a user's MFA device, not a principal", "name its user: {user}"),
        "server-certificate": ("a certificate, not a principal", "name a role or a user: {role}"),
    }
)
_SHORT = re.compile(
    r"(?:(?:arn:)?(?:aws[a-z-]*:)?(?:iam|sts):{1,2})?"
    r"(?:(?P<account>[0-9]{12})[:/]|(?P<named>[^:\s]+):)?"
    r"(?P<kind>[a-z-]+)/(?P<name>[^:/\s][^:\s]*)"
)
_ROOT = re.compile(r"(?:(?:arn:)?(?:aws[a-z-]*:)?iam:{1,2})?(?P<account>[0-9]{12}):root")
_SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(?:\.cn)?")
_OF_STS = frozenset({"assumed-role", "federated-user"})
_OF_IAM = frozenset({"role", "user", "root"})
_PARTS = 6


class _Arn(NamedTuple):
    """A text that begins as an ARN, in its parts; `said` is how a message quotes it."""

    said: str
    service: str
    region: str
    account: str
    resource: str
    around: Surroundings

    @property
    def kind(self) -> str:
        return self.resource.partition("/")[0]

    @property
    def path(self) -> str:
        return self.resource.partition("/")[2]

    def rewritten(self, service: str, resource: str) -> str:
        """Write it as it may have been meant, in the partition of the registry."""
        return f"arn:{self.around.partition}:{service}::{self.account}:{resource}"


def near_miss(text: str, around: Surroundings) -> Advice | None:
    """Say what a text that names no principal most likely means; None where it is nothing known."""
    return next(filter(None, (find(text, around) for find in _FINDERS)), None)


def no_arn(text: str, around: Surroundings) -> Advice:
    """Say that a text is not the ARN of a principal, and how one looks."""
    message = f"{shown(text)} is not the ARN of a principal that ECR takes"
    return Advice(message, _forms(around))


def pattern_hint(arn: str, around: Surroundings) -> str:
    """Show the principal that is a pattern of roles, for an ARN with a wildcard."""
    parts = arn.split(":", _PARTS - 1)
    name, account = "PATTERN", "ACCOUNT"
    if len(parts) == _PARTS and parts[-1].startswith("role/") and ACCOUNT_ID.fullmatch(parts[4]):
        name, account = unquoted(parts[-1].removeprefix("role/")), _account(parts[4], around)
    role = f'{{role: "{name}", account: {account}}}'
    return f"IAM takes no wildcard in a principal's ARN; write {role}, which becomes a condition"


def _spaces(text: str, _: Surroundings) -> Advice | None:
    is_one = text.strip() and text != text.strip()
    return Advice(f"{shown(text)} has spaces around it", "remove them") if is_one else None


def _unique_id(text: str, around: Surroundings) -> Advice | None:
    match = _UNIQUE_ID.fullmatch(text)
    if match is None or match[1] not in _OF_IDS:
        return None
    what, hint = _OF_IDS[match[1]]
    gone = ", maybe of a deleted one" if match[1] in ("AROA", "AIDA") else ""
    what = f"a session of {what}" if match["session"] else what
    message = f"{shown(text)} is the id of {what}{gone}, not a principal that ECR takes"
    return Advice(message, _filled(hint, around))


def _part_of_arn(text: str, around: Surroundings) -> Advice | None:
    if text.startswith("arn:") and text.count(":") >= _PARTS - 1:
        return None
    message = f"{shown(text)} is only a part of an ARN"
    if match := _ROOT.fullmatch(text):
        return Advice(message, f'for the account, write "{match["account"]}"')
    match = _SHORT.fullmatch(text)
    if match is None or (match["named"] or "ACCOUNT") not in {*around.accounts.ids, "ACCOUNT"}:
        return None
    kind, name = match["kind"], match["name"]
    account = match["account"] or around.accounts.ids.get(match["named"] or "") or "ACCOUNT"
    arn = _Arn(shown(text), "iam", "", account, f"{kind}/{name}", around)
    if kind in ("role", "user"):
        return Advice(message, _as_mapping(arn, match["named"]))
    if kind in _OF_STS and "/" in name:
        return Advice(message, f"write {arn.rewritten('sts', arn.resource)}")
    return _other_type(arn) if kind in {*_OF_TYPES, *_OF_STS} else None


def _other_kind(text: str, _: Surroundings) -> Advice | None:
    if _SERVICE.fullmatch(text):
        hint = f"write {{service: {text}, source_accounts: [ACCOUNT]}} under principals"
        return Advice(f"{shown(text)} is a service, not a name of this file", hint)
    if ORGANIZATION_ID.fullmatch(text):
        hint = f"write {{organization: {text}}} under principals"
        return Advice(f"{shown(text)} is an organization, not a name of this file", hint)
    return None


def _other_arn(text: str, around: Surroundings) -> Advice | None:
    parts = text.split(":", _PARTS - 1)
    if parts[0].lower() != "arn":
        return None
    if len(parts) < _PARTS:
        message = f"{shown(text)} has only {len(parts)} of the six parts of an ARN"
        return Advice(message, _forms(around))
    if not text.startswith("arn:aws"):
        message = f"{shown(text)} does not begin with arn:{around.partition}:"
        return Advice(message, _forms(around))
    _, _, service, region, account, resource = parts
    arn = _Arn(shown(text), service, region, account, resource, around)
    return next(filter(None, (find(arn) for find in _OF_ARNS)), None)


def _other_service(arn: _Arn) -> Advice | None:
    if arn.service in ("iam", "sts"):
        return None
    message = f"{arn.said} is an ARN of the service {shown(arn.service)}, and not of a principal"
    return Advice(message, _filled("name the role that acts for it: {role}", arn.around))


def _bad_fields(arn: _Arn) -> Advice | None:
    if arn.region:
        hint = f"write {arn.rewritten(arn.service, arn.resource)}"
        return Advice(f"{arn.said} has a region, and ARNs of {arn.service} have none", hint)
    if ACCOUNT_ID.fullmatch(arn.account):
        return None
    if bad := bad_id(arn.account):
        return Advice(f"{arn.said}: {bad.message}", bad.hint)
    message = f"{arn.said} has no account id where an ARN has one"
    known = arn.around.accounts.ids.get(arn.account)
    if known and arn.kind in ("role", "user"):
        return Advice(message, _as_mapping(arn._replace(account=known), arn.account))
    return Advice(message, _forms(arn.around))


def _other_type(arn: _Arn) -> Advice | None:
    if arn.kind in _OF_TYPES:
        what, hint = _OF_TYPES[arn.kind]
        return Advice(f"{arn.said} is {what}", _filled(hint, arn.around, arn.account))
    if arn.kind == "assumed-role" and arn.path.count("/") != 1:
        return _no_session(arn)
    if arn.service == "iam" and arn.kind in _OF_STS:
        message = f"{arn.said} is a session, and its ARN is one of sts, not iam"
        return Advice(message, f"write {arn.rewritten('sts', arn.resource)}")
    if arn.service == "sts" and arn.kind in _OF_IAM:
        message = f"{arn.said} is an ARN of sts, and that of a {arn.kind} is one of iam"
        return Advice(message, f"write {arn.rewritten('iam', arn.resource)}")
    if arn.kind == "root":
        return Advice(f"{arn.said} has more behind root", f"write {arn.rewritten('iam', 'root')}")
    return None


def _no_session(arn: _Arn) -> Advice:
    *path, last = arn.path.split("/")
    if path:
        message = f"{arn.said} has a path, and the ARN of a session only the name of the role"
        return Advice(message, f"write {arn.rewritten('sts', f'assumed-role/{path[-1]}/{last}')}")
    role = arn.rewritten("iam", f"role/{last or 'NAME'}")
    message = f"{arn.said} does not say which session of the role"
    return Advice(message, f"for all of its sessions, name the role: {role}")


_FINDERS = (_spaces, _unique_id, _part_of_arn, _other_kind, _other_arn)
_OF_ARNS = (_other_service, _bad_fields, _other_type)


def _forms(around: Surroundings) -> str:
    return f"such as arn:{around.partition}:iam::ACCOUNT:role/NAME, or …:user/NAME, or …:root"


def _filled(hint: str, around: Surroundings, account: str = "ACCOUNT") -> str:
    role, user = (f"arn:{around.partition}:iam::{account}:{one}/NAME" for one in ("role", "user"))
    return hint.format(role=role, user=user)


def _as_mapping(arn: _Arn, name: str | None = None) -> str:
    """Show a role or user as a principal, its account by the `name` that was written, if any."""
    account = name or _account(arn.account, arn.around)
    written = arn.rewritten("iam", arn.resource)
    return f"write {{{arn.kind}: {arn.path}, account: {account}}} under principals, or {written}"


def _account(account: str, around: Surroundings) -> str:
    if account == "ACCOUNT":
        return account
    return around.accounts.names.get(account) or f'"{account}"'
