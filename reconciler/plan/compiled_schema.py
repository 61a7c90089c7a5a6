"""Whether a value is valid by a schema in `schema/`. `make schema` makes this module from them."""
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
    return isinstance(v, str) and re.search("^[A-Za-z0-9._/@+-]{1,64}\\Z", v) is not None


def _13(v: object) -> bool:
    return is_integer(v) and v >= 0


def _14(v: object) -> bool:
    return isinstance(v, dict) and all(map(_13, v.values())) and all(map(_9, v))


def _15(v: object) -> bool:
    return isinstance(v, list) and all(map(_5, v))


def _16(v: object) -> bool:
    return isinstance(v, dict) and all(map(_15, v.values())) and all(map(_9, v))


_CHECKS_4: Checks = {
    "name": _12,
    "account": _8,
    "regions": _10,
    "in_sync": _14,
    "live_grants": _14,
    "unmanaged_repositories": _16,
}


def _17(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "name" in v
        and "account" in v
        and "regions" in v
        and "in_sync" in v
        and "live_grants" in v
        and "unmanaged_repositories" in v
        and all(_CHECKS_4.get(key, nothing)(value) for key, value in v.items())
    )


def _18(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and len(v) <= 4000 and all(map(_17, v))


_CHECKS_5: Checks = {"create": _13, "set": _13, "delete": _13}


def _19(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "create" in v
        and "set" in v
        and "delete" in v
        and all(_CHECKS_5.get(key, nothing)(value) for key, value in v.items())
    )


_CHECKS_6: Checks = {
    "granted": _13,
    "widened": _13,
    "revoked": _13,
    "narrowed": _13,
    "changed": _13,
    "gone": _13,
}


def _20(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "granted" in v
        and "widened" in v
        and "revoked" in v
        and "narrowed" in v
        and "changed" in v
        and "gone" in v
        and all(_CHECKS_6.get(key, nothing)(value) for key, value in v.items())
    )


_CHECKS_7: Checks = {
    "set": _13,
    "delete": _13,
    "create": _13,
    "in_sync": _13,
    "errors": _13,
    "grants_added": _13,
    "grants_removed": _13,
    "grants_gone": _13,
    "live_grants": _13,
    "unmanaged_repositories": _13,
    "templates": _19,
    "access": _20,
}


def _21(v: object) -> bool:
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
        and all(_CHECKS_7.get(key, nothing)(value) for key, value in v.items())
    )


def _22(v: object) -> bool:
    return v == "repository-policy" or v == "registry-policy" or v == "creation-template"


def _23(v: object) -> bool:
    return (
        isinstance(v, str)
        and len(v) <= 256
        and re.search(
            "^(\\*|ROOT|[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*)\\Z",
            v,
        )
        is not None
    )


def _24(v: object) -> bool:
    return v == "set" or v == "delete" or v == "create"


def _25(v: object) -> bool:
    return v == "Allow" or v == "Deny"


def _26(v: object) -> bool:
    return (isinstance(v, str) or v is None) and (
        not isinstance(v, str)
        or re.search(
            "^(?!\\s*::[A-Za-z])(?!.*##\\w*\\[)[^\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ud800-\\udfff\\ufeff\\ufff9-\\ufffb\U000e0000-\U000e007f]*\\Z",
            v,
        )
        is not None
    )


