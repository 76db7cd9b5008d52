"""A service with a language model behind it, which says whatever a test, or an attacker, wants of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Model(ThreadingHTTPServer):
    """Says ``answer`` to everybody, after ``wait`` seconds, in pieces of one byte with ``drip`` seconds between them where that is set.

    ``asked`` are the questions it got, and ``headers`` and ``paths`` what stood above them.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.answer: bytes = b""
        self.status, self.wait, self.drip = 200, 0.0, 0.0
        self.more: dict[str, str] = {}
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def say(self, content: object) -> None:
        """Answer with ``content``: a text as it stands, anything else as JSON."""
        said = content if isinstance(content, str) else json.dumps(content)
        self.answer = json.dumps({"choices": [{"message": {"role": "assistant", "content": said}}]}).encode()

    def draft(self, *paragraphs: str) -> None:
        self.say({"paragraphs": paragraphs})


class _Answering(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        model = self.server
        assert isinstance(model, Model)
        model.headers.append({name.lower(): value for name, value in self.headers.items()})
        model.paths.append(self.path)
        model.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        model.over.wait(model.wait)
        with suppress(OSError):  # whoever asked may have gone
            self.send_response(model.status)
            for name, value in model.more.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(model.answer)))
            self.end_headers()
            for piece in [model.answer[at : at + 1] for at in range(len(model.answer))] if model.drip else [model.answer]:
                self.wfile.write(piece)
                model.over.wait(model.drip)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def a_model() -> Iterator[Model]:
    model = Model()
    thread = threading.Thread(target=model.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield model
    finally:
        model.over.set()
        model.shutdown()
        model.server_close()
        thread.join()
