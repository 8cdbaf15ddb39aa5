"""A hash of a page that does not change when only its tokens do.

Most pages carry something that differs in every answer: a CSRF token, a CSP nonce, the hash in an asset's name. The
state's fingerprint is blind to such tokens (`analysis.normal.mask_token`), so two bodies that differ in nothing else
are in one state, and neither extraction nor storage has anything to gain from the second. This is cheap where
extraction is not: it looks at the bytes once.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from analysis.normal import mask_token

__all__ = ["quiet_hash"]

_OTHER = bytes(
    code if chr(code).isascii() and (chr(code).isalnum() or chr(code) in "_-") else 0x20 for code in range(256)
)
_SHORTEST = 16
_DIGITS = b"0123456789"


def quiet_hash(body: bytes, keep: str = "") -> str:
    """SHA-256, in hexadecimal, of the body without its tokens.

    Parameters:
        keep: text whose tokens count all the same, such as the selectors: a page whose `#a81f…` is gone has changed.
    """
    words = set(body.translate(_OTHER).split())  # a third of the time that a regular expression takes
    for word in sorted((word for word in words if len(word) >= _SHORTEST), key=len, reverse=True):
        masked = _masked(word)
        if masked != word and word.decode("ascii") not in keep:
            body = body.replace(word, masked)
    return hashlib.sha256(body).hexdigest()


@lru_cache(maxsize=8192)
def _masked(word: bytes) -> bytes:
    if not word.strip(_DIGITS) or word.translate(None, _DIGITS) == word:
        return word  # a number, or no digit at all: no token
    return mask_token(word.decode("ascii")).encode()
