"""The rules of law that limit how a seller may contact the businesses that owe it, as dated data.

They bind a first party: a seller who asks, in its own name, for money that businesses owe it. Left out are rules that bind
only agencies or protect only consumers (Regulation F itself, 940 CMR 7, New York City, RCW 19.16, UK and Ontario codes), rules
about interest and fixed sums (``domain/interest.py``), and the FCC's cap on prerecorded calls to homes without consent: here none is made without consent.
Not legal advice; figures marked "from memory" want a lawyer's eye before anybody relies on them.
"""

from __future__ import annotations

from datetime import date, time

from domain.statute import EVERY_DAY, MONDAY_TO_FRIDAY, Cap, Disclosure, Hours, Per, Rule, Technology

# Grows with every change below; it is stored with each decision, so that an auditor can make the decision again.
VERSION = "2026-11-21"

# fmt: off
EU_MEMBERS = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
    "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})
_ALL_PARTY_STATES = frozenset({
    "US-CA", "US-CT", "US-DE", "US-FL", "US-IL", "US-MA", "US-MD", "US-MT", "US-NH", "US-NV", "US-PA", "US-WA",
})
# fmt: on

_CALL = frozenset({"call"})
_TEXT_AND_CALL = frozenset({"sms", "call"})
_MACHINE_VOICE = frozenset({Technology.AI_VOICE, Technology.PRERECORDED_VOICE})
_CALIFORNIA = frozenset({"US-CA"})
_ROSENTHAL = "Cal. Civ. Code 1788.1 to 1788.17 as amended by SB 1286 (debts up to USD 500,000; the total is not known here, so every debt counts)"
_SOLICITATION = "it counts as a solicitation once a reminder also offers something"


def _always(opens: int, closes: int) -> tuple[Hours, ...]:
    return (Hours(EVERY_DAY, time(opens), time(closes)),)


UNITED_STATES = (
    Rule(
        "us-tcpa-voice",
        "US",
        "an artificial, AI or prerecorded voice needs prior express consent",
        frozenset({"US"}),
        "47 USC 227(b); FCC 24-17 of 8 February 2024 counts AI voices as artificial",
        effective_from=date(1992, 12, 20),
        channels=_CALL,
        technologies=_MACHINE_VOICE,
        consents=_MACHINE_VOICE,
        disclosures=frozenset({Disclosure.CALLER, Disclosure.OPT_OUT}),
    ),
    Rule(
        "us-tcpa-text",
        "US",
        "an automated text to a mobile needs prior express consent and a way to refuse",
        frozenset({"US"}),
        "47 USC 227(b); 47 CFR 64.1200(a)(10), in force 11 April 2025 (revocation by any reasonable means)",
        effective_from=date(1992, 12, 20),
        channels=frozenset({"sms"}),
        technologies=frozenset({Technology.TEXT}),
        consents=frozenset({Technology.TEXT}),
        disclosures=frozenset({Disclosure.OPT_OUT}),
    ),
    Rule(
        "us-recording",
        "US",
        "a call is recorded only with the consent of everybody on it",
        _ALL_PARTY_STATES,
        "Cal. Penal Code 632 and 632.7 and the like laws of other all-party states (list from memory)",
        channels=_CALL,
        technologies=frozenset({Technology.RECORDING}),
        consents=frozenset({Technology.RECORDING}),
        disclosures=frozenset({Disclosure.RECORDING}),
    ),
    Rule(
        "us-can-spam",
        "US",
        "a message that also offers something names a postal address and a way to refuse",
        frozenset({"US"}),
        "15 USC 7704 (CAN-SPAM), no exemption for businesses",
        effective_from=date(2004, 1, 1),
        channels=frozenset({"email"}),
        offers_only=True,
        disclosures=frozenset({Disclosure.OPT_OUT, Disclosure.POSTAL_ADDRESS}),
    ),
    Rule(
        "us-ca-rosenthal",
        "US",
        "who asks a natural person for a business debt keeps to 8:00 to 21:00, 7 calls in 7 days, and 7 days without a call after a conversation",
        _CALIFORNIA,
        f"{_ROSENTHAL}; figures of 12 CFR 1006.6(b) and 1006.14(b)",
        effective_from=date(2025, 7, 1),
        natural_persons_only=True,
        hours=_always(8, 21),
        caps=(Cap(7, 7, _CALL, Per.INVOICE),),
    ),
    Rule(
        "us-ca-rosenthal-silence",
        "US",
        "no call within 7 days of a conversation, that day counted",
        _CALIFORNIA,
        f"{_ROSENTHAL}; 12 CFR 1006.14(b)(2)(i)(B)",
        effective_from=date(2025, 7, 1),
        channels=_CALL,
        natural_persons_only=True,
        silence_days=7,
    ),
    Rule(
        "us-ca-rosenthal-opt-out",
        "US",
        "every electronic message names a simple way to refuse that medium",
        _CALIFORNIA,
        f"{_ROSENTHAL}; 12 CFR 1006.6(e)",
        effective_from=date(2025, 7, 1),
        channels=frozenset({"email", "sms"}),
        natural_persons_only=True,
        disclosures=frozenset({Disclosure.OPT_OUT}),
    ),
    Rule(
        "us-ca-announcing",
        "US",
        "announcing machines call from 9:00 to 21:00 only, and by prior agreement",
        _CALIFORNIA,
        "Cal. Pub. Util. Code 2872 to 2874",
        channels=_CALL,
        technologies=_MACHINE_VOICE,
        hours=_always(9, 21),
        consents=_MACHINE_VOICE,
        disclosures=frozenset({Disclosure.CALLER}),
    ),
    Rule(
        "us-ca-artificial-voice",
        "US",
        "an artificial voice says that it is one",
        _CALIFORNIA,
        "Cal. Pub. Util. Code 2874 as amended by AB 2905",
        effective_from=date(2025, 1, 1),
        channels=_CALL,
        technologies=_MACHINE_VOICE,
        disclosures=frozenset({Disclosure.AI_VOICE}),
    ),
)


