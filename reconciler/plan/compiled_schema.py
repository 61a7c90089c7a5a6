"""Whether a value is valid by `schema/plan.schema.json`. `make schema` makes this module from it."""
# ruff: noqa

import re

from reconciler.schema_checks import Checks, anything, is_integer, nothing


def _1(v: object) -> bool:
    return v == "1"


def _2(v: object) -> bool:
    return v == "reconcile"


def _3(v: object) -> bool:
    return isinstance(v, str) and re.search("^[0-9A-Za-z.+_-]{1,128}\\Z", v) is not None


_CHECKS_1: Checks = {"name": _2, "version": _3}


def _4(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "name" in v
        and "version" in v
        and all(_CHECKS_1.get(key, nothing)(value) for key, value in v.items())
    )


def _5(v: object) -> bool:
    return (
        isinstance(v, str)
        and re.search(
            "^(?!\\s*::[A-Za-z])(?!.*##\\w*\\[)[^\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ud800-\\udfff\\ufeff\\ufff9-\\ufffb\U000e0000-\U000e007f]*\\Z",
            v,
        )
        is not None
    )


def _6(v: object) -> bool:
    return isinstance(v, str) and re.search("^[0-9a-f]{64}\\Z", v) is not None


_CHECKS_2: Checks = {"path": _5, "sha256": _6}


def _7(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "path" in v
        and "sha256" in v
        and all(_CHECKS_2.get(key, nothing)(value) for key, value in v.items())
    )


def _8(v: object) -> bool:
    return isinstance(v, str) and re.search("^[0-9]{12}\\Z", v) is not None


def _9(v: object) -> bool:
    return (
        isinstance(v, str) and re.search("^[a-z]{2,4}(-[a-z]+){1,3}-[0-9]{1,2}\\Z", v) is not None
    )


