"""Names of roles and users: path and name as in their ARN, and likely mistakes in them."""

import re

from reconciler.access_file.document.nodes import ScalarNode
from reconciler.access_file.document.problems import Place, escape, quote
from reconciler.access_file.sections.context import FileContext
from reconciler.model.rules import RuleId
from reconciler.policy import glob_matches, globs_intersect, has_wildcard, parse_arn

_WITHOUT_WILDCARDS = str.maketrans("*?", "xx")
_NAMED = ("role", "user")
_KINDS = (*_NAMED, "assumed-role", "instance-profile")
_SSO = re.compile(r"(?P<path>.*/)?AWSReservedSSO_(?P<set>.*?)(?:_[0-9a-f]{16}|_?\*)?")
_SSO_PATH = "aws-reserved/sso.amazonaws.com"
_SSO_PATHS_OF_REGIONS = tuple(f"{_SSO_PATH}/{one}/" for one in ("us-west-2", "eu-central-1"))


def is_plain(path: str) -> bool:
    """Whether a path and name have no empty part, most likely a mistake, and no variable."""
    return "${" not in path and all(path.split("/") if path else ())


def check_name(kind: str, name: ScalarNode, owner: str, context: FileContext) -> bool:
    """Whether a text can be the name of a role or user (`kind`), or a pattern for roles.

    `owner` is the name of the principal. Reports an invalid name, and warns of a path that is most
    likely a mistake.
    """
    problems, text = context.problems, name.text
    if text.lower().startswith("arn:"):
        message = f"'{kind}' must be a name; for an ARN write {escape(owner)}: {escape(text)}"
        hint = "an ARN already includes the account"
        problems.error(RuleId.BAD_ARN, message, name.place, hint=hint)
        return False
    arn = f"arn:{context.partition}:iam::111122223333:{kind}/{text}"
    if not parse_arn(arn.translate(_WITHOUT_WILDCARDS)) or not is_plain(text):
        message = f"{quote(text)} is not the name of a {kind}"
        hint = f"write the path and name that follow '{kind}/' in the ARN, such as deploy/release"
        stripped = text.strip().strip("/")
        if stripped != text and parse_arn(f"arn:aws:iam::111122223333:{kind}/{stripped}"):
            hint = f"write only {escape(stripped)}"
        problems.error(RuleId.BAD_ARN, message, name.place, hint=hint)
        return False
    if kind == "user" and has_wildcard(text):
        message = f"the user's name {quote(text)} contains a wildcard"
        hint = "only a role's name may be a pattern"
        problems.error(RuleId.WILDCARD_IN_ARN, message, name.place, hint=hint)
        return False
    _warn_of_path(kind, name, context)
    if kind == "role":
        check_sso(text, name.place, context)
    return True


def _warn_of_path(kind: str, name: ScalarNode, context: FileContext) -> None:
    """Warn of a path that looks like a part of an ARN."""
    first, _, rest = name.text.partition("/")
    prefix = first.rpartition(":")[2]
    if not rest or prefix not in _KINDS:
        return
    # In an assumed-role ARN, the name of the session follows the name of the role.
    without = f"{prefix}: {rest}" if prefix in _NAMED else f"role: {rest.partition('/')[0]}"
    message = f"{quote(name.text)} is the {kind} {quote(rest)} with the path '/{first}/'"
    hint = f"without that path, write {without}"
    context.problems.warning(RuleId.UNLIKELY_ROLE, message, name.place, hint=hint)


def check_sso(path: str, place: Place, context: FileContext) -> None:
    """Warn of a role, or a pattern, of IAM Identity Center that does not match its roles.

    Their path ends with the region of the Identity Center, and has none where that is us-east-1
    (AWS Security Blog and public reports; the IAM Identity Center User Guide, "Referencing
    permission sets in resource policies", shows the path with a region).
    """
    match = _SSO.fullmatch(path)
    if match is None:
        return
    written = match["path"] or ""
    if written == f"{_SSO_PATH}/us-east-1/" or not globs_intersect(written, f"{_SSO_PATH}*/"):
        message = f"{quote(path)} is not a role of IAM Identity Center: those have another path"
    elif not glob_matches(written, f"{_SSO_PATH}/") and all(
        glob_matches(written, one) for one in _SSO_PATHS_OF_REGIONS
    ):
        message = (
            f"{quote(path)} does not match the roles of an Identity Center in us-east-1, whose"
            " path has no region"
        )
    else:
        return
    name = f"{match['set']}_*" if match["set"] else "*"
    hint = f"write {_SSO_PATH}*/AWSReservedSSO_{name}"
    context.problems.warning(RuleId.UNLIKELY_ROLE, message, place, hint=hint)
