"""The file's own words for principals and tiers, for telling live policies by."""

from reconciler.access_file.model import AccessFile
from reconciler.model.display_names import DisplayNames
from reconciler.policy.language.principals import account_principal
from reconciler.policy.meaning.facts import NamedPrincipal


def display_names_of(access: AccessFile) -> DisplayNames:
    """Give the names of the file's principals and accounts, and its tiers."""
    named = {
        NamedPrincipal(member.principal, member.condition, member.name or name)
        for name, members in access.principals.items()
        for member in members
    }
    named |= {
        NamedPrincipal(account_principal(account, access.registry.partition), name=name)
        for name, account in access.accounts.items()
    }
    return DisplayNames(
        access.tiers,
        tuple(sorted(named, key=lambda n: (n.name or "", n.principal))),
        {account: name for name, account in sorted(access.accounts.items(), reverse=True)},
    )
