"""Which reference rates of statutory interest are needed here, and missing."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from db.engine import Database
    from domain.interest import InterestLaw
    from settings import Settings


def find_gaps(database: Database, settings: Settings, today: date) -> tuple[tuple[InterestLaw, ...], tuple[tuple[InterestLaw, date], ...]]:
    """The laws by which playbooks in use name interest, and the half-years (by their first day) whose rate a letter of today would lack.

    Raises UnableToLoad when a playbook or the table cannot be read.
    """
    import playbooks
    from db.playbooks import list_followed
    from domain.interest import find_missing
    from playbooks.rates import load_rates

    rates = load_rates(settings.own_playbooks)
    with database.reading() as connection:
        followed = [(playbooks.from_resolved(resolved), due) for resolved, due in list_followed(connection)]
    # What begins to be late today is reckoned by the rate of today.
    followed.append((playbooks.load(settings.playbook, settings.own_playbooks), today - timedelta(days=1)))
    used = sorted({(playbook.interest, due) for playbook, due in followed if playbook.interest})
    gaps = sorted({(law, since) for law, due in used for since in find_missing(law, due, today, rates)})
    return tuple(sorted({law for law, _ in used})), tuple(gaps)
