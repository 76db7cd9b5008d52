"""Messages in the customer's own page. They are kept already when they are carried, so nothing leaves and nothing can fail.

Whether one was read its reader tells, by a button on the page.
"""

from __future__ import annotations

from dataclasses import dataclass

from integrations.messaging import Accepted, Message, Outcome


@dataclass(frozen=True, slots=True)
class Portal:
    name: str = "portal"

    def carry(self, message: Message) -> Outcome:
        """The page shows the message from now on; it has arrived once its reader says so."""
        return Accepted(provider_id=message.key, receipts=True)
