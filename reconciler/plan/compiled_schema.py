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
    return v == "edit" or v == "drift"


def _32(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and all(map(_5, v))


_CHECKS_8: Checks = {
    "effect": _25,
    "principal": _5,
    "name": _26,
    "tier": _26,
    "actions": _27,
    "conditions": _30,
    "cause": _31,
    "resource": _5,
    "not_resource": _32,
}


def _33(v: object) -> bool:
    return not isinstance(v, dict) or "resource" in v and "not_resource" in v


def _34(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "effect" in v
        and "principal" in v
        and "name" in v
        and "tier" in v
        and "actions" in v
        and "conditions" in v
        and all(_CHECKS_8.get(key, nothing)(value) for key, value in v.items())
        and not _33(v)
    )


def _35(v: object) -> bool:
    return isinstance(v, list) and all(map(_34, v))


_CHECKS_9: Checks = {"added": _35, "removed": _35}


def _36(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "added" in v
        and "removed" in v
        and all(_CHECKS_9.get(key, nothing)(value) for key, value in v.items())
    )


def _37(v: object) -> bool:
    return v == "edit" or v == "drift" or v == "both"


def _38(v: object) -> bool:
    return (
        v == "admin"
        or v == "can-rewrite"
        or v == "deny-removed"
        or v == "lambda-loses-access"
        or v == "new-account"
        or v == "outside-organization"
        or v == "public"
    )


def _39(v: object) -> bool:
    return isinstance(v, list) and all(map(_38, v))


def _40(v: object) -> bool:
    return isinstance(v, list) and all(map(_5, v))


def _41(v: object) -> bool:
    return (isinstance(v, dict) or isinstance(v, str) or v is None) and (
        not isinstance(v, str) or re.search("^[\\s\\S]*\\Z", v) is not None
    )


def _42(v: object) -> bool:
    return isinstance(v, dict) or v is None


_CHECKS_10: Checks = {"before": _41, "after": _42}


def _43(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "before" in v
        and "after" in v
        and all(_CHECKS_10.get(key, nothing)(value) for key, value in v.items())
    )


_CHECKS_11: Checks = {"before": _42, "after": _42}


def _44(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "before" in v
        and "after" in v
        and all(_CHECKS_11.get(key, nothing)(value) for key, value in v.items())
    )


def _45(v: object) -> bool:
    return v == "MUTABLE" or v == "IMMUTABLE"


def _46(v: object) -> bool:
    return isinstance(v, bool)


def _47(v: object) -> bool:
    return v == "AES256" or v == "KMS"


def _48(v: object) -> bool:
    return (isinstance(v, str) or v is None) and (
        not isinstance(v, str)
        or re.search("^(arn:[A-Za-z0-9:/_-]+|[A-Za-z0-9/_-]+)\\Z", v) is not None
    )


def _49(v: object) -> bool:
    return isinstance(v, dict) and all(map(_5, v.values())) and all(map(_5, v))


_CHECKS_12: Checks = {
    "tag_mutability": _45,
    "scan_on_push": _46,
    "encryption": _47,
    "kms_key": _48,
    "tags": _49,
}


def _50(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "tag_mutability" in v
        and "scan_on_push" in v
        and "encryption" in v
        and "kms_key" in v
        and "tags" in v
        and all(_CHECKS_12.get(key, nothing)(value) for key, value in v.items())
    )


def _51(v: object) -> bool:
    return v == "applied" or v == "in-force" or v == "failed" or v == "stale" or v == "skipped"


_CHECKS_13: Checks = {
    "registry": _12,
    "subject": _22,
    "repository": _23,
    "account": _8,
    "region": _9,
    "change": _24,
    "grants": _36,
    "cause": _37,
    "risks": _39,
    "kept_statements": _40,
    "policy": _43,
    "template": _44,
    "settings": _50,
    "outcome": _51,
    "error": _26,
}


def _52(v: object) -> bool:
    return v == "*"


def _53(v: object) -> bool:
    return not _52(v)


_CHECKS_14: Checks = {"repository": _53, "settings": nothing}


def _54(v: object) -> bool:
    return v is None


def _55(v: object) -> bool:
    return isinstance(v, dict)


_CHECKS_15: Checks = {"before": _54, "after": _55}


def _56(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_15.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_16: Checks = {"before": _54}


def _57(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_16.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_17: Checks = {"template": _56, "policy": _57}


def _58(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_17.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_18: Checks = {"before": _55}


def _59(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_18.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_19: Checks = {"template": _59}


def _60(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_19.get(key, anything)(value) for key, value in v.items()
    )


def _61(v: object) -> bool:
    return v == "create"


_CHECKS_20: Checks = {"change": _61}


def _62(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_20.get(key, anything)(value) for key, value in v.items()
    )


def _63(v: object) -> bool:
    return (_58 if _62(v) else _60)(v)


_CHECKS_21: Checks = {"after": _54}


def _64(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_21.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_22: Checks = {"template": _64, "policy": _64}


def _65(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_22.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_23: Checks = {"after": _55}


def _66(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_23.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_24: Checks = {"template": _66}


def _67(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_24.get(key, anything)(value) for key, value in v.items()
    )


def _68(v: object) -> bool:
    return v == "delete"


_CHECKS_25: Checks = {"change": _68}


def _69(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_25.get(key, anything)(value) for key, value in v.items()
    )


def _70(v: object) -> bool:
    return (_65 if _69(v) else _67)(v)


def _71(v: object) -> bool:
    return (
        (
            not isinstance(v, dict)
            or "template" in v
            and all(_CHECKS_14.get(key, anything)(value) for key, value in v.items())
        )
        and _63(v)
        and _70(v)
    )


_CHECKS_26: Checks = {"template": nothing}


def _72(v: object) -> bool:
    return v == "set" or v == "delete"


_CHECKS_27: Checks = {"repository": _52, "change": _72}


def _73(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_27.get(key, anything)(value) for key, value in v.items()
    )


def _74(v: object) -> bool:
    return (
        isinstance(v, str)
        and len(v) <= 256
        and re.search(
            "^[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*\\Z", v
        )
        is not None
    )


_CHECKS_28: Checks = {"repository": _74}


def _75(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_28.get(key, anything)(value) for key, value in v.items()
    )


def _76(v: object) -> bool:
    return v == "registry-policy"


_CHECKS_29: Checks = {"subject": _76}


def _77(v: object) -> bool:
    return (
        not isinstance(v, dict)
        or "subject" in v
        and all(_CHECKS_29.get(key, anything)(value) for key, value in v.items())
    )


def _78(v: object) -> bool:
    return (_73 if _77(v) else _75)(v)


_CHECKS_30: Checks = {"policy": _57}


def _79(v: object) -> bool:
    return (
        not isinstance(v, dict)
        or "settings" in v
        and all(_CHECKS_30.get(key, anything)(value) for key, value in v.items())
    )


_CHECKS_31: Checks = {"settings": nothing}


def _80(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_31.get(key, anything)(value) for key, value in v.items()
    )


def _81(v: object) -> bool:
    return (_79 if _62(v) else _80)(v)


_CHECKS_32: Checks = {"policy": _66}


def _82(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_32.get(key, anything)(value) for key, value in v.items()
    )


def _83(v: object) -> bool:
    return v == "set"


_CHECKS_33: Checks = {"change": _83}


def _84(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_33.get(key, anything)(value) for key, value in v.items()
    )


def _85(v: object) -> bool:
    return (_82 if _84(v) else anything)(v)


def _86(v: object) -> bool:
    return isinstance(v, dict) or isinstance(v, str)


_CHECKS_34: Checks = {"before": _86, "after": _54}


def _87(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_34.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_35: Checks = {"policy": _87}


def _88(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_35.get(key, anything)(value) for key, value in v.items()
    )


def _89(v: object) -> bool:
    return (_88 if _69(v) else anything)(v)


def _90(v: object) -> bool:
    return (
        (
            not isinstance(v, dict)
            or all(_CHECKS_26.get(key, anything)(value) for key, value in v.items())
        )
        and _78(v)
        and _81(v)
        and _85(v)
        and _89(v)
    )


def _91(v: object) -> bool:
    return v == "creation-template"


_CHECKS_36: Checks = {"subject": _91}


def _92(v: object) -> bool:
    return (
        not isinstance(v, dict)
        or "subject" in v
        and all(_CHECKS_36.get(key, anything)(value) for key, value in v.items())
    )


def _93(v: object) -> bool:
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
        and (_71 if _92(v) else _90)(v)
    )


def _94(v: object) -> bool:
    return isinstance(v, list) and all(map(_93, v))


def _95(v: object) -> bool:
    return isinstance(v, str) and re.search("^[a-z]+(_[a-z]+)*\\Z", v) is not None


_CHECKS_37: Checks = {"guard": _95, "message": _5}


def _96(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "guard" in v
        and "message" in v
        and all(_CHECKS_37.get(key, nothing)(value) for key, value in v.items())
    )


def _97(v: object) -> bool:
    return isinstance(v, list) and all(map(_96, v))


def _98(v: object) -> bool:
    return (
        v == "repository"
        or v == "registry"
        or v == "unreadable-registry"
        or v == "planned-registry"
    )


_CHECKS_38: Checks = {
    "registry": _12,
    "repository": _74,
    "account": _8,
    "region": _9,
    "tier": _5,
    "principal": _5,
    "name": _26,
    "conditions": _30,
    "because": _5,
    "repaired": _46,
    "by_rewriting": _46,
    "policy": _98,
}


def _99(v: object) -> bool:
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


def _100(v: object) -> bool:
    return isinstance(v, list) and all(map(_99, v))


def _101(v: object) -> bool:
    return (isinstance(v, str) or v is None) and (
        not isinstance(v, str) or re.search("^[A-Za-z0-9._/@+-]{1,64}\\Z", v) is not None
    )


def _102(v: object) -> bool:
    return (isinstance(v, str) or v is None) and (
        not isinstance(v, str) or re.search("^[0-9]{12}\\Z", v) is not None
    )


def _103(v: object) -> bool:
    return isinstance(v, str) and re.search("^[a-z0-9]+(-[a-z0-9]+)*\\Z", v) is not None


def _104(v: object) -> bool:
    return (isinstance(v, str) or v is None) and (
        not isinstance(v, str)
        or re.search("^[a-z]{2,4}(-[a-z]+){1,3}-[0-9]{1,2}\\Z", v) is not None
    )


_CHECKS_39: Checks = {
    "registry": _101,
    "account": _102,
    "subject": _22,
    "repository": _5,
    "rule": _103,
    "message": _5,
    "region": _104,
}


def _105(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "repository" in v
        and "rule" in v
        and "message" in v
        and "region" in v
        and all(_CHECKS_39.get(key, nothing)(value) for key, value in v.items())
    )


def _106(v: object) -> bool:
    return isinstance(v, list) and all(map(_105, v))


_CHECKS_40: Checks = {
    "registry": _12,
    "subject": _22,
    "repository": _5,
    "account": _8,
    "region": _9,
    "rule": _103,
    "message": _5,
}


def _107(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "repository" in v
        and "account" in v
        and "region" in v
        and "rule" in v
        and "message" in v
        and all(_CHECKS_40.get(key, nothing)(value) for key, value in v.items())
    )


def _108(v: object) -> bool:
    return isinstance(v, list) and all(map(_107, v))


def _109(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and len(v) <= 4000 and all(map(_12, v))


def _110(v: object) -> bool:
    return is_integer(v) or v is None


_CHECKS_41: Checks = {"changed_since": _5, "not_read": _110}


def _111(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "changed_since" in v
        and "not_read" in v
        and all(_CHECKS_41.get(key, nothing)(value) for key, value in v.items())
    )


def _112(v: object) -> bool:
    return is_integer(v)


_CHECKS_42: Checks = {"revision": _5, "edit": _112, "drift": _112, "both": _112}


def _113(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "revision" in v
        and "edit" in v
        and "drift" in v
        and "both" in v
        and all(_CHECKS_42.get(key, nothing)(value) for key, value in v.items())
    )


def _114(v: object) -> bool:
    return isinstance(v, str) and re.search("^sha256:[0-9a-f]{64}\\Z", v) is not None


_CHECKS_43: Checks = {
    "format_version": _1,
    "tool": _4,
    "file": _7,
    "registry": _11,
    "registries": _18,
    "summary": _21,
    "changes": _94,
    "refusals": _97,
    "never_broken": _100,
    "findings": _106,
    "errors": _108,
    "unmanaged_repositories": _15,
    "registries_left_out": _109,
    "scope": _111,
    "compared_with": _113,
    "digest": _114,
}


def _115(v: object) -> bool:
    return not isinstance(v, dict) or "registry" in v


def _116(v: object) -> bool:
    return not _115(v)


def _117(v: object) -> bool:
    return not isinstance(v, dict) or "registries" in v


def _118(v: object) -> bool:
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
        and all(_CHECKS_43.get(key, nothing)(value) for key, value in v.items())
        and (_116 if _117(v) else _115)(v)
    )


def is_valid(value: object) -> bool:
    """Whether a value is valid by `schema/plan.schema.json`."""
    return _118(value)
