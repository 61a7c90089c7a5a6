"""Names of roles and users: path and name as in their ARN, and what was most likely not meant."""

import re

from reconciler.access_file.document.nodes import ScalarNode
from reconciler.access_file.document.problems import Place, ProblemList, shown, unquoted
from reconciler.access_file.sections.accounts import Surroundings
from reconciler.model.rule_ids import RuleId
from reconciler.policy.language.glob import glob_matches, globs_intersect, has_wildcard
from reconciler.policy.language.principals import parse_arn

_ANY_NAME = str.maketrans("*?", "xx")
_NAMED = ("role", "user")
_KINDS = (*_NAMED, "assumed-role", "instance-profile")
_SSO = re.compile(r"(?P<path>.*/)?AWSReservedSSO_(?P<set>.*?)(?:_[0-9a-f]{16}|_?\*)?")
_SSO_PATH = "aws-reserved/sso.amazonaws.com"
_REGIONS = tuple(f"{_SSO_PATH}/{region}/" for region in ("us-west-2", "eu-central-1"))


def is_plain(path: str) -> bool:
    """Tell whether a path and name hold no empty part, most likely a slip, and no variable."""
    return "${" not in path and all(path.split("/") if path else ())


def check_name(kind: str, name: ScalarNode, owner: str, around: Surroundings) -> bool:
    """Tell whether a text can be the name of a role or user (`kind`), or a pattern for roles.

    `owner` is the principal that is defined by it. Reports where it can't, and warns of a path
    that is most likely a slip.
    """
    problems, text = around.problems, name.text
    if text.lower().startswith("arn:"):
        message = f"'{kind}' takes a name; for an ARN write {unquoted(owner)}: {unquoted(text)}"
        problems.error(RuleId.BAD_ARN, message, name.place, hint="an ARN says the account itself")
        return False
    arn = f"arn:{around.partition}:iam::111122223333:{kind}/{text}"
    if not parse_arn(arn.translate(_ANY_NAME)) or not is_plain(text):
        message = f"{shown(text)} is not the name of a {kind}"
        hint = f"path and name as in the ARN behind '{kind}/', such as deploy/release"
        stripped = text.strip().strip("/")
        if stripped != text and parse_arn(f"arn:aws:iam::111122223333:{kind}/{stripped}"):
            hint = f"write only {unquoted(stripped)}"
        problems.error(RuleId.BAD_ARN, message, name.place, hint=hint)
        return False
    if kind == "user" and has_wildcard(text):
        message = f"a wildcard in the name of the user {shown(text)}"
        hint = "only a role's name may be a pattern"
        problems.error(RuleId.WILDCARD_IN_ARN, message, name.place, hint=hint)
        return False
    first, _, rest = text.partition("/")
    meant = first.rpartition(":")[2]  # a piece of an ARN may begin before its kind
    if rest and meant in _KINDS:
        message = f"{shown(text)} is the {kind} {shown(rest)} with the path '/{first}/'"
        # Behind the role of a session stands the session's name.
        means = f"{meant}: {rest}" if meant in _NAMED else f"role: {rest.partition('/')[0]}"
        hint = f"without that path, write {means}"
        problems.warning(RuleId.UNLIKELY_ROLE, message, name.place, hint=hint)
    if kind == "role":
        check_sso(text, name.place, problems)
    return True


def check_sso(path: str, place: Place, problems: ProblemList) -> None:
    """Warn of a role, or a pattern of roles, of IAM Identity Center that misses what it names.

    Their path ends with the region of the Identity Center, and has none where that is us-east-1
    (AWS Security Blog and public reports; the IAM Identity Center User Guide, "Referencing
    permission sets in resource policies", shows the path with a region).
    """
    match = _SSO.fullmatch(path)
    if match is None:
        return
    written = match["path"] or ""
    if written == f"{_SSO_PATH}/us-east-1/" or not globs_intersect(written, f"{_SSO_PATH}*/"):
        message = f"{shown(path)} is no role of IAM Identity Center: its path is another one"
    elif all(glob_matches(written, one) for one in _REGIONS) and not glob_matches(
        written, f"{_SSO_PATH}/"
    ):
        message = (
            f"{shown(path)} misses the roles of an Identity Center in us-east-1: their path has"
            " no region"
        )
    else:
        return
    name = f"{match['set']}_*" if match["set"] else "*"
    hint = f"write {_SSO_PATH}*/AWSReservedSSO_{name}"
    problems.warning(RuleId.UNLIKELY_ROLE, message, place, hint=hint)
