"""What nobody can read is still heard, as a text that says so; where a type is expected, nothing else is taken for it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload

from workflows.contract import Start, spell
from workflows.payloads import data_converter

UNREADABLE = {
    "broken JSON": ({"encoding": b"json/plain"}, b"{"),
    "half a surrogate pair": ({"encoding": b"json/plain"}, b'"\\ud800"'),
    "lists in lists in lists": ({"encoding": b"json/plain"}, b"[" * 9_000 + b"]" * 9_000),
    "thousands of digits": ({"encoding": b"json/plain"}, b"9" * 5_000),
    "no encoding": ({}, b"hello"),
    "an encoding nobody knows": ({"encoding": b"\xff\xfe"}, b"\x00\xff"),
    "something where nothing should be": ({"encoding": b"binary/null"}, b"x"),
    "a message of no known type": ({"encoding": b"json/protobuf", "messageType": b"no.such.Type"}, b"{}"),
}


@pytest.mark.parametrize("metadata, data", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_becomes_a_text_that_says_so(metadata: dict[str, bytes], data: bytes) -> None:
    readable = Payload(metadata={"encoding": b"json/plain"}, data=b'{"why": "x"}')
    first, second = data_converter.payload_converter.from_payloads([Payload(metadata=metadata, data=data), readable])
    assert first.startswith("what cannot be read as ")
    assert len(first) < 1_000
    assert second == {"why": "x"}


def test_where_a_type_is_expected_nothing_else_is_taken_for_it() -> None:
    for data in (b"{", b'{"words_heard": 1}', b'"x"'):
        with pytest.raises(Exception, match=r"could not be converted|validation error|Invalid JSON"):
            data_converter.payload_converter.from_payloads([Payload(metadata={"encoding": b"json/plain"}, data=data)], [Start])


def _deep() -> list[Any]:
    made: list[Any] = []
    for _ in range(50_000):
        made = [made]
    return made


@pytest.mark.parametrize("thing", [10**5_000, _deep(), b"\xff" * 9_000, float("nan"), "\ud800", {1: object()}, "\\" * 9_000], ids=type)
def test_anything_at_all_can_be_spelled_and_not_at_length(thing: object) -> None:
    said = spell([thing])
    assert said.isascii()
    assert len(said) < 8_100


def test_what_was_cut_says_so() -> None:
    said = spell(["x" * 20_000])
    assert said.endswith("(cut: it was 20004 characters long)")
    assert json.loads(spell(["x" * 5_000])) == ["x" * 5_000]
