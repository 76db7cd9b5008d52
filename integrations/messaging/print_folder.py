"""Letters into a folder: each as PDF, ready to be printed and posted by a person of ours.

Beside them stands ``printed.jsonl``, a line for each letter accepted. A letter is there whole or not at all.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from integrations.messaging import Accepted, Message, Outcome, Refused, Unknown
from integrations.messaging.files import append, file_of, replace_file

LOG = "printed.jsonl"


@dataclass(frozen=True, slots=True)
class PrintFolder:
    """Writes into ``folder``. What it accepts still has to be posted: nobody can say yet that it has arrived."""

    folder: Path
    name: str = "print"

    def carry(self, message: Message) -> Outcome:
        """Put the letter into the folder. A message without one is refused."""
        if not message.attachments:
            return Refused("there is no letter to print", try_again=False)
        file = file_of(message.key, "pdf")
        try:
            replace_file(self.folder / file, message.attachments[0].content)
        except OSError as error:
            return Refused(f"could not write {file} into {self.folder} ({error.strerror}); free space or correct the rights", try_again=True)
        line = {"at": datetime.now(UTC).isoformat(), "key": message.key, "covers": message.covers, "file": file}
        try:
            append(self.folder / LOG, json.dumps(line).encode() + b"\n")
        except OSError as error:
            return Unknown(f"{file} is written, but {LOG} is not ({error.strerror})")
        return Accepted(provider_id=file)


def connect(folder: Path) -> PrintFolder:
    """A messenger that puts letters into ``folder``, which is made when missing. Raises OSError when it cannot be."""
    folder.mkdir(parents=True, exist_ok=True)
    os.chmod(folder, 0o700)
    return PrintFolder(folder)
