"""The pretend Twilio in a process of its own, the official client against it, and the customer's web address that it tells everything."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from examples.append_log import read_log

ROOT = Path(__file__).parents[2]
ACCOUNT, TOKEN = "AC" + "7" * 32, "0123456789abcdef"


class Elsewhere(TwilioHttpClient):
    """Twilio's own way over HTTP, but to another host: its client has no setting for that."""

    def __init__(self, address: str, timeout: float = 10) -> None:
        super().__init__(timeout=timeout)
        assert self.session is not None
        self.session.trust_env = False
        self._address = address

    def request(self, method: str, url: str, *args: Any, **more: Any) -> Response:
        parts = urlsplit(url)
        return super().request(method, self._address + parts.path + (f"?{parts.query}" if parts.query else ""), *args, **more)


@dataclass(frozen=True)
class Post:
    """One request that the provider made: ``url`` as it was meant, query and all."""

    url: str
    form: dict[str, str]
    signature: str
    settings: str


@dataclass
class TwilioWorld:
    """``pages`` answers requests whose path begins so; ``statuses`` are answered before that, in turn, to requests whose path begins so;
    all else gets 204."""

    address: str = ""
    log: Path = Path()
    url: str = ""
    pages: dict[str, Callable[[Post], str]] = field(default_factory=dict)
    statuses: dict[str, list[int]] = field(default_factory=dict)
    posts: list[Post] = field(default_factory=list)
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60, trust_env=False))

    def client(self, token: str = TOKEN, timeout: float = 60) -> Client:
        return Client(ACCOUNT, token, http_client=Elsewhere(self.address, timeout))

    def put(self, path: str, body: Any) -> httpx.Response:
        answer = self.http.put(self.address + path, json=body)
        answer.raise_for_status()
        return answer

    def post(self, path: str, body: Any) -> Any:
        answer = self.http.post(self.address + path, json=body)
        answer.raise_for_status()
        return answer.json()

    def lines(self, what: str, sid: str = "") -> list[dict[str, Any]]:
        return [line for line in read_log(self.log) if line["what"] == what and (not sid or sid in (line.get("sid"), line.get("call")))]

    def told(self, sid: str, number: int) -> list[Post]:
        """What was told of one message or call, once that is at least ``number`` things."""

        def of_it() -> list[Post]:
            return [post for post in self.posts if sid in (post.form.get("MessageSid"), post.form.get("CallSid")) and "/status" in post.url]

        until(lambda: len(of_it()) >= number)
        return of_it()

    def heard(self, sid: str) -> list[dict[str, Any]]:
        """Every word of a call, once it is over."""
        until(lambda: bool(self.lines("call ended", sid)))
        (call,) = (call for call in self.http.get(f"{self.address}/calls").json() if call["sid"] == sid)
        return list(call["words"])


def until(is_so: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not so after {seconds:.0f} s: {is_so}"
        time.sleep(0.01)


@contextmanager
def twilio_world(folder: Path) -> Iterator[TwilioWorld]:
    world = TwilioWorld()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"] or 0)).decode()
            form = dict(parse_qsl(body, keep_blank_values=True, errors="strict"))
            post = Post(world.url + self.path, form, self.headers["X-Twilio-Signature"], self.headers["X-Twilio-Webhooks-Signature-Settings"])
            planned = next((left for path, left in world.statuses.items() if self.path.startswith(path) and left), None)
            status = planned.pop(0) if planned else 200
            text = next((page(post) for path, page in world.pages.items() if self.path.startswith(path)), "") if status == 200 else ""
            world.posts.append(post)
            self.send_response(status if status != 200 or text else 204)
            if text:
                self.send_header("content-type", "application/xml")
            self.send_header("content-length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    world.url, world.log = f"http://127.0.0.1:{server.server_port}", folder / "twilio.jsonl"
    command = [sys.executable, "examples/pretend_twilio.py", "--port-file", str(folder / "port"), "--log", str(world.log)]
    command += ["--account", ACCOUNT, "--token", TOKEN, "--sms-url", f"{world.url}/sms"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        until(lambda: (folder / "port").exists() or process.poll() is not None)
        world.address = f"http://127.0.0.1:{(folder / 'port').read_text()}"
        yield world
    finally:
        process.terminate()
        process.wait(60)
        server.shutdown()
        server.server_close()
