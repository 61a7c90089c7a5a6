"""The file's own words for principals and tiers, for telling live policies by."""

from reconciler.access.model import AccessFile
from reconciler.policy.principals import account_principal
from reconciler.policy.vocabulary import NamedPrincipal, Vocabulary


def vocabulary(access: AccessFile) -> Vocabulary:
    """Give the names of the file's principals and accounts, and its tiers."""
    named = {
        NamedPrincipal(member.name or name, member.principal, member.condition)
        for name, members in access.principals.items()
        for member in members
    }
    named |= {
        NamedPrincipal(name, account_principal(account, access.registry.partition))
        for name, account in access.accounts.items()
    }
    return Vocabulary(
        access.tiers,
        tuple(sorted(named, key=lambda n: (n.name, n.principal))),
        {account: name for name, account in sorted(access.accounts.items(), reverse=True)},
    )
