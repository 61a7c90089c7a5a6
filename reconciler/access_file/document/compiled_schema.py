"""Whether a value is valid by `schema/ecr_access.schema.json`. `make schema` makes this module from it."""
# ruff: noqa

import re

from reconciler.schema_checks import Checks, anything, is_integer, nothing


def _1(v: object) -> bool:
    return v == 1 and not isinstance(v, bool)


def _2(v: object) -> bool:
    return isinstance(v, str) and re.search("^[0-9]{12}\\Z", v) is not None


def _3(v: object) -> bool:
    return (
        isinstance(v, str) and re.search("^[a-z]{2,4}(-[a-z]+){1,3}-[0-9]{1,2}\\Z", v) is not None
    )


def _4(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and len(v) <= 40 and all(map(_3, v))


def _5(v: object) -> bool:
    return (
        isinstance(v, str)
        and re.search("^(?![0-9]+$|nothing$)[A-Za-z0-9._/@+-]{1,64}\\Z", v) is not None
    )


def _6(v: object) -> bool:
    return isinstance(v, str) and re.search("^arn:", v) is not None


def _7(v: object) -> bool:
    return isinstance(v, str)


def _8(v: object) -> bool:
    return v == "ignore" or v == "report" or v == "manage"


_CHECKS_1: Checks = {
    "account": _2,
    "regions": _4,
    "name": _5,
    "assume_role": _6,
    "probe_repository": _7,
    "policy": _8,
}


def _9(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "account" in v
        and "regions" in v
        and all(_CHECKS_1.get(key, nothing)(value) for key, value in v.items())
    )


def _10(v: object) -> bool:
    return isinstance(v, dict) and all(map(_2, v.values())) and all(map(_5, v))


def _11(v: object) -> bool:
    return isinstance(v, str) and len(v) >= 1


def _12(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and all(map(_11, v))


def _13(v: object) -> bool:
    return isinstance(v, str) and re.search("^o-[a-z0-9]{10,32}\\Z", v) is not None


def _14(v: object) -> bool:
    return isinstance(v, str) and re.search("^o-[a-z0-9]{10,32}/", v) is not None


def _15(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and all(map(_14, v))


def _16(v: object) -> bool:
    return isinstance(v, str) and re.search("^[a-z0-9-]+(\\.[a-z0-9-]+)+\\Z", v) is not None


def _17(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and all(map(_6, v))


def _18(v: object) -> bool:
    return v is True


def _19(v: object) -> bool:
    return isinstance(v, dict) and len(v) >= 1


def _20(v: object) -> bool:
    return isinstance(v, dict) and len(v) >= 1 and all(map(_19, v.values()))


_CHECKS_2: Checks = {
    "role": _11,
    "user": _11,
    "account": _11,
    "accounts": _12,
    "organization": _13,
    "paths": _15,
    "service": _16,
    "source_arns": _17,
    "source_accounts": _12,
    "source_organization": _13,
    "source_paths": _15,
    "public": _18,
    "when": _20,
}


def _21(v: object) -> bool:
    return v == "role" or v == "account" or v == "accounts" or v == "when"


def _22(v: object) -> bool:
    return not isinstance(v, dict) or all(map(_21, v))


def _23(v: object) -> bool:
    return v == "user" or v == "account" or v == "when"


def _24(v: object) -> bool:
    return not isinstance(v, dict) or all(map(_23, v))


def _25(v: object) -> bool:
    return v == "organization" or v == "paths" or v == "when"


def _26(v: object) -> bool:
    return not isinstance(v, dict) or all(map(_25, v))


def _27(v: object) -> bool:
    return (
        v == "service"
        or v == "source_arns"
        or v == "source_accounts"
        or v == "source_organization"
        or v == "source_paths"
        or v == "when"
    )


def _28(v: object) -> bool:
    return not isinstance(v, dict) or all(map(_27, v))


def _29(v: object) -> bool:
    return v == "public" or v == "when"


def _30(v: object) -> bool:
    return not isinstance(v, dict) or all(map(_29, v))


def _31(v: object) -> bool:
    return v == "role" or v == "user" or v == "account" or v == "when"


def _32(v: object) -> bool:
    return not isinstance(v, dict) or all(map(_31, v))


def _33(v: object) -> bool:
    return (
        v == "when"
        or v == "accounts"
        or v == "paths"
        or v == "source_arns"
        or v == "source_accounts"
        or v == "source_organization"
        or v == "source_paths"
    )


def _34(v: object) -> bool:
    return isinstance(v, dict) and all(map(_33, v))


def _35(v: object) -> bool:
    return (
        (isinstance(v, dict) or isinstance(v, str) or isinstance(v, list))
        and (
            not isinstance(v, dict)
            or all(_CHECKS_2.get(key, nothing)(value) for key, value in v.items())
            and ("accounts" not in v or "role" in v)
            and ("paths" not in v or "organization" in v)
            and ("source_arns" not in v or "service" in v)
            and ("source_accounts" not in v or "service" in v)
            and ("source_organization" not in v or "service" in v)
            and ("source_paths" not in v or "source_organization" in v)
            and ("role" not in v or _22(v))
            and ("user" not in v or _24(v))
            and ("organization" not in v or _26(v))
            and ("service" not in v or _28(v))
            and ("public" not in v or _30(v))
            and ("account" not in v or _32(v))
        )
        and (not isinstance(v, list) or len(v) >= 1 and all(map(_11, v)))
        and not _34(v)
    )


def _36(v: object) -> bool:
    return isinstance(v, dict) and all(map(_35, v.values())) and all(map(_5, v))


def _37(v: object) -> bool:
    return (isinstance(v, str) or isinstance(v, list)) and (
        not isinstance(v, list) or len(v) >= 1 and all(map(_7, v))
    )


def _38(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and all(map(_11, v))


_CHECKS_3: Checks = {"extends": _37, "actions": _38}


def _39(v: object) -> bool:
    return (
        isinstance(v, dict)
        and len(v) >= 1
        and all(_CHECKS_3.get(key, nothing)(value) for key, value in v.items())
    )


def _40(v: object) -> bool:
    return isinstance(v, dict) and all(map(_39, v.values())) and all(map(_5, v))


_CHECKS_4: Checks = {"tier": _7, "until": _7, "when": _20, "reason": _7}


_CHECKS_5: Checks = {"tier": _7, "until": _7, "when": _20, "reason": _7}


def _41(v: object) -> bool:
    return (isinstance(v, str) or isinstance(v, dict)) and (
        not isinstance(v, dict)
        or "tier" in v
        and all(_CHECKS_5.get(key, nothing)(value) for key, value in v.items())
    )


def _42(v: object) -> bool:
    return (
        (isinstance(v, str) or isinstance(v, dict) or isinstance(v, list))
        and (
            not isinstance(v, dict)
            or "tier" in v
            and all(_CHECKS_4.get(key, nothing)(value) for key, value in v.items())
        )
        and (not isinstance(v, list) or len(v) >= 1 and all(map(_41, v)))
    )


def _43(v: object) -> bool:
    return isinstance(v, dict) and all(map(_42, v.values()))


def _44(v: object) -> bool:
    return isinstance(v, bool)


def _45(v: object) -> bool:
    return v == "Allow" or v == "Deny"


def _46(v: object) -> bool:
    return isinstance(v, str) or isinstance(v, dict)


def _47(v: object) -> bool:
    return isinstance(v, str) or isinstance(v, list)


_CHECKS_6: Checks = {
    "Sid": _7,
    "Effect": _45,
    "Principal": _46,
    "NotPrincipal": _46,
    "Action": _47,
    "NotAction": _47,
    "Condition": _20,
}


def _48(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "Effect" in v
        and all(_CHECKS_6.get(key, nothing)(value) for key, value in v.items())
    )


def _49(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and all(map(_48, v))


def _50(v: object) -> bool:
    return v == "registry-policy"


def _51(v: object) -> bool:
    return v == "push" or v == "replication" or v == "pull-through-cache"


def _52(v: object) -> bool:
    return isinstance(v, list) and all(map(_51, v))


def _53(v: object) -> bool:
    return v == "mutable" or v == "immutable"


_CHECKS_7: Checks = {"kms_key": _7}


def _54(v: object) -> bool:
    return v == "aes256" or v == "kms"


def _55(v: object) -> bool:
    return (
        (isinstance(v, str) or isinstance(v, dict))
        and (
            not isinstance(v, dict)
            or "kms_key" in v
            and all(_CHECKS_7.get(key, nothing)(value) for key, value in v.items())
        )
        and (_54 if _7(v) else anything)(v)
    )


def _56(v: object) -> bool:
    return isinstance(v, dict) and len(v) <= 50 and all(map(_7, v.values()))


_CHECKS_8: Checks = {"tag_mutability": _53, "scan_on_push": _44, "encryption": _55, "tags": _56}


def _57(v: object) -> bool:
    return isinstance(v, dict) and all(
        _CHECKS_8.get(key, nothing)(value) for key, value in v.items()
    )


_CHECKS_9: Checks = {
    "access": _43,
    "inherit": _44,
    "statements": _49,
    "via": _50,
    "create_on": _52,
    "template_role": _6,
    "create": _44,
    "settings": _57,
}


def _58(v: object) -> bool:
    return (
        isinstance(v, dict)
        and all(_CHECKS_9.get(key, nothing)(value) for key, value in v.items())
        and ("template_role" not in v or "create_on" in v)
    )


def _59(v: object) -> bool:
    return isinstance(v, dict) and all(map(_58, v.values()))


_CHECKS_10: Checks = {
    "Sid": _7,
    "Effect": _45,
    "Principal": _46,
    "NotPrincipal": _46,
    "Action": _47,
    "NotAction": _47,
    "Resource": _47,
    "NotResource": _47,
    "Condition": _20,
}


def _60(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "Effect" in v
        and all(_CHECKS_10.get(key, nothing)(value) for key, value in v.items())
    )


def _61(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and all(map(_60, v))


def _62(v: object) -> bool:
    return isinstance(v, list) and len(v) >= 1 and len(v) <= 100 and all(map(_11, v))


_CHECKS_11: Checks = {"allow": _62}


def _63(v: object) -> bool:
    return v == "forbid" or v == "allow"


def _64(v: object) -> bool:
    return (
        (isinstance(v, str) or isinstance(v, dict))
        and (
            not isinstance(v, dict)
            or "allow" in v
            and all(_CHECKS_11.get(key, nothing)(value) for key, value in v.items())
        )
        and (_63 if _7(v) else anything)(v)
    )


def _65(v: object) -> bool:
    return is_integer(v) and v >= 0 and v <= 100


def _66(v: object) -> bool:
    return is_integer(v) and v >= 0


_CHECKS_12: Checks = {"percent": _65, "count": _66}


def _67(v: object) -> bool:
    return v == "none"


def _68(v: object) -> bool:
    return (
        (isinstance(v, dict) or isinstance(v, str))
        and (
            not isinstance(v, dict)
            or len(v) >= 1
            and all(_CHECKS_12.get(key, nothing)(value) for key, value in v.items())
        )
        and (_67 if _7(v) else anything)(v)
    )


_CHECKS_13: Checks = {"outside": _12}


def _69(v: object) -> bool:
    return (
        (isinstance(v, str) or isinstance(v, list) or isinstance(v, dict))
        and (
            not isinstance(v, dict)
            or "outside" in v
            and all(_CHECKS_13.get(key, nothing)(value) for key, value in v.items())
        )
        and (not isinstance(v, list) or len(v) >= 1 and all(map(_11, v)))
        and (not isinstance(v, str) or len(v) >= 1)
    )


def _70(v: object) -> bool:
    return (isinstance(v, str) or isinstance(v, list)) and (
        not isinstance(v, list) or len(v) >= 1 and all(map(_7, v))
    )


_CHECKS_14: Checks = {"never": _11, "to": _69, "on": _70, "because": _11}


def _71(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "never" in v
        and "to" in v
        and "because" in v
        and all(_CHECKS_14.get(key, nothing)(value) for key, value in v.items())
    )


def _72(v: object) -> bool:
    return isinstance(v, list) and len(v) <= 100 and all(map(_71, v))


_CHECKS_15: Checks = {"public": _64, "max_revoked": _68, "max_granted": _68, "rules": _72}


def _73(v: object) -> bool:
    return isinstance(v, dict) and all(
        _CHECKS_15.get(key, nothing)(value) for key, value in v.items()
    )


def _74(v: object) -> bool:
    return v == "ignore" or v == "report" or v == "fail"


def _75(v: object) -> bool:
    return v == "remove" or v == "keep"


_CHECKS_16: Checks = {"sid": _11, "service": _16, "principal": _11, "as_is": _44}


def _76(v: object) -> bool:
    return v == "sid" or v == "service" or v == "as_is"


def _77(v: object) -> bool:
    return not isinstance(v, dict) or all(map(_76, v))


def _78(v: object) -> bool:
    return v == "sid" or v == "principal" or v == "as_is"


def _79(v: object) -> bool:
    return not isinstance(v, dict) or all(map(_78, v))


def _80(v: object) -> bool:
    return v == "sid" or v == "as_is"


def _81(v: object) -> bool:
    return isinstance(v, dict) and all(map(_80, v))


def _82(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "sid" in v
        and all(_CHECKS_16.get(key, nothing)(value) for key, value in v.items())
        and ("service" not in v or _77(v))
        and ("principal" not in v or _79(v))
        and not _81(v)
    )


def _83(v: object) -> bool:
    return isinstance(v, list) and all(map(_82, v))


_CHECKS_17: Checks = {"default": _75, "keep": _83}


def _84(v: object) -> bool:
    return isinstance(v, dict) and all(
        _CHECKS_17.get(key, nothing)(value) for key, value in v.items()
    )


def _85(v: object) -> bool:
    return v == "keep" or v == "remove"


_CHECKS_18: Checks = {"repositories": _74, "statements": _84, "registry_statements": _85}


def _86(v: object) -> bool:
    return isinstance(v, dict) and all(
        _CHECKS_18.get(key, nothing)(value) for key, value in v.items()
    )


_CHECKS_19: Checks = {
    "version": _1,
    "registry": _9,
    "accounts": _10,
    "principals": _36,
    "tiers": _40,
    "repositories": _59,
    "registry_statements": _61,
    "guards": _73,
    "unmanaged": _86,
}


def _87(v: object) -> bool:
    return (
        isinstance(v, dict)
        and "version" in v
        and "registry" in v
        and "repositories" in v
        and all(_CHECKS_19.get(key, nothing)(value) for key, value in v.items())
    )


def is_valid(value: object) -> bool:
    """Whether a value is valid by the schema."""
    return _87(value)
