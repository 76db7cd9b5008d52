"""The words of a mail that are its writer's own, and a colleague's answer that he passes on."""

from __future__ import annotations

from integrations.messaging.quotes import own_words

OUTLOOK = """Von: Sievers, Maren
Gesendet: Dienstag, 3. August 2027 12:58
An: Lager Peine
Betreff: AW: Zahlungserinnerung 88123

Hi Uwe, ich zahl das denen morgen.
Maren"""
GMAIL = """---------- Forwarded message ---------
From: Linda Marchetti
Date: Tue, Jul 13, 2027 at 10:21 AM
Subject: Re: past due notice
To: Jess Oyelaran

Yes, that's legit. Pay them Thursday.
L"""
APPLE = """Begin forwarded message:

> From: Linda Marchetti <linda@orchard.example>
> Date: 13 July 2027 at 10:21:00 BST
> To: Jess Oyelaran <jess@orchard.example>
>
> Pay them Thursday.
> L"""
OUR_REMINDER = """From: Harbor Supply <billing@harbor.example>
Sent: Monday, July 12, 2027 9:00 AM
To: Jess Oyelaran
Subject: Invoice 88123

Please pay by Friday."""


def test_a_colleagues_answer_counts_where_the_writer_passes_it_on_with_the_moment_it_was_written() -> None:
    found = own_words(f"Hallo,\nhier die Antwort aus der Zentrale zur Kenntnis.\nGruß, Lagerbüro Peine\n\n{OUTLOOK}")
    assert "Gesendet: Dienstag, 3. August 2027 12:58\nHi Uwe, ich zahl das denen morgen." in found
    assert "Betreff" not in found
    assert "Lagerbüro" not in found
    found = own_words(f"Hi, forwarding you the answer I got from my boss.\nJess\n\n{GMAIL}")
    assert "Date: Tue, Jul 13, 2027 at 10:21 AM\nYes, that's legit. Pay them Thursday." in found
    assert "Forwarded" not in found


def test_an_answer_passed_on_behind_angle_brackets_is_read() -> None:
    found = own_words(f"Here's what my boss says.\n\n{APPLE}")
    assert "Date: 13 July 2027 at 10:21:00 BST\nPay them Thursday." in found


def test_what_the_colleague_answered_to_is_left_out() -> None:
    assert "Friday" not in own_words(f"See my colleague's reply below.\n\n{GMAIL}\n\n{OUR_REMINDER}")


def test_our_own_mail_below_an_answer_is_no_word_of_the_customers() -> None:
    for said in ("We are looking into it.", "I have forwarded your reminder to our accounts team.", "See below, who handles this?"):
        assert own_words(f"{said}\n\n{OUR_REMINDER}") == said


def test_the_writers_own_words_can_be_had_without_what_he_passes_on() -> None:
    assert own_words(f"Here is her answer.\n\n{GMAIL}", passed_on=False).startswith("Here is her answer.")
    assert "Thursday" not in own_words(f"Here is her answer.\n\n{GMAIL}", passed_on=False)
