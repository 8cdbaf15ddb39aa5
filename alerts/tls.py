"""SSL contexts, made once: each costs 30 ms of CPU, because it loads all certificate authorities."""

from __future__ import annotations

import ssl
from functools import lru_cache

__all__ = ["context"]


@lru_cache(maxsize=2)
def context(verify: bool) -> ssl.SSLContext:
    """A client's context; without `verify`, which a user must ask for in the URL, it accepts any certificate."""
    made = ssl.create_default_context()
    if not verify:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    return made
