"""How what travels through Temporal is read: strictly where a type is expected, and without fail where anything may be said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import CompositePayloadConverter, DataConverter, DefaultPayloadConverter, JSONPlainPayloadConverter

_LONGEST_LOOK = 500


# One for all runs, each of which has a converter of its own: to learn the shape of a type takes longer than to read a case.
_JSON = PydanticJSONPlainPayloadConverter()


class ForgivingPayloadConverter(CompositePayloadConverter):
    """Makes a text of what cannot be read, where no type is expected: in the arguments of a signal or an update.

    Otherwise the server's library would drop such a signal before anything of ours had seen it.
    """

    def __init__(self) -> None:
        usual = DefaultPayloadConverter.default_encoding_payload_converters
        super().__init__(*(_JSON if isinstance(one, JSONPlainPayloadConverter) else one for one in usual))

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type] | None = None) -> list[Any]:
        """One value a payload. Raises RuntimeError or ValueError only where ``type_hints`` say what is expected."""
        if type_hints:
            return super().from_payloads(payloads, type_hints)
        return [self._read(payload) for payload in payloads]

    def _read(self, payload: Payload) -> object:
        try:
            return super().from_payloads([payload])[0]
        except Exception:  # whatever the bytes are, and whatever they claim to be
            encoding = payload.metadata.get("encoding", b"no encoding")[:100].decode(errors="replace")
            return f"what cannot be read as {encoding}: {payload.data[:_LONGEST_LOOK].decode(errors='replace')}"


data_converter = DataConverter(payload_converter_class=ForgivingPayloadConverter)
