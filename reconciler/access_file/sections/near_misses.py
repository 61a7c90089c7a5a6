"""Texts that are almost a principal: why they are not one, and what to write instead.

Sources: IAM User Guide, "AWS JSON policy elements: Principal", "IAM identifiers" (unique ids,
forms of ARNs).
"""

import re
from typing import NamedTuple

from reconciler.access_file.document.problems import Advice, escape, quote
from reconciler.access_file.sections.accounts import FileContext, bad_id
from reconciler.policy import ACCOUNT_ID, ORGANIZATION_ID

_UNIQUE_ID = r"(A[A-Z]{3})[A-Z0-9]{6,}(?P<session>:[^:]*)?"
_UNIQUE_IDS = {
    "AROA": ("a role", "write the role's ARN: {role}"),
    "AIDA": ("a user", "write the user's ARN: {user}"),
    "AGPA": ("a group", "write users, or a role that they assume: {role}"),
    "AIPA": ("an instance profile", "write its role: {role}"),
    "ANPA": ("a managed policy", "write the roles or users that it is attached to"),
    "AKIA": ("an access key", "write the user that it belongs to: {user}"),
    "ASIA": ("a temporary access key", "write the role that it was issued for: {role}"),
}
"""What a unique id is of, by its prefix, and a hint."""

_PROVIDER = ("an identity provider, not a principal that ECR accepts", "write a role: {role}")
_OTHER_TYPES = {
    "group": (
        "an IAM group; groups are not principals",
        "write its users, or a role that they assume",
    ),
    "instance-profile": ("an instance profile, not a role", "write its role: {role}"),
    "oidc-provider": _PROVIDER,
    "saml-provider": _PROVIDER,
    "policy": ("a policy, not a principal", "write the roles or users that it is attached to"),
    "mfa": ("a user's MFA device, not a principal", "write its user: {user}"),
    "server-certificate": ("a certificate, not a principal", "write a role or a user: {role}"),
}
"""What an ARN is of, by its resource type, and a hint."""

_SHORT = (
    r"(?:(?:arn:)?(?:aws[a-z-]*:)?(?:iam|sts):{1,2})?"
    r"(?:(?P<account>[0-9]{12})[:/]|(?P<named>[^:\s]+):)?"
    r"(?P<kind>[a-z-]+)/(?P<name>[^:/\s][^:\s]*)"
)
_ROOT = r"(?:(?:arn:)?(?:aws[a-z-]*:)?iam:{1,2})?(?P<account>[0-9]{12}):root"
_SERVICE = r"[a-z0-9.-]+\.amazonaws\.com(?:\.cn)?"
_STS_TYPES = frozenset({"assumed-role", "federated-user"})
_IAM_TYPES = frozenset({"role", "user", "root"})
_PARTS = 6


class _Arn(NamedTuple):
    """The parts of a text that begins as an ARN; `quoted` is the text for messages."""

    quoted: str
    service: str
    region: str
    account: str
    resource: str
    context: FileContext

    @property
    def kind(self) -> str:
        return self.resource.partition("/")[0]

    @property
    def path(self) -> str:
        return self.resource.partition("/")[2]

    def corrected(self, service: str, resource: str) -> str:
        """Write the ARN with another service and resource, in the registry's partition."""
        return f"arn:{self.context.partition}:{service}::{self.account}:{resource}"


def near_miss(text: str, context: FileContext) -> Advice | None:
    """Return why a text is not a principal; None where it resembles nothing known."""
    finders = (_spaces, _unique_id, _part_of_arn, _other_kind, _other_arn)
    return next(filter(None, (find(text, context) for find in finders)), None)


def not_an_arn(text: str, context: FileContext) -> Advice:
    """Return the advice that a text is not the ARN of a principal."""
    message = f"{quote(text)} is not the ARN of a principal that ECR accepts"
    return Advice(message, _forms(context))


def pattern_hint(arn: str, context: FileContext) -> str:
    """Return the hint that shows a role pattern instead of an ARN with a wildcard."""
    parts = arn.split(":", _PARTS - 1)
    name, account = "PATTERN", "ACCOUNT"
    if len(parts) == _PARTS and parts[-1].startswith("role/") and ACCOUNT_ID.fullmatch(parts[4]):
        name, account = escape(parts[-1].removeprefix("role/")), _account(parts[4], context)
    return (
        "IAM accepts no wildcard in a principal's ARN;"
        f' write {{role: "{name}", account: {account}}}, which becomes a condition'
    )


def _spaces(text: str, _: FileContext) -> Advice | None:
    if not text.strip() or text == text.strip():
        return None
    return Advice(f"{quote(text)} begins or ends with a space", "remove the space")


def _unique_id(text: str, context: FileContext) -> Advice | None:
    match = re.fullmatch(_UNIQUE_ID, text)
    if match is None or match[1] not in _UNIQUE_IDS:
        return None
    owner, hint = _UNIQUE_IDS[match[1]]
    deleted = ", possibly of a deleted one" if match[1] in ("AROA", "AIDA") else ""
    owner = f"a session of {owner}" if match["session"] else owner
    message = f"{quote(text)} is the unique id of {owner}{deleted}, not a principal"
    return Advice(message, _filled(hint, context))


