"""An appointment for a calendar (RFC 5545), for what a colleague must do: the same task is one appointment, however often it is fetched."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from icalendar import Alarm, Calendar, Event

from domain.calendar import zone

_BEGINS, _LASTS = time(9), timedelta(minutes=15)


def write_invitation(task: str, title: str, text: str, day: date, zone_name: str, *, made_at: datetime) -> bytes:
    """A quarter of an hour on the morning of ``day``, on the clocks of ``zone_name``. ``task`` is our id of the task."""
    begins = datetime.combine(day, _BEGINS, zone(zone_name))
    event = Event()
    event.add("uid", f"{task}@dunwell")
    event.add("dtstamp", made_at.astimezone(UTC))
    event.add("dtstart", begins.astimezone(UTC))
    event.add("dtend", (begins + _LASTS).astimezone(UTC))
    event.add("summary", title)
    event.add("description", text)
    reminder = Alarm()
    reminder.add("action", "DISPLAY")
    reminder.add("description", title)
    reminder.add("trigger", timedelta(minutes=-5))
    event.add_component(reminder)
    calendar = Calendar()
    calendar.add("prodid", "-//Dunwell//dunwell//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written
