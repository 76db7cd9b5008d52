"""The writing model is off until it is configured, and a setting that cannot be used is named."""

from __future__ import annotations

import pytest

from settings import Settings, UnableToConfigure
from worker import connect_writer


def test_no_model_is_used_unless_one_is_configured() -> None:
    assert connect_writer(Settings(writing_model_url="")) is None


def test_a_configured_model_words_the_texts_that_are_named_and_keeps_its_key_to_itself() -> None:
    writer = connect_writer(
        Settings(writing_model_url="http://127.0.0.1:11434/v1/", writing_model_name="qwen", writing_model_key="s3cret", writing_for="personal-note, my-note")
    )
    assert writer is not None
    assert (writer.name, writer.texts) == ("qwen", {"personal-note", "my-note"})
    assert "s3cret" not in repr(writer)


@pytest.mark.parametrize(
    ("url", "name", "said"), [("nowhere", "m", "WRITING_MODEL_URL"), ("ftp://host/v1", "m", "WRITING_MODEL_URL"), ("http://host/v1", " ", "WRITING_MODEL_NAME")]
)
def test_a_setting_that_cannot_be_used_is_named_with_its_remedy(url: str, name: str, said: str) -> None:
    with pytest.raises(UnableToConfigure, match=said):
        connect_writer(Settings(writing_model_url=url, writing_model_name=name))
