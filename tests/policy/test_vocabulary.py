import pytest

from reconciler.policy.principals import EVERYONE, Principal, service_principal
from reconciler.policy.tiers import BUILT_IN_TIERS
from reconciler.policy.vocabulary import Vocabulary
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
    vocabulary = Vocabulary({**BUILT_IN_TIERS, "fetch": BUILT_IN_TIERS["lambda"]})
    assert vocabulary.tiers.keys() - vocabulary.tiers_of(principal).keys() == {"lambda"}
    assert vocabulary.tiers_of(service_principal("lambda.amazonaws.com")) == vocabulary.tiers
