"""What answers HELP by text message: who writes, how to reach a person, and how to stop, as carriers ask of every sender."""

from __future__ import annotations

from dataclasses import dataclass

from domain.seller import Seller
from domain.texting import MOST_SEGMENTS, count_segments, simplify
from playbooks.phrases import clean


@dataclass(frozen=True, slots=True)
class _Text:
    """``ways`` stand where {ways} does: by phone, by mail."""

    who: str
    person: str
    phone: str
    email: str
    stop: str


_TEXTS = {
    "en": _Text(
        "{seller}: we text about your invoices, as often as they need.",
        "For a person, reply here{ways}.",
        " or call {phone}",
        " or write to {email}",
        "Message and data rates may apply. Reply STOP to stop texts.",
    ),
    "de": _Text(
        "{seller}: Wir schreiben wegen Ihrer Rechnungen, so oft es dafür nötig ist.",
        "Mit einem Menschen sprechen: hier antworten{ways}.",
        ", anrufen: {phone}",
        ", E-Mail an {email}",
        "SMS kosten nach Ihrem Tarif. Keine SMS mehr? STOP antworten.",
    ),
    "fr": _Text(
        "{seller} : nous écrivons au sujet de vos factures, aussi souvent que nécessaire.",
        "Pour parler à quelqu'un, répondez ici{ways}.",
        " ou appelez le {phone}",
        " ou écrivez à {email}",
        "SMS au tarif de votre opérateur. Plus de SMS : STOP.",
    ),
    "es": _Text(
        "{seller}: le escribimos sobre sus facturas, cuando hace falta.",
        "Para hablar con una persona, responda a este SMS{ways}.",
        " o llame al {phone}",
        " o escriba a {email}",
        "Cada SMS cuesta lo que diga su tarifa. Para no recibir SMS, responda STOP.",
    ),
}
# Who asks in a language reads it.
_ASKED_IN = {"hilfe": "de", "aide": "fr", "ayuda": "es"}


def write_help(seller: Seller, asked: str, language: str) -> str:
    """The text for whoever wrote ``asked``, in the language of that word, else in ``language``, else in English. Never longer
    than a text message may be: a way to reach us is left out first."""
    words = _TEXTS.get(_ASKED_IN.get(asked.strip(" .!?").casefold(), language), _TEXTS["en"])
    phone = words.phone.replace("{phone}", clean(seller.phone)) if seller.phone else ""
    email = words.email.replace("{email}", clean(seller.reply_to or seller.sender_email))
    who = words.who.replace("{seller}", clean(seller.name)[:80])
    texts = [simplify(f"{who} {words.person.replace('{ways}', ways)} {words.stop}") for ways in (phone + email, phone, "")]
    return next((text for text in texts if count_segments(text) <= MOST_SEGMENTS), texts[-1])