def _27(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and all(map(_5, v))


def _28(v: object) -> bool:
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


def _29(v: object) -> bool:
    return isinstance(v, dict) and all(map(_28, v.values())) and all(map(_5, v))


def _30(v: object) -> bool:
    return isinstance(v, dict) and all(map(_29, v.values())) and all(map(_5, v))


def _31(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and all(map(_5, v))


_CHECKS_8: Checks = {
    "effect": _25,
    "principal": _5,
    "name": _26,
    "tier": _26,
    "actions": _27,
    "conditions": _30,
    "resource": _5,
    "not_resource": _31,
}


def _32(v: object) -> bool:
    return not isinstance(v, dict) or "resource" in v and "not_resource" in v


def _33(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "effect" in v
        and "principal" in v
        and "name" in v
        and "tier" in v
        and "actions" in v
        and "conditions" in v
        and all(_CHECKS_8.get(key, nothing)(value) for key, value in v.items())
        and not _32(v)
    )


def _34(v: object) -> bool:
    return isinstance(v, list) and all(map(_33, v))


_CHECKS_9: Checks = {"added": _34, "removed": _34}


def _35(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "added" in v
        and "removed" in v
        and all(_CHECKS_9.get(key, nothing)(value) for key, value in v.items())
    )


def _36(v: object) -> bool:
    return (
        v == "admin"
        or v == "can-rewrite"
        or v == "deny-removed"
        or v == "lambda-loses-access"
        or v == "new-account"
        or v == "outside-organization"
        or v == "public"
    )


def _37(v: object) -> bool:
    return isinstance(v, list) and all(map(_36, v))


def _38(v: object) -> bool:
    return isinstance(v, list) and all(map(_5, v))


def _39(v: object) -> bool:
    return (isinstance(v, dict) or isinstance(v, str) or v is None) and (
        not isinstance(v, str) or re.search("^[\\s\\S]*\\Z", v) is not None
    )


def _40(v: object) -> bool:
    return isinstance(v, dict) or v is None


_CHECKS_10: Checks = {"before": _39, "after": _40}


def _41(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "before" in v
        and "after" in v
        and all(_CHECKS_10.get(key, nothing)(value) for key, value in v.items())
    )


_CHECKS_11: Checks = {"before": _40, "after": _40}


def _42(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "before" in v
        and "after" in v
        and all(_CHECKS_11.get(key, nothing)(value) for key, value in v.items())
    )


def _43(v: object) -> bool:
    return v == "MUTABLE" or v == "IMMUTABLE"


def _44(v: object) -> bool:
    return isinstance(v, bool)


def _45(v: object) -> bool:
    return v == "AES256" or v == "KMS"


def _46(v: object) -> bool:
    return (isinstance(v, str) or v is None) and (
        not isinstance(v, str)
        or re.search("^(arn:[A-Za-z0-9:/_-]+|[A-Za-z0-9/_-]+)\\Z", v) is not None
    )


def _47(v: object) -> bool:
    return isinstance(v, dict) and all(map(_5, v.values())) and all(map(_5, v))


_CHECKS_12: Checks = {
    "tag_mutability": _43,
    "scan_on_push": _44,
    "encryption": _45,
    "kms_key": _46,
    "tags": _47,
}


def _48(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "tag_mutability" in v
        and "scan_on_push" in v
        and "encryption" in v
        and "kms_key" in v
        and "tags" in v
        and all(_CHECKS_12.get(key, nothing)(value) for key, value in v.items())
    )


def _49(v: object) -> bool:
    return v == "applied" or v == "in-force" or v == "failed" or v == "stale" or v == "skipped"


_CHECKS_13: Checks = {
    "registry": _12,
    "subject": _22,
    "repository": _23,
    "account": _8,
    "region": _9,
    "change": _24,
    "grants": _35,
    "risks": _37,
    "kept_statements": _38,
    "policy": _41,
    "template": _42,
    "settings": _48,
    "outcome": _49,
    "error": _26,
}


def _50(v: object) -> bool:
    return v == "*"


def _51(v: object) -> bool:
    return not _50(v)


_CHECKS_14: Checks = {"repository": _51, "settings": nothing}


def _52(v: object) -> bool:
    return v is None


def _53(v: object) -> bool:
    return isinstance(v, dict)


_CHECKS_15: Checks = {"before": _52, "after": _53}


def _54(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_15.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_16: Checks = {"before": _52}


def _55(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_16.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_17: Checks = {"template": _54, "policy": _55}


def _56(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_17.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_18: Checks = {"before": _53}


def _57(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_18.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_19: Checks = {"template": _57}


def _58(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_19.get(key, anything)(value) for key, value in v.items()
    )


def _59(v: object) -> bool:
    return v == "create"


_CHECKS_20: Checks = {"change": _59}


def _60(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_20.get(key, anything)(value) for key, value in v.items()
    )


def _61(v: object) -> bool:
    return (_56 if _60(v) else _58)(v)


_CHECKS_21: Checks = {"after": _52}


def _62(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_21.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_22: Checks = {"template": _62, "policy": _62}


def _63(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_22.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_23: Checks = {"after": _53}


def _64(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_23.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_24: Checks = {"template": _64}


def _65(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_24.get(key, anything)(value) for key, value in v.items()
    )


def _66(v: object) -> bool:
    return v == "delete"


_CHECKS_25: Checks = {"change": _66}


def _67(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_25.get(key, anything)(value) for key, value in v.items()
    )


def _68(v: object) -> bool:
    return (_63 if _67(v) else _65)(v)


def _69(v: object) -> bool:
    return (
        (
            not isinstance(v, dict)
            or "template" in v
            and all(_CHECKS_14.get(key, anything)(value) for key, value in v.items())
        )
        and _61(v)
        and _68(v)
    )


_CHECKS_26: Checks = {"template": nothing}


def _70(v: object) -> bool:
    return v == "set" or v == "delete"


_CHECKS_27: Checks = {"repository": _50, "change": _70}


def _71(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_27.get(key, anything)(value) for key, value in v.items()
    )


def _72(v: object) -> bool:
    return (
        isinstance(v, str)
        and len(v) <= 256
        and re.search(
            "^[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*\\Z", v
        )
        is not None
    )


_CHECKS_28: Checks = {"repository": _72}


def _73(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_28.get(key, anything)(value) for key, value in v.items()
    )


def _74(v: object) -> bool:
    return v == "registry-policy"


_CHECKS_29: Checks = {"subject": _74}


def _75(v: object) -> bool:
    return (
        not isinstance(v, dict)
        or "subject" in v
        and all(_CHECKS_29.get(key, anything)(value) for key, value in v.items())
    )


def _76(v: object) -> bool:
    return (_71 if _75(v) else _73)(v)


_CHECKS_30: Checks = {"policy": _55}


def _77(v: object) -> bool:
    return (
        not isinstance(v, dict)
        or "settings" in v
        and all(_CHECKS_30.get(key, anything)(value) for key, value in v.items())
    )


_CHECKS_31: Checks = {"settings": nothing}


def _78(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_31.get(key, anything)(value) for key, value in v.items()
    )


def _79(v: object) -> bool:
    return (_77 if _60(v) else _78)(v)


_CHECKS_32: Checks = {"policy": _64}


def _80(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_32.get(key, anything)(value) for key, value in v.items()
    )


def _81(v: object) -> bool:
    return v == "set"


_CHECKS_33: Checks = {"change": _81}


def _82(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_33.get(key, anything)(value) for key, value in v.items()
    )


def _83(v: object) -> bool:
    return (_80 if _82(v) else anything)(v)


def _84(v: object) -> bool:
    return isinstance(v, dict) or isinstance(v, str)


_CHECKS_34: Checks = {"before": _84, "after": _52}


def _85(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_34.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_35: Checks = {"policy": _85}


def _86(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_35.get(key, anything)(value) for key, value in v.items()
    )


def _87(v: object) -> bool:
    return (_86 if _67(v) else anything)(v)


def _88(v: object) -> bool:
    return (
        (
            not isinstance(v, dict)
            or all(_CHECKS_26.get(key, anything)(value) for key, value in v.items())
        )
        and _76(v)
        and _79(v)
        and _83(v)
        and _87(v)
    )


def _89(v: object) -> bool:
    return v == "creation-template"


_CHECKS_36: Checks = {"subject": _89}


def _90(v: object) -> bool:
    return (
        not isinstance(v, dict)
        or "subject" in v
        and all(_CHECKS_36.get(key, anything)(value) for key, value in v.items())
    )


def _91(v: object) -> bool:
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
        and all(_CHECKS_13.get(key, nothing)(value) for key, value in v.items())
        and ("outcome" not in v or "error" in v)
        and ("error" not in v or "outcome" in v)
        and (_69 if _90(v) else _88)(v)
    )


def _92(v: object) -> bool:
    return isinstance(v, list) and all(map(_91, v))


def _93(v: object) -> bool:
    return isinstance(v, str) and re.search("^[a-z]+(_[a-z]+)*\\Z", v) is not None


_CHECKS_37: Checks = {"guard": _93, "message": _5}


def _94(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "guard" in v
        and "message" in v
        and all(_CHECKS_37.get(key, nothing)(value) for key, value in v.items())
    )


def _95(v: object) -> bool:
    return isinstance(v, list) and all(map(_94, v))


def _96(v: object) -> bool:
    return (
        v == "repository"
        or v == "registry"
        or v == "unreadable-registry"
        or v == "planned-registry"
    )


_CHECKS_38: Checks = {
    "registry": _12,
    "repository": _72,
    "account": _8,
    "region": _9,
    "tier": _5,
    "principal": _5,
    "name": _26,
    "conditions": _30,
    "because": _5,
    "repaired": _44,
    "by_rewriting": _44,
    "policy": _96,
}


def _97(v: object) -> bool:
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
        and all(_CHECKS_38.get(key, nothing)(value) for key, value in v.items())
    )


def _98(v: object) -> bool:
    return isinstance(v, list) and all(map(_97, v))


def _99(v: object) -> bool:
    return (isinstance(v, str) or v is None) and (
        not isinstance(v, str) or re.search("^[A-Za-z0-9._/@+-]{1,64}\\Z", v) is not None
    )


def _100(v: object) -> bool:
    return (isinstance(v, str) or v is None) and (
        not isinstance(v, str) or re.search("^[0-9]{12}\\Z", v) is not None
    )


def _101(v: object) -> bool:
    return isinstance(v, str) and re.search("^[a-z0-9]+(-[a-z0-9]+)*\\Z", v) is not None


def _102(v: object) -> bool:
    return (isinstance(v, str) or v is None) and (
        not isinstance(v, str)
        or re.search("^[a-z]{2,4}(-[a-z]+){1,3}-[0-9]{1,2}\\Z", v) is not None
    )


_CHECKS_39: Checks = {
    "registry": _99,
    "account": _100,
    "subject": _22,
    "repository": _5,
    "rule": _101,
    "message": _5,
    "region": _102,
}


def _103(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "repository" in v
        and "rule" in v
        and "message" in v
        and "region" in v
        and all(_CHECKS_39.get(key, nothing)(value) for key, value in v.items())
    )


def _104(v: object) -> bool:
    return isinstance(v, list) and all(map(_103, v))


_CHECKS_40: Checks = {
    "registry": _12,
    "subject": _22,
    "repository": _5,
    "account": _8,
    "region": _9,
    "rule": _101,
    "message": _5,
}


def _105(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "repository" in v
        and "account" in v
        and "region" in v
        and "rule" in v
        and "message" in v
        and all(_CHECKS_40.get(key, nothing)(value) for key, value in v.items())
    )


def _106(v: object) -> bool:
    return isinstance(v, list) and all(map(_105, v))


def _107(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and len(v) <= 4000 and all(map(_12, v))


def _108(v: object) -> bool:
    return is_integer(v) or v is None


_CHECKS_41: Checks = {"changed_since": _5, "not_read": _108}


def _109(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "changed_since" in v
        and "not_read" in v
        and all(_CHECKS_41.get(key, nothing)(value) for key, value in v.items())
    )


def _110(v: object) -> bool:
    return isinstance(v, str) and re.search("^sha256:[0-9a-f]{64}\\Z", v) is not None


_CHECKS_42: Checks = {
    "format_version": _1,
    "tool": _4,
    "file": _7,
    "registry": _11,
    "registries": _18,
    "summary": _21,
    "changes": _92,
    "refusals": _95,
    "never_broken": _98,
    "findings": _104,
    "errors": _106,
    "unmanaged_repositories": _15,
    "registries_left_out": _107,
    "scope": _109,
    "digest": _110,
}


def _111(v: object) -> bool:
    return not isinstance(v, dict) or "registry" in v


def _112(v: object) -> bool:
    return not _111(v)


def _113(v: object) -> bool:
    return not isinstance(v, dict) or "registries" in v


def _114(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "format_version" in v
        and "tool" in v
        and "file" in v
        and "summary" in v
        and "changes" in v
        and "refusals" in v
        and "never_broken" in v
        and "findings" in v
        and "errors" in v
        and "unmanaged_repositories" in v
        and all(_CHECKS_42.get(key, nothing)(value) for key, value in v.items())
        and (_112 if _113(v) else _111)(v)
    )


def is_valid(value: object) -> bool:
    """Whether a value is valid by `schema/plan.schema.json`."""
    return _114(value)
