"""Which IP addresses are public, and which lead to this machine or its own network. Pure."""

from __future__ import annotations

import ipaddress

_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: IPv4 behind a translator


def is_public(address: str) -> bool:
    """Whether an IP address leads into the public network, also by what it carries inside.

    False for private, loopback, link-local, shared, multicast and reserved addresses, for IPv6
    ones that stand for such an IPv4 address, and for what is no IP address.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if inner is None and found in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(str(inner))
        if found.teredo is not None or found.is_site_local:
            return False
    return found.is_global and not (
        found.is_multicast
        or found.is_reserved
        or found.is_loopback
        or found.is_link_local
        or found.is_private
        or found.is_unspecified
    )
