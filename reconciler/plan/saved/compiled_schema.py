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
    return isinstance(v, list) and len(v) >= 1 and all(map(_7, v))


def _9(v: object) -> bool:
    return isinstance(v, str) and re.search("^[0-9]{12}\\Z", v) is not None


def _10(v: object) -> bool:
    return (
        isinstance(v, str) and re.search("^[a-z]{2,4}(-[a-z]+){1,3}-[0-9]{1,2}\\Z", v) is not None
    )


def _11(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and len(v) <= 40 and all(map(_10, v))


_CHECKS_3: Checks = {"account": _9, "regions": _11}


def _12(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "account" in v
        and "regions" in v
        and all(_CHECKS_3.get(key, nothing)(value) for key, value in v.items())
    )


def _13(v: object) -> bool:
    return isinstance(v, str) and re.search("^[A-Za-z0-9._/@+-]{1,64}\\Z", v) is not None


def _14(v: object) -> bool:
    return is_integer(v) and v >= 0


def _15(v: object) -> bool:
    return isinstance(v, dict) and all(map(_14, v.values())) and all(map(_10, v))


def _16(v: object) -> bool:
    return isinstance(v, list) and all(map(_5, v))


def _17(v: object) -> bool:
    return isinstance(v, dict) and all(map(_16, v.values())) and all(map(_10, v))


_CHECKS_4: Checks = {
    "name": _13,
    "account": _9,
    "regions": _11,
    "in_sync": _15,
    "live_grants": _15,
    "unmanaged_repositories": _17,
}


def _18(v: object) -> bool:
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


def _19(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and len(v) <= 4000 and all(map(_18, v))


_CHECKS_5: Checks = {"create": _14, "set": _14, "delete": _14}


def _20(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "create" in v
        and "set" in v
        and "delete" in v
        and all(_CHECKS_5.get(key, nothing)(value) for key, value in v.items())
    )


_CHECKS_6: Checks = {
    "granted": _14,
    "widened": _14,
    "revoked": _14,
    "narrowed": _14,
    "changed": _14,
    "gone": _14,
}


def _21(v: object) -> bool:
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
    "set": _14,
    "delete": _14,
    "create": _14,
    "in_sync": _14,
    "errors": _14,
    "grants_added": _14,
    "grants_removed": _14,
    "grants_gone": _14,
    "live_grants": _14,
    "unmanaged_repositories": _14,
    "templates": _20,
    "access": _21,
}


def _22(v: object) -> bool:
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


def _23(v: object) -> bool:
    return v == "repository-policy" or v == "registry-policy" or v == "creation-template"


def _24(v: object) -> bool:
    return (
        isinstance(v, str)
        and len(v) <= 256
        and re.search(
            "^(\\*|ROOT|[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*)\\Z",
            v,
        )
        is not None
    )


def _25(v: object) -> bool:
    return v == "set" or v == "delete" or v == "create"


def _26(v: object) -> bool:
    return v == "Allow" or v == "Deny"


def _27(v: object) -> bool:
    return (isinstance(v, str) or v is None) and (
        not isinstance(v, str)
        or re.search(
            "^(?!\\s*::[A-Za-z])(?!.*##\\w*\\[)[^\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ud800-\\udfff\\ufeff\\ufff9-\\ufffb\U000e0000-\U000e007f]*\\Z",
            v,
        )
        is not None
    )


def _28(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and all(map(_5, v))


def _29(v: object) -> bool:
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


def _30(v: object) -> bool:
    return isinstance(v, dict) and all(map(_29, v.values())) and all(map(_5, v))


def _31(v: object) -> bool:
    return isinstance(v, dict) and all(map(_30, v.values())) and all(map(_5, v))


def _32(v: object) -> bool:
    return v == "edit" or v == "drift"


def _33(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and all(map(_5, v))


_CHECKS_8: Checks = {
    "effect": _26,
    "principal": _5,
    "name": _27,
    "tier": _27,
    "actions": _28,
    "conditions": _31,
    "cause": _32,
    "resource": _5,
    "not_resource": _33,
}


def _34(v: object) -> bool:
    return not isinstance(v, dict) or "resource" in v and "not_resource" in v


def _35(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "effect" in v
        and "principal" in v
        and "name" in v
        and "tier" in v
        and "actions" in v
        and "conditions" in v
        and all(_CHECKS_8.get(key, nothing)(value) for key, value in v.items())
        and not _34(v)
    )


def _36(v: object) -> bool:
    return isinstance(v, list) and all(map(_35, v))


_CHECKS_9: Checks = {"added": _36, "removed": _36}


def _37(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "added" in v
        and "removed" in v
        and all(_CHECKS_9.get(key, nothing)(value) for key, value in v.items())
    )


def _38(v: object) -> bool:
    return v == "edit" or v == "drift" or v == "both"


def _39(v: object) -> bool:
    return (
        v == "admin"
        or v == "can-rewrite"
        or v == "deny-removed"
        or v == "lambda-loses-access"
        or v == "new-account"
        or v == "outside-organization"
        or v == "public"
    )


def _40(v: object) -> bool:
    return isinstance(v, list) and all(map(_39, v))


def _41(v: object) -> bool:
    return isinstance(v, list) and all(map(_5, v))


def _42(v: object) -> bool:
    return (isinstance(v, dict) or isinstance(v, str) or v is None) and (
        not isinstance(v, str) or re.search("^[\\s\\S]*\\Z", v) is not None
    )


def _43(v: object) -> bool:
    return isinstance(v, dict) or v is None


_CHECKS_10: Checks = {"before": _42, "after": _43}


def _44(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "before" in v
        and "after" in v
        and all(_CHECKS_10.get(key, nothing)(value) for key, value in v.items())
    )


_CHECKS_11: Checks = {"before": _43, "after": _43}


def _45(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "before" in v
        and "after" in v
        and all(_CHECKS_11.get(key, nothing)(value) for key, value in v.items())
    )


def _46(v: object) -> bool:
    return v == "MUTABLE" or v == "IMMUTABLE"


def _47(v: object) -> bool:
    return isinstance(v, bool)


def _48(v: object) -> bool:
    return v == "AES256" or v == "KMS"


def _49(v: object) -> bool:
    return (isinstance(v, str) or v is None) and (
        not isinstance(v, str)
        or re.search("^(arn:[A-Za-z0-9:/_-]+|[A-Za-z0-9/_-]+)\\Z", v) is not None
    )


def _50(v: object) -> bool:
    return isinstance(v, dict) and all(map(_5, v.values())) and all(map(_5, v))


_CHECKS_12: Checks = {
    "tag_mutability": _46,
    "scan_on_push": _47,
    "encryption": _48,
    "kms_key": _49,
    "tags": _50,
}


def _51(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "tag_mutability" in v
        and "scan_on_push" in v
        and "encryption" in v
        and "kms_key" in v
        and "tags" in v
        and all(_CHECKS_12.get(key, nothing)(value) for key, value in v.items())
    )


def _52(v: object) -> bool:
    return v == "applied" or v == "in-force" or v == "failed" or v == "stale" or v == "skipped"


_CHECKS_13: Checks = {
    "registry": _13,
    "subject": _23,
    "repository": _24,
    "account": _9,
    "region": _10,
    "change": _25,
    "grants": _37,
    "cause": _38,
    "risks": _40,
    "kept_statements": _41,
    "policy": _44,
    "template": _45,
    "settings": _51,
    "outcome": _52,
    "error": _27,
}


def _53(v: object) -> bool:
    return v == "*"


def _54(v: object) -> bool:
    return not _53(v)


_CHECKS_14: Checks = {"repository": _54, "settings": nothing}


def _55(v: object) -> bool:
    return v is None


def _56(v: object) -> bool:
    return isinstance(v, dict)


_CHECKS_15: Checks = {"before": _55, "after": _56}


def _57(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_15.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_16: Checks = {"before": _55}


def _58(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_16.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_17: Checks = {"template": _57, "policy": _58}


def _59(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_17.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_18: Checks = {"before": _56}


def _60(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_18.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_19: Checks = {"template": _60}


def _61(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_19.get(key, anything)(value) for key, value in v.items()
    )


def _62(v: object) -> bool:
    return v == "create"


_CHECKS_20: Checks = {"change": _62}


def _63(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_20.get(key, anything)(value) for key, value in v.items()
    )


def _64(v: object) -> bool:
    return (_59 if _63(v) else _61)(v)


_CHECKS_21: Checks = {"after": _55}


def _65(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_21.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_22: Checks = {"template": _65, "policy": _65}


def _66(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_22.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_23: Checks = {"after": _56}


def _67(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_23.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_24: Checks = {"template": _67}


def _68(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_24.get(key, anything)(value) for key, value in v.items()
    )


def _69(v: object) -> bool:
    return v == "delete"


_CHECKS_25: Checks = {"change": _69}


def _70(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_25.get(key, anything)(value) for key, value in v.items()
    )


def _71(v: object) -> bool:
    return (_66 if _70(v) else _68)(v)


def _72(v: object) -> bool:
    return (
        (
            not isinstance(v, dict)
            or "template" in v
            and all(_CHECKS_14.get(key, anything)(value) for key, value in v.items())
        )
        and _64(v)
        and _71(v)
    )


_CHECKS_26: Checks = {"template": nothing}


def _73(v: object) -> bool:
    return v == "set" or v == "delete"


_CHECKS_27: Checks = {"repository": _53, "change": _73}


def _74(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_27.get(key, anything)(value) for key, value in v.items()
    )


def _75(v: object) -> bool:
    return (
        isinstance(v, str)
        and len(v) <= 256
        and re.search(
            "^[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*\\Z", v
        )
        is not None
    )


_CHECKS_28: Checks = {"repository": _75}


def _76(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_28.get(key, anything)(value) for key, value in v.items()
    )


def _77(v: object) -> bool:
    return v == "registry-policy"


_CHECKS_29: Checks = {"subject": _77}


def _78(v: object) -> bool:
    return (
        not isinstance(v, dict)
        or "subject" in v
        and all(_CHECKS_29.get(key, anything)(value) for key, value in v.items())
    )


def _79(v: object) -> bool:
    return (_74 if _78(v) else _76)(v)


_CHECKS_30: Checks = {"policy": _58}


def _80(v: object) -> bool:
    return (
        not isinstance(v, dict)
        or "settings" in v
        and all(_CHECKS_30.get(key, anything)(value) for key, value in v.items())
    )


_CHECKS_31: Checks = {"settings": nothing}


def _81(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_31.get(key, anything)(value) for key, value in v.items()
    )


def _82(v: object) -> bool:
    return (_80 if _63(v) else _81)(v)


_CHECKS_32: Checks = {"policy": _67}


def _83(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_32.get(key, anything)(value) for key, value in v.items()
    )


def _84(v: object) -> bool:
    return v == "set"


_CHECKS_33: Checks = {"change": _84}


def _85(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_33.get(key, anything)(value) for key, value in v.items()
    )


def _86(v: object) -> bool:
    return (_83 if _85(v) else anything)(v)


def _87(v: object) -> bool:
    return isinstance(v, dict) or isinstance(v, str)


_CHECKS_34: Checks = {"before": _87, "after": _55}


def _88(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_34.get(key, anything)(value) for key, value in v.items()
    )


_CHECKS_35: Checks = {"policy": _88}


def _89(v: object) -> bool:
    return not isinstance(v, dict) or all(
        _CHECKS_35.get(key, anything)(value) for key, value in v.items()
    )


def _90(v: object) -> bool:
    return (_89 if _70(v) else anything)(v)


def _91(v: object) -> bool:
    return (
        (
            not isinstance(v, dict)
            or all(_CHECKS_26.get(key, anything)(value) for key, value in v.items())
        )
        and _79(v)
        and _82(v)
        and _86(v)
        and _90(v)
    )


def _92(v: object) -> bool:
    return v == "creation-template"


_CHECKS_36: Checks = {"subject": _92}


def _93(v: object) -> bool:
    return (
        not isinstance(v, dict)
        or "subject" in v
        and all(_CHECKS_36.get(key, anything)(value) for key, value in v.items())
    )


def _94(v: object) -> bool:
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
        and (_72 if _93(v) else _91)(v)
    )


def _95(v: object) -> bool:
    return isinstance(v, list) and all(map(_94, v))


def _96(v: object) -> bool:
    return isinstance(v, str) and re.search("^[a-z]+(_[a-z]+)*\\Z", v) is not None


_CHECKS_37: Checks = {"guard": _96, "message": _5}


def _97(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "guard" in v
        and "message" in v
        and all(_CHECKS_37.get(key, nothing)(value) for key, value in v.items())
    )


def _98(v: object) -> bool:
    return isinstance(v, list) and all(map(_97, v))


def _99(v: object) -> bool:
    return (
        v == "repository"
        or v == "registry"
        or v == "unreadable-registry"
        or v == "planned-registry"
    )


_CHECKS_38: Checks = {
    "registry": _13,
    "repository": _75,
    "account": _9,
    "region": _10,
    "tier": _5,
    "principal": _5,
    "name": _27,
    "conditions": _31,
    "because": _5,
    "repaired": _47,
    "by_rewriting": _47,
    "policy": _99,
}


def _100(v: object) -> bool:
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


def _101(v: object) -> bool:
    return isinstance(v, list) and all(map(_100, v))


def _102(v: object) -> bool:
    return (isinstance(v, str) or v is None) and (
        not isinstance(v, str) or re.search("^[A-Za-z0-9._/@+-]{1,64}\\Z", v) is not None
    )


def _103(v: object) -> bool:
    return (isinstance(v, str) or v is None) and (
        not isinstance(v, str) or re.search("^[0-9]{12}\\Z", v) is not None
    )


def _104(v: object) -> bool:
    return isinstance(v, str) and re.search("^[a-z0-9]+(-[a-z0-9]+)*\\Z", v) is not None


def _105(v: object) -> bool:
    return (isinstance(v, str) or v is None) and (
        not isinstance(v, str)
        or re.search("^[a-z]{2,4}(-[a-z]+){1,3}-[0-9]{1,2}\\Z", v) is not None
    )


_CHECKS_39: Checks = {
    "registry": _102,
    "account": _103,
    "subject": _23,
    "repository": _5,
    "rule": _104,
    "message": _5,
    "region": _105,
}


def _106(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "repository" in v
        and "rule" in v
        and "message" in v
        and "region" in v
        and all(_CHECKS_39.get(key, nothing)(value) for key, value in v.items())
    )


def _107(v: object) -> bool:
    return isinstance(v, list) and all(map(_106, v))


_CHECKS_40: Checks = {
    "registry": _13,
    "subject": _23,
    "repository": _5,
    "account": _9,
    "region": _10,
    "rule": _104,
    "message": _5,
}


def _108(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "repository" in v
        and "account" in v
        and "region" in v
        and "rule" in v
        and "message" in v
        and all(_CHECKS_40.get(key, nothing)(value) for key, value in v.items())
    )


def _109(v: object) -> bool:
    return isinstance(v, list) and all(map(_108, v))


def _110(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and len(v) <= 4000 and all(map(_13, v))


def _111(v: object) -> bool:
    return is_integer(v) or v is None


_CHECKS_41: Checks = {"changed_since": _5, "not_read": _111}


def _112(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "changed_since" in v
        and "not_read" in v
        and all(_CHECKS_41.get(key, nothing)(value) for key, value in v.items())
    )


def _113(v: object) -> bool:
    return is_integer(v)


def _114(v: object) -> bool:
    return isinstance(v, str) and re.search("^[0-9a-f]{40,64}\\Z", v) is not None


_CHECKS_42: Checks = {"commit": _114, "sha256": _6, "left_out": _113, "left_out_in_part": _113}


def _115(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "commit" in v
        and "sha256" in v
        and "left_out" in v
        and "left_out_in_part" in v
        and all(_CHECKS_42.get(key, nothing)(value) for key, value in v.items())
    )


_CHECKS_43: Checks = {"revision": _5, "edit": _113, "drift": _113, "both": _113, "only_mine": _115}


def _116(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "revision" in v
        and "edit" in v
        and "drift" in v
        and "both" in v
        and all(_CHECKS_43.get(key, nothing)(value) for key, value in v.items())
    )


def _117(v: object) -> bool:
    return isinstance(v, str) and re.search("^sha256:[0-9a-f]{64}\\Z", v) is not None


_CHECKS_44: Checks = {
    "format_version": _1,
    "tool": _4,
    "file": _7,
    "rules": _8,
    "registry": _12,
    "registries": _19,
    "summary": _22,
    "changes": _95,
    "refusals": _98,
    "never_broken": _101,
    "findings": _107,
    "errors": _109,
    "unmanaged_repositories": _16,
    "registries_left_out": _110,
    "scope": _112,
    "compared_with": _116,
    "digest": _117,
}


def _118(v: object) -> bool:
    return not isinstance(v, dict) or "registry" in v


def _119(v: object) -> bool:
    return not _118(v)


def _120(v: object) -> bool:
    return not isinstance(v, dict) or "registries" in v


def _121(v: object) -> bool:
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
        and all(_CHECKS_44.get(key, nothing)(value) for key, value in v.items())
        and (_119 if _120(v) else _118)(v)
    )


def is_valid(value: object) -> bool:
    """Whether a value is valid by `schema/plan.schema.json`."""
    return _121(value)
