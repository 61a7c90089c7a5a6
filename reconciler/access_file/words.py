"""The file's own words for principals and tiers, for telling live policies by."""

from reconciler.access_file.model import AccessFile
from reconciler.model.display_names import DisplayNames, NamedPrincipal
from reconciler.policy.language.principals import account_principal


def display_names_of(access: AccessFile) -> DisplayNames:
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
    return DisplayNames(
        access.tiers,
        tuple(sorted(named, key=lambda n: (n.name, n.principal))),
        {account: name for name, account in sorted(access.accounts.items(), reverse=True)},
    )
