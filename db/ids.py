"""Our own opaque ids: they say what they name, and nothing about it."""

from __future__ import annotations

from hashlib import sha256
from secrets import token_hex


def new_id(prefix: str) -> str:
    return f"{prefix}_{token_hex(10)}"


def lasting_id(prefix: str, *words: str) -> str:
    """An id that the same words always give, so that what was known by it elsewhere is known by it again."""
    return f"{prefix}_{sha256(chr(0).join(words).encode()).hexdigest()[:20]}"
