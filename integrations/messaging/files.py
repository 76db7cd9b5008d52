"""Files that are there whole or not at all, and logs whose lines never mix."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from urllib.parse import quote


def file_of(key: str, ending: str = "eml") -> str:
    """The name of the file that keeps the message ``key``."""
    return f"{quote(key, safe='')}.{ending}"


def replace_file(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path``, on disk before this returns. Raises OSError."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def append(path: Path, line: bytes) -> None:
    """Add ``line`` to ``path``, on disk before this returns. Raises OSError."""
    # One write in append mode: lines of several threads and processes never mix.
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line)
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
