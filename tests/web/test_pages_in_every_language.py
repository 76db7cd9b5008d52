"""The pages behind the links of an e-mail speak the language in which their reader is written to, and a stranger's browser's."""

from __future__ import annotations

import re
from string import Formatter

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text as sql

from db import answer_links, pay_links, schema, unsubscribe_links
from playbooks.language import languages
from playbooks.statement import link_words
from support.office import Office

LANGUAGES = languages()


def write_in(office: Office, language: str, *, contact: str = "") -> tuple[str, str, str]:
    """The three links of a message to somebody who reads that language: to answer, to stop, to pay."""
    customer = office.customer()
    invoice = office.invoice("A-1", customer, late=-7)
    message = office.message(invoice, customer)
    with office.database.transaction() as connection:
        connection.execute(schema.customers.update().values(language=language))
        connection.execute(schema.contacts.update().values(language=contact))
        contact_id = connection.execute(sql("select min(id) from contacts")).scalar_one()
        connection.execute(schema.outreach.update().values(reach="billing@c-1.example", contact_id=contact_id))
        answer = answer_links.make_link(connection, message, office.now)
        stop, pay = unsubscribe_links.make_link(connection, message), pay_links.make_link(connection, message, invoice, office.now)
    return f"/answer/{answer}", f"/unsubscribe/{stop}", f"/pay/{pay}"


def read(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page).replace("&#39;", "'").split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_speaks_the_language_of_its_reader(outside: TestClient, office: Office, language: str) -> None:
    answer, stop, pay = write_in(office, language)
    words = link_words(language)
    asked, stopping, paying = (outside.get(path) for path in (answer, stop, pay))
    for page in (asked, stopping, paying):
        assert page.status_code == 200 and f'<html lang="{language}">' in page.text
        assert "Brightwater Tools" in page.text
    for name in ("asked_one", "given", "scheduled", "scheduled_day", "again_one", "wrong_words", "rules"):
        assert words[name] in read(asked.text), name
    assert words["mail_asked"] in read(stopping.text) and words["mail_button"] in read(stopping.text)
    assert words["pay_offline"].format(number="A-1") in read(paying.text)
    assert words["mail_done"] in read(outside.post(stop).text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_follows_an_answer_and_what_is_wrong_with_one_are_said_in_it_too(outside: TestClient, office: Office, language: str) -> None:
    answer, _, _ = write_in(office, language)
    words = link_words(language)
    assert words["choose"] in read(outside.post(f"{answer}/again", data={"invoice": "7"}).text)
    assert words["thanks_again_one"] in read(outside.post(f"{answer}/again", data={"invoice": "0"}).text)
    late = outside.post(f"{answer}/scheduled", data={"invoice": "0", "day": "2031-01-01"})
    assert late.status_code == 422 and words["day_wrong"].partition("{")[0] in read(late.text)
    day = outside.post(f"{answer}/scheduled", data={"invoice": "0", "day": office.today.isoformat()})
    said = {"en": "4 March 2026", "de": "4. März 2026", "fr": "4 mars 2026", "es": "4 de marzo de 2026"}[language]
    assert said in read(day.text)


def test_a_contact_has_a_language_of_its_own_and_amounts_follow_the_country(outside: TestClient, office: Office) -> None:
    answer, _, _ = write_in(office, "en", contact="fr")
    page = outside.get(answer)
    assert '<html lang="fr">' in page.text and "1 200,00 €" in read(page.text).replace("\u202f", " ")


def test_a_language_without_words_is_answered_in_english(outside: TestClient, office: Office) -> None:
    answer, stop, pay = write_in(office, "pt")
    for path in (answer, stop, pay):
        assert '<html lang="en">' in outside.get(path, headers={"Accept-Language": "de"}).text


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", "de"),
        ("en;q=0.3, FR;q=0.8", "fr"),
        ("pt-BR, es;q=0.1", "es"),
        ("nl", "en"),
        ("", "en"),
        ("*;q=5,\x00,de;q=x,,;;" + "a" * 5000, "en"),
    ],
)
def test_who_follows_a_link_that_leads_nowhere_reads_it_in_the_language_of_the_browser(outside: TestClient, asked: str, language: str) -> None:
    for path in ("/answer/", "/unsubscribe/", "/pay/"):
        page = outside.get(path + "A" * 43, headers={"Accept-Language": asked.replace("\x00", "0")})
        assert page.status_code == 404 and f'<html lang="{language}">' in page.text
        assert link_words(language)["mail_unknown" if path == "/unsubscribe/" else "unknown"] in read(page.text)


def test_a_stranger_learns_nothing_of_the_reader_from_the_language(outside: TestClient, office: Office) -> None:
    write_in(office, "de")
    assert '<html lang="en">' in outside.get("/answer/" + "A" * 43).text


def test_every_language_has_the_same_words_with_the_same_things_put_in() -> None:
    def holes(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    english = link_words("en")
    for language in LANGUAGES:
        words = link_words(language)
        assert words.keys() == english.keys(), language
        for name, text in words.items():
            assert text.strip() == text and holes(text) == holes(english[name]), (language, name)
            assert language == "en" or text != english[name] or name in {"pay_title_unknown", "mail_title_unknown"}, (language, name)


def test_the_reader_of_a_message_is_found_even_when_the_contact_is_gone(outside: TestClient, office: Office) -> None:
    answer, _, _ = write_in(office, "de", contact="fr")
    with office.database.transaction() as connection:
        connection.execute(sql("update outreach set contact_id = 'gone'"))
    assert '<html lang="de">' in outside.get(answer).text
