"""What a database can keep as text."""

from __future__ import annotations

from typing import Any


def storable(text: str) -> str:
    """``text`` without what no database keeps as text: NUL, and halves of surrogate pairs."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def storable_all(fields: dict[str, Any]) -> dict[str, Any]:
    """``fields`` with every text among the values made storable."""
    return {name: storable(value) if isinstance(value, str) else value for name, value in fields.items()}