def _solicitation(place: str, source: str, hours: tuple[Hours, ...], since: date | None = None, per_24_hours: int = 0, holidays: bool = True) -> Rule:
    # A rolling day touches two calendar days, so what is allowed in 24 hours is allowed in those two.
    caps = (Cap(per_24_hours, 2, _TEXT_AND_CALL),) if per_24_hours else ()
    return Rule(
        id=f"{place.lower()}-solicitation",
        pack="US",
        what=_SOLICITATION,
        places=frozenset({place}),
        source=source,
        effective_from=since,
        channels=_TEXT_AND_CALL,
        offers_only=True,
        hours=hours,
        closed_on_holidays=not holidays,
        caps=caps,
    )


UNITED_STATES_OFFERS = (
    _solicitation("US", "47 CFR 64.1200(c)(1)", _always(8, 21)),
    _solicitation("US-CT", "Conn. Gen. Stat. 42-288a", _always(9, 20)),
    _solicitation("US-FL", "Fla. Stat. 501.616(6)", _always(8, 20), date(2021, 7, 1), 3),
    _solicitation("US-KY", "Ky. Rev. Stat. 367.46955", _always(10, 21)),
    _solicitation("US-MD", "Md. Stop the Spam Calls Act (day from memory)", _always(8, 20), date(2024, 1, 1), 3),
    _solicitation("US-OK", "Okla. Stat. 15-775C (day from memory)", _always(8, 20), date(2022, 11, 1), 3),
    _solicitation("US-OR", "Or. HB 3865 (2025)", _always(8, 20), date(2026, 1, 1), 3),
    _solicitation(
        "US-RI",
        "R.I. Gen. Laws 5-61-3.6 (Saturdays from memory)",
        (Hours(MONDAY_TO_FRIDAY, time(9), time(18)), Hours(frozenset({5}), time(10), time(17))),
        holidays=False,
    ),
    _solicitation(
        "US-TX",
        "Tex. Bus. & Com. Code ch. 302 as amended by SB 140 (2025)",
        (Hours(MONDAY_TO_FRIDAY | {5}, time(9), time(21)), Hours(frozenset({6}), time(12), time(21))),
        date(2025, 9, 1),
    ),
)

