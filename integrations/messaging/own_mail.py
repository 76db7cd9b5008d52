"""Mails that a person wrote, out of the files in which mail programs keep them: what stands in each of its writer's own words."""

from __future__ import annotations

import mailbox
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from integrations.messaging.mime_in import read_mail
from integrations.messaging.quotes import own_words

_MOST_MAILS = 5_000
_LARGEST = 25 * 1024 * 1024
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
# What lies in folders of mail programs beside the mails.
_STRANGE = {".msf", ".dat", ".json", ".pdf", ".png", ".jpg", ".zip", ".html", ".db", ".pst", ".msg"}


class UnableToReadMails(Exception):
    """There is no mail where one was to be; the message names the file and the remedy."""


def read_mails(places: Iterable[Path], addresses: frozenset[str]) -> tuple[tuple[str, ...], int]:
    """The texts of these .eml, .txt and mbox files and folders, without what they quote, and how many mails others had written.

    Of mails only those from one of ``addresses`` (small letters) are taken; a .txt file is taken as it is. Raises UnableToReadMails.
    """
    texts, others = [], 0
    for file in _files(places):
        for text in _read(file, addresses):
            if text is None:
                others += 1
            elif text.strip():
                texts.append(text)
            if len(texts) + others >= _MOST_MAILS:
                return tuple(texts), others
    return tuple(texts), others


def _files(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        if place.is_dir():
            yield from (path for path in sorted(place.rglob("*")) if path.is_file() and path.suffix.lower() not in _STRANGE and not path.name.startswith("."))
        elif place.is_file():
            yield place
        else:
            raise UnableToReadMails(f"{place}: there is no such file or folder; name .eml or .txt files, an mbox file, or the folder they are in")


def _read(file: Path, addresses: frozenset[str]) -> Iterator[str | None]:
    """The texts of one file; None for each mail that somebody else wrote."""
    with file.open("rb") as opened:
        raw = opened.read(_LARGEST + 1)
    if file.suffix.lower() == ".txt":
        yield own_words(raw[:_LARGEST].decode("utf-8", "replace"), passed_on=False)
    elif file.suffix.lower() == ".mbox" or raw.startswith(b"From "):
        box = mailbox.mbox(file, create=False)
        try:
            for key in box.iterkeys():
                yield _own(box.get_bytes(key), addresses)
        finally:
            box.close()
    elif b"from:" in raw[:20_000].lower() and len(raw) <= _LARGEST:
        yield _own(raw, addresses)


def _own(raw: bytes, addresses: frozenset[str]) -> str | None:
    mail = read_mail(raw, source="file", source_id="", received_at=_NEVER, from_us=True)
    if mail.sender.lower() not in addresses:
        return None
    return own_words(mail.text, passed_on=False)
