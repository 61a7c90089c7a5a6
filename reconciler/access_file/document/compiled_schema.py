"""Whether a value is valid by a schema in `schema/`. `make schema` makes this module from them."""
# ruff: noqa

import re

from reconciler.schema_checks import Checks, anything, is_integer, nothing


def _1(v: object) -> bool:
    return v == 1 and not isinstance(v, bool)


def _2(v: object) -> bool:
    return (
        isinstance(v, str)
        and re.search("^(?![0-9]+$|nothing$)[A-Za-z0-9._/@+-]{1,64}\\Z", v) is not None
    )


def _3(v: object) -> bool:
    return isinstance(v, str) and re.search("^[0-9]{12}\\Z", v) is not None


def _4(v: object) -> bool:
    return (
        isinstance(v, str) and re.search("^[a-z]{2,4}(-[a-z]+){1,3}-[0-9]{1,2}\\Z", v) is not None
    )


def _5(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and len(v) <= 40 and all(map(_4, v))


def _6(v: object) -> bool:
    return isinstance(v, str) and re.search("^arn:", v) is not None


def _7(v: object) -> bool:
    return isinstance(v, str) and re.search("^[A-Za-z0-9_+=,.@:/-]{2,1224}\\Z", v) is not None


def _8(v: object) -> bool:
    return isinstance(v, str) and re.search("^[A-Za-z0-9_+=,.@-]{2,64}\\Z", v) is not None


_CHECKS_1: Checks = {"role_arn": _6, "external_id": _7, "session_name": _8}


def _9(v: object) -> bool:
    return isinstance(v, str)


def _10(v: object) -> bool:
    return (
        (isinstance(v, str) or isinstance(v, dict))
        and (
            not isinstance(v, dict)
            or "role_arn" in v
            and all(_CHECKS_1.get(key, nothing)(value) for key, value in v.items())
        )
        and (_6 if _9(v) else anything)(v)
    )


def _11(v: object) -> bool:
    return isinstance(v, str) and len(v) >= 1


def _12(v: object) -> bool:
    return v == "ignore" or v == "report" or v == "manage"


_CHECKS_2: Checks = {
    "name": _2,
    "account": _3,
    "regions": _5,
    "assume_role": _10,
    "profile": _11,
    "probe_repository": _9,
    "policy": _12,
}


def _13(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "account" in v
        and "regions" in v
        and all(_CHECKS_2.get(key, nothing)(value) for key, value in v.items())
    )


def _14(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and len(v) <= 100 and all(map(_13, v))


def _15(v: object) -> bool:
    return isinstance(v, dict) and all(map(_3, v.values())) and all(map(_2, v))


def _16(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and all(map(_11, v))


def _17(v: object) -> bool:
    return isinstance(v, str) and re.search("^o-[a-z0-9]{10,32}\\Z", v) is not None


def _18(v: object) -> bool:
    return isinstance(v, str) and re.search("^o-[a-z0-9]{10,32}/", v) is not None


def _19(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and all(map(_18, v))


def _20(v: object) -> bool:
    return isinstance(v, str) and re.search("^[a-z0-9-]+(\\.[a-z0-9-]+)+\\Z", v) is not None


def _21(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and all(map(_6, v))


def _22(v: object) -> bool:
    return v is True


def _23(v: object) -> bool:
    return isinstance(v, dict) and len(v) >= 1


def _24(v: object) -> bool:
    return isinstance(v, dict) and len(v) >= 1 and all(map(_23, v.values()))


_CHECKS_3: Checks = {
    "role": _11,
    "user": _11,
    "account": _11,
    "accounts": _16,
    "organization": _17,
    "paths": _19,
    "service": _20,
    "source_arns": _21,
    "source_accounts": _16,
    "source_organization": _17,
    "source_paths": _19,
    "public": _22,
    "when": _24,
}


def _25(v: object) -> bool:
    return v == "role" or v == "account" or v == "accounts" or v == "when"


def _26(v: object) -> bool:
    return not isinstance(v, dict) or all(map(_25, v))


def _27(v: object) -> bool:
    return v == "user" or v == "account" or v == "when"


def _28(v: object) -> bool:
    return not isinstance(v, dict) or all(map(_27, v))


def _29(v: object) -> bool:
    return v == "organization" or v == "paths" or v == "when"


def _30(v: object) -> bool:
    return not isinstance(v, dict) or all(map(_29, v))


def _31(v: object) -> bool:
    return (
        v == "service"
        or v == "source_arns"
        or v == "source_accounts"
        or v == "source_organization"
        or v == "source_paths"
        or v == "when"
    )


def _32(v: object) -> bool:
    return not isinstance(v, dict) or all(map(_31, v))


def _33(v: object) -> bool:
    return v == "public" or v == "when"


def _34(v: object) -> bool:
    return not isinstance(v, dict) or all(map(_33, v))


def _35(v: object) -> bool:
    return v == "role" or v == "user" or v == "account" or v == "when"


def _36(v: object) -> bool:
    return not isinstance(v, dict) or all(map(_35, v))


def _37(v: object) -> bool:
    return (
        v == "when"
        or v == "accounts"
        or v == "paths"
        or v == "source_arns"
        or v == "source_accounts"
        or v == "source_organization"
        or v == "source_paths"
    )


def _38(v: object) -> bool:
    return isinstance(v, dict) and all(map(_37, v))


def _39(v: object) -> bool:
    return (
        (isinstance(v, dict) or isinstance(v, str) or isinstance(v, list))
        and (
            not isinstance(v, dict)
            or all(_CHECKS_3.get(key, nothing)(value) for key, value in v.items())
            and ("accounts" not in v or "role" in v)
            and ("paths" not in v or "organization" in v)
            and ("source_arns" not in v or "service" in v)
            and ("source_accounts" not in v or "service" in v)
            and ("source_organization" not in v or "service" in v)
            and ("source_paths" not in v or "source_organization" in v)
            and ("role" not in v or _26(v))
            and ("user" not in v or _28(v))
            and ("organization" not in v or _30(v))
            and ("service" not in v or _32(v))
            and ("public" not in v or _34(v))
            and ("account" not in v or _36(v))
        )
        and (not isinstance(v, list) or len(v) >= 1 and all(map(_11, v)))
        and not _38(v)
    )


def _40(v: object) -> bool:
    return isinstance(v, dict) and all(map(_39, v.values())) and all(map(_2, v))


def _41(v: object) -> bool:
    return (isinstance(v, str) or isinstance(v, list)) and (
        not isinstance(v, list) or len(v) >= 1 and all(map(_9, v))
    )


def _42(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and all(map(_11, v))


_CHECKS_4: Checks = {"extends": _41, "actions": _42}


def _43(v: object) -> bool:
    return (
        isinstance(v, dict)
        and len(v) >= 1
        and all(_CHECKS_4.get(key, nothing)(value) for key, value in v.items())
    )


def _44(v: object) -> bool:
    return isinstance(v, dict) and all(map(_43, v.values())) and all(map(_2, v))


def _45(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and len(v) <= 100 and all(map(_2, v))


def _46(v: object) -> bool:
    return isinstance(v, bool)


def _47(v: object) -> bool:
    return v == "push" or v == "replication" or v == "pull-through-cache"


def _48(v: object) -> bool:
    return isinstance(v, list) and all(map(_47, v))


def _49(v: object) -> bool:
    return v == "mutable" or v == "immutable"


_CHECKS_5: Checks = {"kms_key": _9}


def _50(v: object) -> bool:
    return v == "aes256" or v == "kms"


def _51(v: object) -> bool:
    return (
        (isinstance(v, str) or isinstance(v, dict))
        and (
            not isinstance(v, dict)
            or "kms_key" in v
            and all(_CHECKS_5.get(key, nothing)(value) for key, value in v.items())
        )
        and (_50 if _9(v) else anything)(v)
    )


def _52(v: object) -> bool:
    return isinstance(v, dict) and len(v) <= 50 and all(map(_9, v.values()))


_CHECKS_6: Checks = {"tag_mutability": _49, "scan_on_push": _46, "encryption": _51, "tags": _52}


def _53(v: object) -> bool:
    return isinstance(v, dict) and all(
        _CHECKS_6.get(key, nothing)(value) for key, value in v.items()
    )


def _54(v: object) -> bool:
    return v == "registry-policy"


_CHECKS_7: Checks = {"tier": _9, "until": _9, "when": _24, "reason": _9}


_CHECKS_8: Checks = {"tier": _9, "until": _9, "when": _24, "reason": _9}


def _55(v: object) -> bool:
    return (isinstance(v, str) or isinstance(v, dict)) and (
        not isinstance(v, dict)
        or "tier" in v
        and all(_CHECKS_8.get(key, nothing)(value) for key, value in v.items())
    )


def _56(v: object) -> bool:
    return (
        (isinstance(v, str) or isinstance(v, dict) or isinstance(v, list))
        and (
            not isinstance(v, dict)
            or "tier" in v
            and all(_CHECKS_7.get(key, nothing)(value) for key, value in v.items())
        )
        and (not isinstance(v, list) or len(v) >= 1 and all(map(_55, v)))
    )


def _57(v: object) -> bool:
    return isinstance(v, dict) and all(map(_56, v.values()))


def _58(v: object) -> bool:
    return v == "Allow" or v == "Deny"


def _59(v: object) -> bool:
    return isinstance(v, str) or isinstance(v, dict)


def _60(v: object) -> bool:
    return isinstance(v, str) or isinstance(v, list)


_CHECKS_9: Checks = {
    "Sid": _9,
    "Effect": _58,
    "Principal": _59,
    "NotPrincipal": _59,
    "Action": _60,
    "NotAction": _60,
    "Condition": _24,
}


def _61(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "Effect" in v
        and all(_CHECKS_9.get(key, nothing)(value) for key, value in v.items())
    )


def _62(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and all(map(_61, v))


_CHECKS_10: Checks = {
    "registries": _45,
    "regions": _5,
    "inherit": _46,
    "create": _46,
    "create_on": _48,
    "template_role": _6,
    "replicated": _46,
    "settings": _53,
    "via": _54,
    "access": _57,
    "statements": _62,
}


def _63(v: object) -> bool:
    return (
        isinstance(v, dict)
        and all(_CHECKS_10.get(key, nothing)(value) for key, value in v.items())
        and ("template_role" not in v or "create_on" in v)
    )


def _64(v: object) -> bool:
    return isinstance(v, dict) and all(map(_63, v.values()))


_CHECKS_11: Checks = {
    "Sid": _9,
    "Effect": _58,
    "Principal": _59,
    "NotPrincipal": _59,
    "Action": _60,
    "NotAction": _60,
    "Resource": _60,
    "NotResource": _60,
    "Condition": _24,
}


def _65(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "Effect" in v
        and all(_CHECKS_11.get(key, nothing)(value) for key, value in v.items())
    )


def _66(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and all(map(_65, v))


def _67(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and len(v) <= 100 and all(map(_11, v))


_CHECKS_12: Checks = {"allow": _67}


def _68(v: object) -> bool:
    return v == "forbid" or v == "allow"


def _69(v: object) -> bool:
    return (
        (isinstance(v, str) or isinstance(v, dict))
        and (
            not isinstance(v, dict)
            or "allow" in v
            and all(_CHECKS_12.get(key, nothing)(value) for key, value in v.items())
        )
        and (_68 if _9(v) else anything)(v)
    )


def _70(v: object) -> bool:
    return is_integer(v) and v >= 0 and v <= 100


def _71(v: object) -> bool:
    return is_integer(v) and v >= 0


_CHECKS_13: Checks = {"percent": _70, "count": _71}


def _72(v: object) -> bool:
    return v == "none"


def _73(v: object) -> bool:
    return (
        (isinstance(v, dict) or isinstance(v, str))
        and (
            not isinstance(v, dict)
            or len(v) >= 1
            and all(_CHECKS_13.get(key, nothing)(value) for key, value in v.items())
        )
        and (_72 if _9(v) else anything)(v)
    )


_CHECKS_14: Checks = {"outside": _16}


def _74(v: object) -> bool:
    return (
        (isinstance(v, str) or isinstance(v, list) or isinstance(v, dict))
        and (
            not isinstance(v, dict)
            or "outside" in v
            and all(_CHECKS_14.get(key, nothing)(value) for key, value in v.items())
        )
        and (not isinstance(v, list) or len(v) >= 1 and all(map(_11, v)))
        and (not isinstance(v, str) or len(v) >= 1)
    )


def _75(v: object) -> bool:
    return (isinstance(v, str) or isinstance(v, list)) and (
        not isinstance(v, list) or len(v) >= 1 and all(map(_9, v))
    )


_CHECKS_15: Checks = {"never": _11, "to": _74, "on": _75, "because": _11}


def _76(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "never" in v
        and "to" in v
        and "because" in v
        and all(_CHECKS_15.get(key, nothing)(value) for key, value in v.items())
    )


def _77(v: object) -> bool:
    return isinstance(v, list) and len(v) <= 100 and all(map(_76, v))


_CHECKS_16: Checks = {"public": _69, "max_revoked": _73, "max_granted": _73, "rules": _77}


def _78(v: object) -> bool:
    return isinstance(v, dict) and all(
        _CHECKS_16.get(key, nothing)(value) for key, value in v.items()
    )


def _79(v: object) -> bool:
    return v == "ignore" or v == "report" or v == "fail"


def _80(v: object) -> bool:
    return v == "remove" or v == "keep"


_CHECKS_17: Checks = {"sid": _11, "service": _20, "principal": _11, "as_is": _46}


def _81(v: object) -> bool:
    return v == "sid" or v == "service" or v == "as_is"


def _82(v: object) -> bool:
    return not isinstance(v, dict) or all(map(_81, v))


def _83(v: object) -> bool:
    return v == "sid" or v == "principal" or v == "as_is"


def _84(v: object) -> bool:
    return not isinstance(v, dict) or all(map(_83, v))


def _85(v: object) -> bool:
    return v == "sid" or v == "as_is"


def _86(v: object) -> bool:
    return isinstance(v, dict) and all(map(_85, v))


def _87(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "sid" in v
        and all(_CHECKS_17.get(key, nothing)(value) for key, value in v.items())
        and ("service" not in v or _82(v))
        and ("principal" not in v or _84(v))
        and not _86(v)
    )


def _88(v: object) -> bool:
    return isinstance(v, list) and all(map(_87, v))


_CHECKS_18: Checks = {"default": _80, "keep": _88}


def _89(v: object) -> bool:
    return isinstance(v, dict) and all(
        _CHECKS_18.get(key, nothing)(value) for key, value in v.items()
    )


def _90(v: object) -> bool:
    return v == "keep" or v == "remove"


_CHECKS_19: Checks = {"repositories": _79, "statements": _89, "registry_statements": _90}


def _91(v: object) -> bool:
    return isinstance(v, dict) and all(
        _CHECKS_19.get(key, nothing)(value) for key, value in v.items()
    )


def _92(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and len(v) <= 100 and all(map(_9, v))


_CHECKS_20: Checks = {"files": _11, "may": _92}


def _93(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "files" in v
        and all(_CHECKS_20.get(key, nothing)(value) for key, value in v.items())
    )


def _94(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and len(v) <= 1000 and all(map(_93, v))


_CHECKS_21: Checks = {
    "version": _1,
    "registry": _13,
    "registries": _14,
    "accounts": _15,
    "principals": _40,
    "tiers": _44,
    "repositories": _64,
    "registry_statements": _66,
    "guards": _78,
    "unmanaged": _91,
    "include": _94,
}


def _95(v: object) -> bool:
    return (
        v == "version"
        or v == "registries"
        or v == "accounts"
        or v == "principals"
        or v == "tiers"
        or v == "repositories"
        or v == "registry_statements"
        or v == "guards"
        or v == "unmanaged"
        or v == "include"
    )


def _96(v: object) -> bool:
    return not isinstance(v, dict) or all(map(_95, v))


def _97(v: object) -> bool:
    return not isinstance(v, dict) or "registry" in v


def _98(v: object) -> bool:
    return not isinstance(v, dict) or "registries" in v


def _99(v: object) -> bool:
    return (anything if _98(v) else _97)(v)


def _100(v: object) -> bool:
    return not isinstance(v, dict) or "repositories" in v


def _101(v: object) -> bool:
    return not isinstance(v, dict) or "include" in v


def _102(v: object) -> bool:
    return (anything if _101(v) else _100)(v)


def _103(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "version" in v
        and all(_CHECKS_21.get(key, nothing)(value) for key, value in v.items())
        and ("registries" not in v or _96(v))
        and _99(v)
        and _102(v)
    )


_CHECKS_22: Checks = {"accounts": _15, "principals": _40, "tiers": _44, "repositories": _64}


def _104(v: object) -> bool:
    return isinstance(v, dict) and all(
        _CHECKS_22.get(key, nothing)(value) for key, value in v.items()
    )


def is_valid(value: object) -> bool:
    """Whether a value is valid by `schema/ecr_access.schema.json`."""
    return _103(value)


def is_valid_included(value: object) -> bool:
    """Whether a value is valid by `schema/included.schema.json`."""
    return _104(value)