EUROPEAN_UNION = (
    Rule(
        "eu-ai-act-50",
        "EU",
        "whoever talks with an AI is told so at the first interaction",
        frozenset({"EU"}),
        "Regulation (EU) 2024/1689, Article 50(1)",
        effective_from=date(2026, 8, 2),
        channels=_CALL,
        technologies=frozenset({Technology.AI_VOICE}),
        disclosures=frozenset({Disclosure.AI_VOICE}),
    ),
    Rule(
        "eu-open-tracking",
        "EU",
        "a pixel that tells when a message is opened needs consent",
        frozenset({"EU"}),
        "Directive 2002/58/EC, Article 5(3); EDPB Guidelines 2/2023; CNIL of 12 March 2026; Garante of 17 April 2026",
        effective_from=date(2011, 5, 25),
        channels=frozenset({"email"}),
        technologies=frozenset({Technology.OPEN_TRACKING}),
        consents=frozenset({Technology.OPEN_TRACKING}),
    ),
    Rule(
        "eu-recording-notice",
        "EU",
        "whoever is recorded is told first",
        frozenset({"EU"}),
        "Regulation (EU) 2016/679, Article 13",
        effective_from=date(2018, 5, 25),
        channels=_CALL,
        technologies=frozenset({Technology.RECORDING}),
        disclosures=frozenset({Disclosure.RECORDING}),
    ),
)

UNITED_KINGDOM = (
    Rule(
        "uk-open-tracking",
        "UK",
        "a pixel that tells when a message is opened needs consent",
        frozenset({"UK"}),
        "Privacy and Electronic Communications Regulations 2003, regulation 6 (from memory)",
        effective_from=date(2011, 5, 26),
        channels=frozenset({"email"}),
        technologies=frozenset({Technology.OPEN_TRACKING}),
        consents=frozenset({Technology.OPEN_TRACKING}),
    ),
    Rule(
        "uk-recording-notice",
        "UK",
        "whoever is recorded is told first",
        frozenset({"UK"}),
        "UK GDPR, Article 13 (from memory)",
        effective_from=date(2018, 5, 25),
        channels=_CALL,
        technologies=frozenset({Technology.RECORDING}),
        disclosures=frozenset({Disclosure.RECORDING}),
    ),
)

GERMANY = (
    Rule(
        "de-recording",
        "DE",
        "recording the spoken word without consent is a crime",
        frozenset({"DE"}),
        "Section 201 StGB",
        channels=_CALL,
        technologies=frozenset({Technology.RECORDING}),
        consents=frozenset({Technology.RECORDING}),
        disclosures=frozenset({Disclosure.RECORDING}),
    ),
)

_AUSTRALIAN_SOURCE = "ACCC and ASIC debt collection guideline (April 2021), commercial debts and creditors included, part 2"
AUSTRALIA = (
    Rule(
        "au-telephone-hours",
        "AU",
        "telephone from 7:30 to 21:00 on weekdays and 9:00 to 21:00 on weekends, not on national holidays",
        frozenset({"AU"}),
        f"{_AUSTRALIAN_SOURCE}, section 4",
        effective_from=date(2021, 4, 1),
        channels=_TEXT_AND_CALL,
        hours=(Hours(MONDAY_TO_FRIDAY, time(7, 30), time(21)), Hours(frozenset({5, 6}), time(9), time(21))),
        closed_on_holidays=True,
    ),
    Rule(
        "au-workplace-hours",
        "AU",
        "a workplace is called from 9:00 to 17:00 on weekdays",
        frozenset({"AU"}),
        f"{_AUSTRALIAN_SOURCE}, section 4",
        effective_from=date(2021, 4, 1),
        channels=_TEXT_AND_CALL,
        hours=(Hours(MONDAY_TO_FRIDAY, time(9), time(17)),),
    ),
    Rule(
        "au-frequency",
        "AU",
        "at most 3 contacts a week and 10 a month for each account (a month counted as 30 days)",
        frozenset({"AU"}),
        f"{_AUSTRALIAN_SOURCE}, section 5",
        effective_from=date(2021, 4, 1),
        caps=(Cap(3, 7, per=Per.INVOICE), Cap(10, 30, per=Per.INVOICE)),
    ),
)

RULES: tuple[Rule, ...] = (*UNITED_STATES, *UNITED_STATES_OFFERS, *EUROPEAN_UNION, *UNITED_KINGDOM, *GERMANY, *AUSTRALIA)
PACKS: frozenset[str] = frozenset(rule.pack for rule in RULES)
