"""What a process has used, and that none is left behind. Linux only."""

from __future__ import annotations

import ctypes
import os
import signal
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_LIBC = ctypes.CDLL(None)
_SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


class UnableToMeasure(Exception):
    """Something a measurement needs is missing here or did not come about; the message says what."""


def end_with_parent() -> None:
    """Called in a new process: it is asked to end when the one that started it has ended, however that happened."""
    _LIBC.prctl(_SET_DEATH_SIGNAL, signal.SIGTERM)


def cpu_seconds(process: int) -> float:
    """What a process has used of the processors so far."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory_bytes(process: int) -> int:
    """What a process occupies of the memory now (its resident set)."""
    return int(Path(f"/proc/{process}/statm").read_text(encoding="utf-8").split()[1]) * _PAGE
