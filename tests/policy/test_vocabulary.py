import pytest

from reconciler.model.access import DisplayNames
from reconciler.policy.language.principals import EVERYONE, Principal, service_principal
from reconciler.policy.meaning.tiers import BUILT_IN_TIERS
from tests.policy.making import ROLE, ROOT

OTHERS = [
    EVERYONE,
    Principal("AWS", (ROLE,)),
    Principal("AWS", (ROOT,)),
    Principal("NotPrincipal", ("Service:lambda.amazonaws.com",)),
    Principal("AWS", ("AROAEXAMPLEEXAMPLEID",)),
]


@pytest.mark.parametrize("principal", OTHERS)
def test_lambda_tells_of_services_alone(principal: Principal) -> None:
    display_names = DisplayNames({**BUILT_IN_TIERS, "fetch": BUILT_IN_TIERS["lambda"]})
    assert display_names.tiers.keys() - display_names.tiers_of(principal).keys() == {"lambda"}
    assert display_names.tiers_of(service_principal("lambda.amazonaws.com")) == display_names.tiers
