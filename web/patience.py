"""How often one link may be used to ask something of us."""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import datetime, timedelta

_MOST_KNOWN = 10_000


class Patience:
    """So many times ``within`` a while for each key, counted in this process."""

    def __init__(self, most: int, within: timedelta) -> None:
        self._most = most
        self._within = within
        self._used: OrderedDict[str, deque[datetime]] = OrderedDict()

    def allows(self, key: str, now: datetime) -> bool:
        """Whether once more is not too often; if so, it counts."""
        used = self._used.setdefault(key, deque())
        self._used.move_to_end(key)
        while len(self._used) > _MOST_KNOWN:
            self._used.popitem(last=False)
        while used and used[0] <= now - self._within:
            used.popleft()
        if len(used) >= self._most:
            return False
        used.append(now)
        return True
