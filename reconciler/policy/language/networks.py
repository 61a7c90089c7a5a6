"""Networks of IP addresses, and how many of them still say who calls."""

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_interface

Network = IPv4Network | IPv6Network
Networks = frozenset[Network]

_WIDEST = {4: 8, 6: 32}
"""The shortest prefix length that still says who calls, by IP version."""

_MOST_ADDRESSES = {4: 2 * 2 ** (32 - 8), 6: 2 * 2 ** (128 - 32)}
"""How many addresses still do, together: twice those of the widest network."""


def read_network(value: str) -> Network:
    """Read a canonical value of an IpAddress operator."""
    return ip_interface(value).network


def read_networks(values: Iterable[str]) -> Networks:
    """Read all values of an IpAddress operator."""
    return frozenset(map(read_network, values))


@lru_cache(maxsize=4_096)
def few(networks: Networks) -> bool:
    """Tell whether networks, taken together, say who calls: none too wide, and not too many."""
    together: tuple[Network, ...] = (
        *collapse_addresses(n for n in networks if isinstance(n, IPv4Network)),
        *collapse_addresses(n for n in networks if isinstance(n, IPv6Network)),
    )
    addresses: Counter[int] = Counter()
    for network in together:
        addresses[network.version] += network.num_addresses
    return all(network.prefixlen >= _WIDEST[network.version] for network in together) and all(
        number <= _MOST_ADDRESSES[version] for version, number in addresses.items()
    )