def _part_of_arn(text: str, context: FileContext) -> Advice | None:
    if text.startswith("arn:") and text.count(":") >= _PARTS - 1:
        return None
    message = f"{quote(text)} is an incomplete ARN"
    if match := re.fullmatch(_ROOT, text):
        return Advice(message, f'for the account, write "{match["account"]}"')
    match = re.fullmatch(_SHORT, text)
    if match is None or (match["named"] or "ACCOUNT") not in {*context.accounts.ids, "ACCOUNT"}:
        return None
    kind, name = match["kind"], match["name"]
    account = match["account"] or context.accounts.ids.get(match["named"] or "") or "ACCOUNT"
    arn = _Arn(quote(text), "iam", "", account, f"{kind}/{name}", context)
    if kind in ("role", "user"):
        return Advice(message, _as_mapping(arn, match["named"]))
    if kind in _STS_TYPES and "/" in name:
        return Advice(message, f"write {arn.corrected('sts', arn.resource)}")
    return _other_type(arn) if kind in {*_OTHER_TYPES, *_STS_TYPES} else None


def _other_kind(text: str, _: FileContext) -> Advice | None:
    if re.fullmatch(_SERVICE, text):
        hint = f"write {{service: {text}, source_accounts: [ACCOUNT]}} under principals"
        return Advice(f"{quote(text)} is a service, not a name of this file", hint)
    if ORGANIZATION_ID.fullmatch(text):
        hint = f"write {{organization: {text}}} under principals"
        return Advice(f"{quote(text)} is an organization, not a name of this file", hint)
    return None


def _other_arn(text: str, context: FileContext) -> Advice | None:
    parts = text.split(":", _PARTS - 1)
    if parts[0].lower() != "arn":
        return None
    if len(parts) < _PARTS:
        message = f"{quote(text)} has only {len(parts)} of the six parts of an ARN"
        return Advice(message, _forms(context))
    if not text.startswith("arn:aws"):
        message = f"{quote(text)} does not begin with arn:{context.partition}:"
        return Advice(message, _forms(context))
    _, _, service, region, account, resource = parts
    arn = _Arn(quote(text), service, region, account, resource, context)
    finders = (_other_service, _bad_fields, _other_type)
    return next(filter(None, (find(arn) for find in finders)), None)


def _other_service(arn: _Arn) -> Advice | None:
    if arn.service in ("iam", "sts"):
        return None
    message = f"{arn.quoted} is an ARN of the service {quote(arn.service)}, not of a principal"
    return Advice(message, _filled("write the role that acts for it: {role}", arn.context))


def _bad_fields(arn: _Arn) -> Advice | None:
    if arn.region:
        hint = f"write {arn.corrected(arn.service, arn.resource)}"
        return Advice(f"{arn.quoted} has a region; ARNs of {arn.service} have none", hint)
    if ACCOUNT_ID.fullmatch(arn.account):
        return None
    if bad := bad_id(arn.account):
        return Advice(f"{arn.quoted}: {bad.message}", bad.hint)
    message = f"{arn.quoted} has no account id in its fifth part"
    known = arn.context.accounts.ids.get(arn.account)
    if known and arn.kind in ("role", "user"):
        return Advice(message, _as_mapping(arn._replace(account=known), arn.account))
    return Advice(message, _forms(arn.context))


def _other_type(arn: _Arn) -> Advice | None:
    if arn.kind in _OTHER_TYPES:
        what, hint = _OTHER_TYPES[arn.kind]
        return Advice(f"{arn.quoted} is {what}", _filled(hint, arn.context, arn.account))
    if arn.kind == "assumed-role" and arn.path.count("/") != 1:
        return _bad_session(arn)
    if arn.service == "iam" and arn.kind in _STS_TYPES:
        message = f"{arn.quoted} is a session; the ARN of a session is of sts, not iam"
        return Advice(message, f"write {arn.corrected('sts', arn.resource)}")
    if arn.service == "sts" and arn.kind in _IAM_TYPES:
        message = f"{arn.quoted} is an ARN of sts; the ARN of a {arn.kind} is of iam"
        return Advice(message, f"write {arn.corrected('iam', arn.resource)}")
    if arn.kind == "root":
        hint = f"write {arn.corrected('iam', 'root')}"
        return Advice(f"{arn.quoted} has a path after root", hint)
    return None


def _bad_session(arn: _Arn) -> Advice:
    *path, last = arn.path.split("/")
    if path:
        message = f"{arn.quoted} has a path; the ARN of a session has only the role's name"
        return Advice(message, f"write {arn.corrected('sts', f'assumed-role/{path[-1]}/{last}')}")
    role = arn.corrected("iam", f"role/{last or 'NAME'}")
    message = f"{arn.quoted} does not name a session of the role"
    return Advice(message, f"for all of its sessions, write the role: {role}")


def _forms(context: FileContext) -> str:
    return f"write arn:{context.partition}:iam::ACCOUNT:role/NAME, or …:user/NAME, or …:root"


def _filled(hint: str, context: FileContext, account: str = "ACCOUNT") -> str:
    role, user = (f"arn:{context.partition}:iam::{account}:{one}/NAME" for one in ("role", "user"))
    return hint.format(role=role, user=user)


def _as_mapping(arn: _Arn, name: str | None = None) -> str:
    """Show a role or user as a principal; `name` is that of its account, if it was written."""
    account = name or _account(arn.account, arn.context)
    written = arn.corrected("iam", arn.resource)
    return f"write {{{arn.kind}: {arn.path}, account: {account}}} under principals, or {written}"


def _account(account: str, context: FileContext) -> str:
    if account == "ACCOUNT":
        return account
    return context.accounts.names.get(account) or f'"{account}"'