def _10(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and len(v) <= 40 and all(map(_9, v))


_CHECKS_3: Checks = {"account": _8, "regions": _10}


def _11(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "account" in v
        and "regions" in v
        and all(_CHECKS_3.get(key, nothing)(value) for key, value in v.items())
    )


def _12(v: object) -> bool:
    return is_integer(v) and v >= 0


_CHECKS_4: Checks = {"create": _12, "set": _12, "delete": _12}


def _13(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "create" in v
        and "set" in v
        and "delete" in v
        and all(_CHECKS_4.get(key, nothing)(value) for key, value in v.items())
    )


_CHECKS_5: Checks = {
    "granted": _12,
    "widened": _12,
    "revoked": _12,
    "narrowed": _12,
    "changed": _12,
    "gone": _12,
}


def _14(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "granted" in v
        and "widened" in v
        and "revoked" in v
        and "narrowed" in v
        and "changed" in v
        and "gone" in v
        and all(_CHECKS_5.get(key, nothing)(value) for key, value in v.items())
    )


_CHECKS_6: Checks = {
    "set": _12,
    "delete": _12,
    "create": _12,
    "in_sync": _12,
    "errors": _12,
    "grants_added": _12,
    "grants_removed": _12,
    "grants_gone": _12,
    "live_grants": _12,
    "unmanaged_repositories": _12,
    "templates": _13,
    "access": _14,
}


def _15(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "set" in v
        and "delete" in v
        and "create" in v
        and "in_sync" in v
        and "errors" in v
        and "grants_added" in v
        and "grants_removed" in v
        and "grants_gone" in v
        and "live_grants" in v
        and "unmanaged_repositories" in v
        and "templates" in v
        and "access" in v
        and all(_CHECKS_6.get(key, nothing)(value) for key, value in v.items())
    )


def _16(v: object) -> bool:
    return v == "repository-policy" or v == "registry-policy" or v == "creation-template"


def _17(v: object) -> bool:
    return (
        isinstance(v, str)
        and len(v) <= 256
        and re.search(
            "^(\\*|ROOT|[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*)\\Z",
            v,
        )
        is not None
    )


def _18(v: object) -> bool:
    return v == "set" or v == "delete" or v == "create"


def _19(v: object) -> bool:
    return v == "Allow" or v == "Deny"


def _20(v: object) -> bool:
    return (isinstance(v, str) or v is None) and (
        not isinstance(v, str)
        or re.search(
            "^(?!\\s*::[A-Za-z])(?!.*##\\w*\\[)[^\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ud800-\\udfff\\ufeff\\ufff9-\\ufffb\U000e0000-\U000e007f]*\\Z",
            v,
        )
        is not None
    )


def _21(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and all(map(_5, v))


def _22(v: object) -> bool:
    return (
        (isinstance(v, str) or isinstance(v, list))
        and (not isinstance(v, list) or all(map(_5, v)))
        and (
            not isinstance(v, str)
            or re.search(
                "^(?!\\s*::[A-Za-z])(?!.*##\\w*\\[)[^\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ud800-\\udfff\\ufeff\\ufff9-\\ufffb\U000e0000-\U000e007f]*\\Z",
                v,
            )
            is not None
        )
    )


def _23(v: object) -> bool:
    return isinstance(v, dict) and all(map(_22, v.values())) and all(map(_5, v))


def _24(v: object) -> bool:
    return isinstance(v, dict) and all(map(_23, v.values())) and all(map(_5, v))


def _25(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and all(map(_5, v))


_CHECKS_7: Checks = {
    "effect": _19,
    "principal": _5,
    "name": _20,
    "tier": _20,
    "actions": _21,
    "conditions": _24,
    "resource": _5,
    "not_resource": _25,
}


def _26(v: object) -> bool:
    return not isinstance(v, dict) or "resource" in v and "not_resource" in v


def _27(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "effect" in v
        and "principal" in v
        and "name" in v
        and "tier" in v
        and "actions" in v
        and "conditions" in v
        and all(_CHECKS_7.get(key, nothing)(value) for key, value in v.items())
        and not _26(v)
    )


def _28(v: object) -> bool:
    return isinstance(v, list) and all(map(_27, v))


_CHECKS_8: Checks = {"added": _28, "removed": _28}


def _29(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "added" in v
        and "removed" in v
        and all(_CHECKS_8.get(key, nothing)(value) for key, value in v.items())
    )


def _30(v: object) -> bool:
    return (
        v == "admin"
        or v == "can-rewrite"
        or v == "deny-removed"
        or v == "lambda-loses-access"
        or v == "new-account"
        or v == "outside-organization"
        or v == "public"
    )


def _31(v: object) -> bool:
    return isinstance(v, list) and all(map(_30, v))


def _32(v: object) -> bool:
    return isinstance(v, list) and all(map(_5, v))


def _33(v: object) -> bool:
    return (isinstance(v, dict) or isinstance(v, str) or v is None) and (
        not isinstance(v, str) or re.search("^[\\s\\S]*\\Z", v) is not None
    )


def _34(v: object) -> bool:
    return isinstance(v, dict) or v is None


_CHECKS_9: Checks = {"before": _33, "after": _34}


def _35(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "before" in v
        and "after" in v
        and all(_CHECKS_9.get(key, nothing)(value) for key, value in v.items())
    )


_CHECKS_10: Checks = {"before": _34, "after": _34}


def _36(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "before" in v
        and "after" in v
        and all(_CHECKS_10.get(key, nothing)(value) for key, value in v.items())
    )


def _37(v: object) -> bool:
    return v == "MUTABLE" or v == "IMMUTABLE"


def _38(v: object) -> bool:
    return isinstance(v, bool)


def _39(v: object) -> bool:
    return v == "AES256" or v == "KMS"


def _40(v: object) -> bool:
    return (isinstance(v, str) or v is None) and (
        not isinstance(v, str)
        or re.search("^(arn:[A-Za-z0-9:/_-]+|[A-Za-z0-9/_-]+)\\Z", v) is not None
    )


def _41(v: object) -> bool:
    return isinstance(v, dict) and all(map(_5, v.values())) and all(map(_5, v))


_CHECKS_11: Checks = {
    "tag_mutability": _37,
    "scan_on_push": _38,
    "encryption": _39,
    "kms_key": _40,
    "tags": _41,
}


def _42(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "tag_mutability" in v
        and "scan_on_push" in v
        and "encryption" in v
        and "kms_key" in v
        and "tags" in v
        and all(_CHECKS_11.get(key, nothing)(value) for key, value in v.items())
    )


def _43(v: object) -> bool:
    return v == "applied" or v == "in-force" or v == "failed" or v == "stale" or v == "skipped"


_CHECKS_12: Checks = {
    "subject": _16,
    "repository": _17,
    "account": _8,
    "region": _9,
    "change": _18,
    "grants": _29,
    "risks": _31,
    "kept_statements": _32,
    "policy": _35,
    "template": _36,
    "settings": _42,
    "outcome": _43,
    "error": _20,
}


def _44(v: object) -> bool:
    return v == "*"


def _45(v: object) -> bool:
    return not _44(v)


_CHECKS_13: Checks = {"repository": _45, "settings": nothing}


def _46(v: object) -> bool:
    return v is None


def _47(v: object) -> bool:
    return isinstance(v, dict)


_CHECKS_14: Checks = {"before": _46, "after": _47}


def _48(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_14.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_15: Checks = {"before": _46}


def _49(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_15.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_16: Checks = {"template": _48, "policy": _49}


def _50(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_16.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_17: Checks = {"before": _47}


def _51(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_17.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_18: Checks = {"template": _51}


def _52(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_18.get(key, anything)(value) for key, value in v.items()
    )


def _53(v: object) -> bool:
    return v == "create"


_CHECKS_19: Checks = {"change": _53}


def _54(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_19.get(key, anything)(value) for key, value in v.items()
    )


def _55(v: object) -> bool:
    return (_50 if _54(v) else _52)(v)


_CHECKS_20: Checks = {"after": _46}


def _56(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_20.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_21: Checks = {"template": _56, "policy": _56}


def _57(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_21.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_22: Checks = {"after": _47}


def _58(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_22.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_23: Checks = {"template": _58}


def _59(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_23.get(key, anything)(value) for key, value in v.items()
    )


def _60(v: object) -> bool:
    return v == "delete"


_CHECKS_24: Checks = {"change": _60}


def _61(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_24.get(key, anything)(value) for key, value in v.items()
    )


def _62(v: object) -> bool:
    return (_57 if _61(v) else _59)(v)


def _63(v: object) -> bool:
    return (
        (
            not isinstance(v, dict)
            or "template" in v
            and all(_CHECKS_13.get(key, anything)(value) for key, value in v.items())
        )
        and _55(v)
        and _62(v)
    )


_CHECKS_25: Checks = {"template": nothing}


def _64(v: object) -> bool:
    return v == "set" or v == "delete"


_CHECKS_26: Checks = {"repository": _44, "change": _64}


def _65(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_26.get(key, anything)(value) for key, value in v.items()
    )


def _66(v: object) -> bool:
    return (
        isinstance(v, str)
        and len(v) <= 256
        and re.search(
            "^[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*\\Z", v
        )
        is not None
    )


_CHECKS_27: Checks = {"repository": _66}


def _67(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_27.get(key, anything)(value) for key, value in v.items()
    )


def _68(v: object) -> bool:
    return v == "registry-policy"


_CHECKS_28: Checks = {"subject": _68}


def _69(v: object) -> bool:
    return (
        not isinstance(v, dict)
        or "subject" in v
        and all(_CHECKS_28.get(key, anything)(value) for key, value in v.items())
    )


def _70(v: object) -> bool:
    return (_65 if _69(v) else _67)(v)


_CHECKS_29: Checks = {"policy": _49}


def _71(v: object) -> bool:
    return (
        not isinstance(v, dict)
        or "settings" in v
        and all(_CHECKS_29.get(key, anything)(value) for key, value in v.items())
    )


_CHECKS_30: Checks = {"settings": nothing}


def _72(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_30.get(key, anything)(value) for key, value in v.items()
    )


def _73(v: object) -> bool:
    return (_71 if _54(v) else _72)(v)


_CHECKS_31: Checks = {"policy": _58}


def _74(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_31.get(key, anything)(value) for key, value in v.items()
    )


def _75(v: object) -> bool:
    return v == "set"


_CHECKS_32: Checks = {"change": _75}


def _76(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_32.get(key, anything)(value) for key, value in v.items()
    )


def _77(v: object) -> bool:
    return (_74 if _76(v) else anything)(v)


def _78(v: object) -> bool:
    return isinstance(v, dict) or isinstance(v, str)


_CHECKS_33: Checks = {"before": _78, "after": _46}


def _79(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_33.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_34: Checks = {"policy": _79}


def _80(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_34.get(key, anything)(value) for key, value in v.items()
    )


def _81(v: object) -> bool:
    return (_80 if _61(v) else anything)(v)


def _82(v: object) -> bool:
    return (
        (
            not isinstance(v, dict)
            or all(_CHECKS_25.get(key, anything)(value) for key, value in v.items())
        )
        and _70(v)
        and _73(v)
        and _77(v)
        and _81(v)
    )


def _83(v: object) -> bool:
    return v == "creation-template"


_CHECKS_35: Checks = {"subject": _83}


def _84(v: object) -> bool:
    return (
        not isinstance(v, dict)
        or "subject" in v
        and all(_CHECKS_35.get(key, anything)(value) for key, value in v.items())
    )


def _85(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "repository" in v
        and "account" in v
        and "region" in v
        and "change" in v
        and "grants" in v
        and "risks" in v
        and "kept_statements" in v
        and "policy" in v
        and all(_CHECKS_12.get(key, nothing)(value) for key, value in v.items())
        and ("outcome" not in v or "error" in v)
        and ("error" not in v or "outcome" in v)
        and (_63 if _84(v) else _82)(v)
    )


def _86(v: object) -> bool:
    return isinstance(v, list) and all(map(_85, v))


def _87(v: object) -> bool:
    return isinstance(v, str) and re.search("^[a-z]+(_[a-z]+)*\\Z", v) is not None


_CHECKS_36: Checks = {"guard": _87, "message": _5}


def _88(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "guard" in v
        and "message" in v
        and all(_CHECKS_36.get(key, nothing)(value) for key, value in v.items())
    )


def _89(v: object) -> bool:
    return isinstance(v, list) and all(map(_88, v))


def _90(v: object) -> bool:
    return (
        v == "repository"
        or v == "registry"
        or v == "unreadable-registry"
        or v == "planned-registry"
    )


_CHECKS_37: Checks = {
    "repository": _66,
    "account": _8,
    "region": _9,
    "tier": _5,
    "principal": _5,
    "name": _20,
    "conditions": _24,
    "because": _5,
    "repaired": _38,
    "by_rewriting": _38,
    "policy": _90,
}


def _91(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "repository" in v
        and "account" in v
        and "region" in v
        and "tier" in v
        and "principal" in v
        and "name" in v
        and "conditions" in v
        and "because" in v
        and "repaired" in v
        and "by_rewriting" in v
        and all(_CHECKS_37.get(key, nothing)(value) for key, value in v.items())
    )


def _92(v: object) -> bool:
    return isinstance(v, list) and all(map(_91, v))


def _93(v: object) -> bool:
    return isinstance(v, str) and re.search("^[a-z0-9]+(-[a-z0-9]+)*\\Z", v) is not None


def _94(v: object) -> bool:
    return (isinstance(v, str) or v is None) and (
        not isinstance(v, str)
        or re.search("^[a-z]{2,4}(-[a-z]+){1,3}-[0-9]{1,2}\\Z", v) is not None
    )


_CHECKS_38: Checks = {"subject": _16, "repository": _5, "rule": _93, "message": _5, "region": _94}


def _95(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "repository" in v
        and "rule" in v
        and "message" in v
        and "region" in v
        and all(_CHECKS_38.get(key, nothing)(value) for key, value in v.items())
    )


def _96(v: object) -> bool:
    return isinstance(v, list) and all(map(_95, v))


_CHECKS_39: Checks = {
    "subject": _16,
    "repository": _5,
    "account": _8,
    "region": _9,
    "rule": _93,
    "message": _5,
}


def _97(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "repository" in v
        and "account" in v
        and "region" in v
        and "rule" in v
        and "message" in v
        and all(_CHECKS_39.get(key, nothing)(value) for key, value in v.items())
    )


def _98(v: object) -> bool:
    return isinstance(v, list) and all(map(_97, v))


def _99(v: object) -> bool:
    return isinstance(v, list) and all(map(_5, v))


def _100(v: object) -> bool:
    return is_integer(v) or v is None


_CHECKS_40: Checks = {"changed_since": _5, "not_read": _100}


def _101(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "changed_since" in v
        and "not_read" in v
        and all(_CHECKS_40.get(key, nothing)(value) for key, value in v.items())
    )


def _102(v: object) -> bool:
    return isinstance(v, str) and re.search("^sha256:[0-9a-f]{64}\\Z", v) is not None


_CHECKS_41: Checks = {
    "format_version": _1,
    "tool": _4,
    "file": _7,
    "registry": _11,
    "summary": _15,
    "changes": _86,
    "refusals": _89,
    "never_broken": _92,
    "findings": _96,
    "errors": _98,
    "unmanaged_repositories": _99,
    "scope": _101,
    "digest": _102,
}


def _103(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "format_version" in v
        and "tool" in v
        and "file" in v
        and "registry" in v
        and "summary" in v
        and "changes" in v
        and "refusals" in v
        and "never_broken" in v
        and "findings" in v
        and "errors" in v
        and "unmanaged_repositories" in v
        and all(_CHECKS_41.get(key, nothing)(value) for key, value in v.items())
    )


def is_valid(value: object) -> bool:
    """Whether a value is valid by the schema."""
    return _103(value)
