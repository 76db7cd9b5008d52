"""Which words name a day, in the order in which they are tried; each with the reader that works the day out."""

from __future__ import annotations

import re

from domain.abbreviated_days import short_forms
from domain.day_readers import (
    PART,
    Reader,
    after,
    last_of_month,
    read_between_years,
    read_calendar_week,
    read_edge_of_month,
    read_iso,
    read_month,
    read_month_day,
    read_number_of,
    read_numeric,
    read_ordinal,
    read_ordinal_to_come,
    read_part,
    read_quarter,
    read_spoken_numbers,
    read_stretch,
    read_week_of_month,
    read_weekday,
    read_weekday_number,
    read_weekday_of_calendar_week,
    read_weekday_of_month,
    read_weekday_weeks_ahead,
    read_weekend,
    read_weeks_on,
)
from domain.feast_days import FEAST, read_feast, read_new_year
from domain.named_days import MONTH, MONTHS, NUMBER, ORDINAL, WEEKDAY

_WD = {language: rf"(?:\b{day}(?: the| den| dem|,| )*\(?(?:den |dem |the )?)?" for language, day in WEEKDAY.items()}
_ISO = r"\b(?P<y>20[0-9]{2})[-/](?P<m>[0-9]{1,2})[-/](?P<d>[0-9]{1,2})\b"
_NUMERIC = (
    r"(?:(?<![0-9.,/$€£-])|(?<=[0-9]\.[/-]))(?<!eur )(?<!usd )(?<!gbp )(?P<a>[0-9]{1,2})(?P<s>[./-])\s?(?P<b>[0-9]{1,2})(?:(?P=s)\s?(?P<y>20[0-9]{2}"
    r"|[0-9]{2})(?![0-9]))?(?P<dot>\.)?"
    r"(?![0-9/]|[.,-][0-9])(?! ?(?:€|\$|£|eur|usd|gbp|%|uhr|prozent|percent|[ap]m\b|net\b|of the\b|der\b|days?\b|tage?n?\b|weeks?\b|wochen?\b|business"
    r"|working))"
)
_NO_DAY = (
    r"(?! (?:[a-z]+ )?(?:shipments?|deliver(?:y|ies)|orders?|batch|instance|place|occasion|phase|visit|job|attempt|units?|load|line|item|lieferung|sendung"
    r"|position)\b)"
    r"(?! (?:i|we|you|it|that) (?:have|heard|hear|see|know|am)|(?: [a-z]+)? (?:invoices?|reminders?|installments?|payments?|time|half|part|one|two|thing"
    r"|quarter|floor|street|party|rechnung|mahnung|rate|teil|haelfte|mal|schritt|quartal|instanz|raten?))"
)
_NEXT_EN = r"(?:this|next|the next|the following|following|the coming|coming|upcoming|after next)"
_NEXT_DE = r"(?:uebernaechste[nrms]?|naechste[nrms]?|kommende[nrms]?|diese[nrms]?|folgende[nrms]?|laufende[nrms]?)"
_FILLER = (
    r"(?:about |around |approx\.? |approximately |roughly |at most |max\.? |no more than |less than |at the latest |the |next |another |say |like |maybe "
    r"|probably |coming |ca\.? |etwa |rund |circa |maximal |hoechstens |spaetestens |den |der |naechsten |kommenden |von |weiteren |so "
    r"|ungefaehr |vielleicht |gut "
    r"|knapp )*"
)
# What stands between a stretch of time and the day within it: "next week, probably on Tuesday".
_WITHIN_EN = (
    r"(?:,? (?:but )?not (?:on )?[a-z]+day, rather)?,?(?: -|:| \()?(?: (?:on|by|at|probably|likely|most likely|i am afraid|unfortunately|sorry|maybe"
    r"|perhaps|say|i think|i would say"
    r"|hopefully|ideally|possibly|latest|the))*,? ?"
)
_WITHIN_DE = (
    r"(?:,? (?:aber )?nicht (?:am )?[a-z]+(?:tag|woch), vielmehr)?,?(?: -|:| \()?(?: (?:am|bis|zum|schon|wohl|vermutlich|wahrscheinlich|leider"
    r"|voraussichtlich|vielleicht|also|und zwar|ich denke|denke ich|denk ich|eher"
    r"|spaetestens|irgendwann|hoffentlich|so|der|den))*,? ?"
)


def _number_of(language: str, trigger: str, units: str, business: str, ending: str = "") -> str:
    n = NUMBER[language]
    return (
        rf"{trigger}{_FILLER}(?P<n>{n})(?: ?(?:-|to|or|bis|oder|/|,) ?(?P<n2>{n}))?(?: ?\([0-9]+\)| more| further| weitere[nr]?"
        rf"| additional)?[ -]?(?P<business>{business})?(?:calendar |consecutive )?(?P<unit>{units})\b(?: (?:or|oder) (?P<n3>two|three|zwei|drei)\b)?{ending}"
        r"(?! (?:of(?! (?:this|today|your|now))|after|from (?:the )?(?:date|invoice|receipt)|(?:nach|ab) (?:rechn|erhalt|eingang|liefer)"
        r"|ago|overdue|past due|late|net\b"
        r"|terms|zahlungsziel))"
    )


_UNITS = {
    "en": r"days?|weeks?|months?|hours?|hrs?|h",
    "de": r"(?:werk|(?:bank)?arbeits|banken|bank|geschaefts|kalender)?tage?n?|wochen?|monate?n?"
    r"|stunden?|std|h|b?at",
}
_BUSINESS = {"en": r"(?:business|working|work|banking|bank) ", "de": r"(?:bankuebliche[nr]? |volle[nr]? |gute[nr]? )"}

_BOTH = ((_ISO, read_iso), (_NUMERIC, read_numeric))

# Behind "week": no sum, no count of days, no other date.
_WEEK_NUMBER = {
    "en": r"(?:[1-5]?[0-9]|(?:thir|four|fif|six|seven|eigh|nine)teen|(?:twenty|thirty|forty|fifty)(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?)"
    r"(?![0-9a-z]|[.,:'][0-9])(?! ?(?:days?|weeks?|hours?|percent|%|[€$£]|invoices?|payments?))",
    "de": r"(?:[1-5]?[0-9]|(?:drei|vier|fuenf|sech|sieb|acht|neun)zehn|(?:[a-z]{3,6}und)?(?:zwanzig|dreissig|vierzig|fuenfzig))"
    r"(?![0-9a-z]|[.,:'][0-9])(?!\.? ?(?:tage?n?|wochen?|stunden?|prozent|%|[€$£]|eur|franken|chf|rechnung|raten?))",
}
_ANCHOR_EN = rf"(?P<anchor>today|this (?:very |same )?day|tomorrow|{WEEKDAY['en']})"
_NTH_EN = r"(?<!-)(?<!twenty )(?<!thirty )(?P<edge>(?:very )?(?:last|final|first|second|third|fourth|fifth|1st|2nd|3rd|4th|5th))"
_NTH_DE = r"(?P<edge>letzte[nrm]?|erste[nrm]?|zweite[nrm]?|dritte[nrm]?|fuenfte[nrm]?|[1-5]\.)"

_ENGLISH = (
    (FEAST["en"], read_feast),
    *short_forms("en", _NEXT_EN, r"(?:end|close) of (?:the |today'?s? )?(?:business|day|play)"),
    (r"\b(?:in |within )?(?:a|one) week and a half\b", after(10)),
    (rf"\b(?P<n>a|one|two|three|four|[1-4]) weeks? (?:from |on |after )?(?:this |next )?{_ANCHOR_EN}(?! (?:week|in a week))", read_weeks_on),
    (rf"(?:^|(?:\b(?:it|you|goes?|out|payment|paid|pay|settle|due|,|be|do|done|that is|say)) )(?P<n>)weeks? on (?P<anchor>{WEEKDAY['en']})", read_weeks_on),
    (rf"\b{_ANCHOR_EN},? (?:in )?(?P<n>a|one|two|three|four|[1-4])? ?(?:week|weeks)(?:'?s?'? time| from now)?\b(?! (?:after|of|end))", read_weeks_on),
    (r"\b(?P<anchor>this (?:very |same )?(?:day|time))(?P<n>) next week\b", read_weeks_on),
    (
        r"\bmid-?week(?: of| in)?,?(?: (?P<which>next|this|the following|the coming) week)?(?P<unit>)(?P<part>)\b",
        lambda m, when: read_weekend(2 + 7 * (m["which"] not in (None, "this")), when),
    ),
    (
        rf"\b{_NTH_EN} (?P<business>(?:business|working|work|banking|bank) )?(?:calendar )?(?:day )?(?:of|in)"
        rf" (?:(?:the )?(?P<which>this|next|following|coming|current|new|each|every|a)? ?month|(?P<m>{MONTH['en']})|(?:the )?(?P<y>new year))(?! week)",
        read_edge_of_month,
    ),
    (
        rf"\bfirst (?!few|couple|a )(?P<edge>{NUMBER['en']}) (?P<business>{_BUSINESS['en']})?days (?:of|in)"
        rf" (?:(?:the )?(?P<which>this|next|following|coming|new)? ?month|(?P<m>{MONTH['en']}))",
        read_edge_of_month,
    ),
    (rf"\bbefore (?P<m>{MONTH['en']}) (?:is (?:out|over|through|done)|ends)(?P<till>)", read_month),
    (r"\bbefore (?:the|this)(?P<which>)(?P<part>) (?P<unit>week|month|year|quarter) (?:is (?:out|over|through|done)|ends)\b", read_part),
    (rf"\b(?P<which>this|next|the following|the coming|coming|following) month{_WITHIN_EN}(?P<d>[0-9]{{1,2}}(?:st|nd|rd|th)|{ORDINAL['en']})\b", read_ordinal),
    (
        rf"\b(?:in|early in|later in|during|until|till) (?P<m>{MONTH['en']}){_WITHIN_EN}(?P<d>[0-9]{{1,2}}(?:st|nd|rd|th)\b"
        rf"|{ORDINAL['en']})(?P<y>20[0-9]{{2}})?",
        read_month_day,
    ),
    (r"\b(?:by|before|in|during|until|end of|close of|end|late)(?: the)?(?: end of)? ?q(?P<q>[1-4])(?:[ -]end)?\b", read_quarter),
    (
        rf"\b(?P<day>{WEEKDAY['en']}),? (?:on )?(?:the )?(?P<d>[0-9]{{1,2}}(?:st|nd|rd|th)|{ORDINAL['en']})\b(?! (?:of )?(?:{MONTH['en']}|this|next"
        rf"|the)){_NO_DAY}",
        read_ordinal,
    ),
    (
        rf"\b(?P<day>{WEEKDAY['en']}),? (?:the )?(?P<d>[0-9]{{1,2}})(?![0-9:.,/-]|st|nd|rd|th)(?! ?(?:[ap]m|h|k|uhr|[€$£%]"
        rf"|{MONTH['en']})\b)",
        read_weekday_number,
    ),
    (rf"\b(?:the )?(?P<d>{ORDINAL['en']}) (?:day )?of (?P<which>this|next|the|the following|the coming) month\b", read_ordinal),
    (
        rf"\b(?:calendar ?week|week|wk|cw|kw) ?(?P<n>[0-9]{{1,2}}){_WITHIN_EN}(?P<day>{WEEKDAY['en']})|\b(?P<day2>{WEEKDAY['en']}),? (?:of "
        rf"|in )?(?:week|wk|cw|kw) ?(?P<n2>[0-9]{{1,2}})\b",
        read_weekday_of_calendar_week,
    ),
    (rf"\b(?P<day>{WEEKDAY['en']}),? in (?P<n>two|three|four|[2-4]) weeks?(?:'? time)?\b", read_weekday_weeks_ahead),
    (
        rf"(?:^|[,:;] ?| - ){_FILLER}(?P<n>{NUMBER['en']})(?: ?(?:-|to"
        rf"|or) ?(?P<n2>{NUMBER['en']}))? (?P<business>{_BUSINESS['en']})?(?P<unit>{_UNITS['en']})(?P<n3>zero)?(?: please| max| tops)?(?=[.,!;]|$)",
        read_number_of,
    ),
    (rf"\b(?P<which>)(?P<unit>{MONTH['en']}) (?P<part>end)\b", read_part),
    (rf"{_WD['en']}(?P<y>20[0-9]{{2}})-(?P<m>[0-9]{{1,2}})-(?P<d>[0-9]{{1,2}})\b", read_iso),
    (
        rf"{_WD['en']}\b(?P<d>[0-9]{{1,2}}(?:st|nd|rd|th)?"
        rf"|{ORDINAL['en']})(?: day)?(?: of)?[ -]?(?P<m>{MONTH['en']})(?:,? (?P<y>20[0-9]{{2}}))?(?! week)",
        read_month_day,
    ),
    *(
        (
            rf"{lead}(?P<m>{MONTH['en']})[ -]?(?:the )?(?:{ORDINAL['en']}|[0-9]{{1,2}}) ?{join} ?(?:the )?(?P<d>{ORDINAL['en']}"
            rf"|[0-9]{{1,2}}(?![0-9:%]|[.,/-][0-9]| ?[ap]m))(?:,? (?P<y>20[0-9]{{2}}))?(?! ?(?:of |{MONTH['en']}|days|weeks))",
            read_month_day,
        )
        for lead, join in ((r"\bbetween ", "and"), (r"\b", "(?:or|to|-)"))
    ),
    (rf"{_WD['en']}\b(?P<m>{MONTH['en']})[ -]?(?:the )?(?P<d>{ORDINAL['en']}|[0-9]{{1,2}}(?![0-9:%]|[.,][0-9]))(?:,? (?P<y>20[0-9]{{2}}))?", read_month_day),
    (_WD["en"] + _NUMERIC, read_numeric),
    (
        rf"\b(?P<n>first|second|third|fourth|last|1st|2nd|3rd|4th) (?P<day>{WEEKDAY['en']}) (?:of|in) (?:(?:the )?(?P<which>this|next|the"
        rf"|following|coming)? ?month|(?P<m>{MONTH['en']}|(?:the )?(?P<y>new year)))",
        read_weekday_of_month,
    ),
    (
        rf"\b(?:(?:first|second|third|1st|2nd|3rd) or )?(?P<n>first|second|third|fourth|last|1st|2nd|3rd|4th) (?:full )?week (?:of|in)"
        rf" (?:(?P<m>{MONTH['en']})|(?:the )?(?P<which>this|next|the|following|coming) month)",
        read_week_of_month,
    ),
    (rf"\b(?P<later>a|one) week (?:from|on|after) (?P<day>{WEEKDAY['en']})", read_weekday),
    (rf"\b(?P<week>next|this|the following|following|the coming|coming) week(?:'?s)?{_WITHIN_EN}(?P<day>{WEEKDAY['en']})", read_weekday),
    (rf"\bweek (?P<week>after next),?(?: on)? (?P<day>{WEEKDAY['en']})", read_weekday),
    (
        rf"\b(?:(?P<which>this coming|this|next|the following|coming|the coming"
        rf"|upcoming) )?(?P<day>{WEEKDAY['en']})(?: (?:morning|afternoon|evening))?,?(?: of| in)? (?:the )?(?P<week>after next"
        rf"|next|this|following|coming)(?: week)(?! after)",
        read_weekday,
    ),
    (rf"\b(?P<day>{WEEKDAY['en']}) (?P<later>week|in a week)\b", read_weekday),
    (
        rf"\b(?P<part>{PART})(?: of| in| on|-)*(?: the)?[ -]?(?P<which>{_NEXT_EN})?[ -]?(?:calendar |business |working |new "
        rf"|coming )?(?P<unit>weeks?|months?|quarter"
        rf"|years?|{MONTH['en']})(?! (?:end|after))(?!(?<=week) {_WEEK_NUMBER['en']})",
        read_part,
    ),
    (r"\b(?P<which>this|next|the following|coming|the)? ?(?P<unit>month|year|quarter|week)(?:'s)?[ -](?P<part>end)\b", read_part),
    (r"eom", lambda _, when: last_of_month(when.today.year, when.today.month)),
    (r"eow", lambda _, when: read_weekend(4, when)),
    (
        _number_of(
            "en",
            r"\b(?:in|within|(?:it|that|this) (?:will|is going to) (?:be|take)(?: another| about| around| like| roughly)?|over the (?:next|coming)|for another"
            r"|another|takes?|takes up to|takes about|(?:give|allow|grant|lend|need)(?: (?:us|me|it|him|her|them"
            r"|please|just|like|another|only))*"
            r"|no later than|need|needs|next|after|inside of|inside|withing|w/in|up to|the next) ",
            _UNITS["en"],
            _BUSINESS["en"],
        ),
        read_number_of,
    ),
    (
        _number_of(
            "en",
            r"\b",
            _UNITS["en"],
            _BUSINESS["en"],
            rf"(?:'? time|'? from (?:now|today|(?P<from>{WEEKDAY['en']}))|,? max|,? tops| at (?:the )?(?:most|latest)| or so"
            rf"| or less| to pay)",
        ),
        read_number_of,
    ),
    (r"\b(?:a |one )?fortnight(?:'s time)?\b", after(14)),
    (r"\b(?:within|in) (?:the|the next|an|one) hour\b", after(0)),
    (r"\b(?:within|in|over) (?:the )?next week or so\b", after(7)),
    (r"\bweek after next\b", lambda _, when: read_weekend(18, when)),
    (
        rf"\b(?P<which>this|next|the next|the following|following|the coming|coming|current|the current)(?: calendar| business"
        rf"| working)? (?P<unit>week|month|year)\b(?! (?:after|{WEEKDAY['en']}))",
        read_stretch,
    ),
    (r"\b(?:within|inside|during|in the course of|later in|sometime|some time|through) (?P<which>the) (?P<unit>week|month)\b", read_stretch),
    (r"\b(?:by|before|until|till|ahead of|prior to|this side of) (?:the |this |next )?weekend\b", lambda _, when: read_weekend(4, when)),
    (r"\b(?:after|following|(?:the )?other side of) (?:the |this )?weekend\b", lambda _, when: read_weekend(7, when)),
    (r"\b(?:over|at|on|this|during) (?:the )?(?:coming )?weekend\b", lambda _, when: read_weekend(6, when)),
    (r"\b(?:the )?day after tomorrow\b", after(2)),
    (r"\btomorrow\b", after(1)),
    (rf"\b(?P<day>{WEEKDAY['en']}) (?P<which>after next)\b(?! week)", read_weekday),
    (rf"\b(?:(?P<which>this coming|this|next|the following|coming|the coming|upcoming) )?(?P<day>{WEEKDAY['en']})", read_weekday),
    (r"(?<!day )(?<!tomorrow )(?<!the )\b(?:first thing )?in the morning\b", after(1)),
    (r"\b(?:today|tonight|this (?:afternoon|morning|evening|arvo)|later today)\b", after(0)),
    (rf"\b(?:the )?(?P<d>[0-9]{{1,2}}(?:st|nd|rd|th))\b(?: (?:of )?(?P<which>this|next|the|the following|the coming) month)?{_NO_DAY}", read_ordinal),
    (
        rf"(?:\b(?:on|by|before|until|till|after|around|about|for|from|than)|(?<=\bso)|(?<=\bbe)|(?<=\bdo)|(?<=\bpay)|(?<=\bis)|(?<=\bnow)|(?<=\bsay)"
        rf"|(?<=\bit)|(?<=\bthen)"
        rf"|(?<=\band)|(?<=\bor)) the (?P<d>{ORDINAL['en']})\b(?: of (?P<which>this|next"
        rf"|the|the following|the coming) month)?{_NO_DAY}",
        read_ordinal,
    ),
    (
        r"\b(?:(?:the )?(?P<part>beginning|start|middle|mid|end|early|late)(?: of|-| in)? ?)?(?:calendar ?week|week|wk|kw|cw) ?"
        rf"(?:(?:no\.?|number|#) ?)?(?P<n>{_WEEK_NUMBER['en']})(?: ?(?:/|-|or|to) ?(?P<n2>[0-9]{{1,2}}))?\b(?! ?(?:days|weeks))",
        read_calendar_week,
    ),
    (r"\b(?:in|into|early in|at the start of) the new year\b", read_new_year),
    (rf"\b(?:in|during|for|this|coming|within|sometime|(?P<till>by|until|till|before)) (?P<m>{MONTH['en']})(?! [0-9])", read_month),
)

_MONTH_STEM_DE = "|".join(MONTHS["de"])

_GERMAN = (
    (FEAST["de"], read_feast),
    *short_forms("de", _NEXT_DE, r"(?:tages|arbeits|dienst|buero|geschaefts|betriebs)(?:ende|schluss)|feierabend"),
    (rf"\b(?P<day>{WEEKDAY['de']}),? (?:in |der |in der )?(?:kw|kalenderwoche|woche) ?(?P<n>[0-9]{{1,2}})\b", read_weekday_of_calendar_week),
    (rf"\b(?:kw|kalenderwoche) ?(?P<n>[0-9]{{1,2}}){_WITHIN_DE}(?P<day>{WEEKDAY['de']})(?! (?:in|ueber) )", read_weekday_of_calendar_week),
    (r"\b(?:in )?(?:anderthalb|eineinhalb|1,5) wochen\b", after(10)),
    (rf"\bultimo (?P<which>)(?P<part>)(?P<unit>{MONTH['de']})", read_part),
    (
        rf"(?:^|(?<=\bwir )|(?<=\bist )|(?<=\baber )|(?<=\bwaere )|(?<=\bwird )|(?<=\bes )|(?<=\bdann )"
        rf"|(?<=\bnun )|(?<=\bich )|(?<=\balso ))der (?P<d>{ORDINAL['de']})(?! ?(?:{MONTH['de']}|[0-9])){_NO_DAY}",
        read_ordinal,
    ),
    (
        rf"\bersten (?!paar)(?P<edge>{NUMBER['de']}) (?P<business>werk|(?:bank)?arbeits|bank)?tagen? (?:im|des|vom)(?: (?P<which>dieses|naechsten"
        rf"|kommenden|neuen))? ?(?:monats?\b|(?P<m>{MONTH['de']}))",
        read_edge_of_month,
    ),
    (rf"\b(?P<d>{ORDINAL['de']}) (?:des )?(?P<which>naechsten|kommenden|folgenden|dieses) monats\b", read_ordinal),
    (
        rf"(?:^|[,:;] ?| - ){_FILLER}(?P<n>{NUMBER['de']})(?: ?(?:-|bis"
        rf"|oder) ?(?P<n2>{NUMBER['de']}))? (?P<business>{_BUSINESS['de']})?(?P<unit>{_UNITS['de']})(?P<n3>zero)?(?=[.,!;]|$)",
        read_number_of,
    ),
    (
        rf"\b(?P<which>naechsten|kommenden|diesen|folgenden) monat{_WITHIN_DE}(?P<d>{ORDINAL['de']})(?! ?(?:{MONTH['de']}|[0-9]))",
        read_ordinal,
    ),
    (rf"\b(?:im|noch im) (?P<m>{MONTH['de']}){_WITHIN_DE}(?P<d>{ORDINAL['de']})(?P<y>20[0-9]{{2}})?(?! ?(?:{MONTH['de']}|[0-9]))", read_month_day),
    (rf"\b(?P<day>{WEEKDAY['de']}),? in (?P<n>zwei|drei|vier|[2-4]) wochen\b", read_weekday_weeks_ahead),
    (rf"\b(?P<anchor>heute|morgen|{WEEKDAY['de']}),? (?:in|ueber) (?P<n>{NUMBER['de']}) (?P<unit>tage?n?|wochen?)\b", read_weeks_on),
    (
        rf"\b{_NTH_DE}(?: (?P<business>werk|bankarbeits|arbeits|bank|geschaefts)?(?:kalender)?tag)? (?:im|des|in|vom|von)(?: (?P<which>diese[sm]"
        rf"|naechsten|kommenden"
        rf"|laufenden))? "
        rf"?(?:monate?s?\b|(?P<m>{MONTH['de']}))",
        read_edge_of_month,
    ),
    (
        r"\b(?:am|zum|per|bis zum|spaetestens am)(?P<which>)(?P<m>)(?P<business>) (?P<edge>letzten)(?=$|[.,!;]| (?:ueberw|zahl|bez|ist|sind|geht|hab|hast"
        r"|bekomm|krieg|erhalt|schick|send|folg|soll|werd|kommt|raus|wird|auf))",
        read_edge_of_month,
    ),
    (
        rf"\b{_NTH_DE}(?: (?P<business>werk|bankarbeits|arbeits|bank|geschaefts)?(?:kalender)?tag)? (?P<which>dieses|naechsten|kommenden|folgenden"
        r"|laufenden) monats\b(?P<m>)",
        read_edge_of_month,
    ),
    (r"\b(?:am|zum|per|bis zum|ab)(?: (?P<which>naechsten|kommenden))? monats(?P<edge>ersten|letzten)(?P<m>)(?P<business>)\b", read_edge_of_month),
    (rf"\b(?P<n>erste[nr]?|zweite[nr]?|dritte[nr]?|vierte[nr]?|letzte[nr]?|[1-4]\.) (?:voll\w+ )?(?P<m>{_MONTH_STEM_DE})woche\b", read_week_of_month),
    (rf"\b(?P<which>)(?P<unit>{_MONTH_STEM_DE})(?P<part>anfang|mitte|ende|ultimo)\b", read_part),
    (r"\b(?:bis|im|in|vor|ende|zum)(?: des| vom| zum)?(?: ende)?(?: des)? ?(?:q(?P<q>[1-4])\b|(?P<q2>[1-4])\. quartals?)", read_quarter),
    (rf"\b(?P<day>{WEEKDAY['de']}),? (?:den |dem |der )?(?P<d>{ORDINAL['de']})(?! ?(?:{MONTH['de']}|[0-9])){_NO_DAY}", read_ordinal),
    (r"\b(?:innert|binnen|innerhalb)(?: einer| von)? (?P<unit>wochen|monats)frist\b", lambda m, when: after(7 if m["unit"] == "wochen" else 30)(m, when)),
    (rf"{_WD['de']}\b(?P<d>[0-9]{{1,2}}\.?|{ORDINAL['de']})\s?(?P<m>{MONTH['de']})(?:,? (?P<y>20[0-9]{{2}}))?", read_month_day),
    (_WD["de"] + _NUMERIC, read_numeric),
    (rf"\b(?P<d>{ORDINAL['de']}) (?P<m>{ORDINAL['de']})(?: (?P<y>20[0-9]{{2}}))?{_NO_DAY}", read_spoken_numbers),
    (
        rf"\b(?P<n>erste[nr]?|zweite[nr]?|dritte[nr]?|vierte[nr]?|letzte[nr]?) (?P<day>{WEEKDAY['de']}) (?:im|des"
        rf"|in diesem|vom) (?:(?P<which>naechsten|kommenden|dieses|neuen)? ?monats?|(?P<m>{MONTH['de']}|(?P<y>neuen jahr(?:es)?)))",
        read_weekday_of_month,
    ),
    (
        rf"\b(?P<n>erste[nr]?|zweite[nr]?|dritte[nr]?|vierte[nr]?|letzte[nr]?|[1-4]\.) (?:voll\w+ )?woche (?:im|des|von|vom|in)"
        rf" (?:(?P<m>{MONTH['de']})|(?P<which>dieses|diesem|naechsten|kommenden|neuen)? ?monats?)",
        read_week_of_month,
    ),
    (rf"\b(?P<week>{_NEXT_DE}) woche{_WITHIN_DE}(?P<day>{WEEKDAY['de']})", read_weekday),
    (rf"\b(?P<day>{WEEKDAY['de']}),?(?: in)?(?: der)? (?P<week>{_NEXT_DE}) woche", read_weekday),
    (rf"\b(?P<day>{WEEKDAY['de']}) (?P<later>in einer woche|in acht tagen|ueber acht tage|in 8 tagen)", read_weekday),
    (
        rf"\b(?P<part>{PART})(?: der| des| dieser| dieses| im| in der| vom| von)*(?: (?P<which>{_NEXT_DE}"
        rf"|neuen))? ?(?P<unit>wochen?|monate?s?|quartals?|jahre?s?|{MONTH['de']})\b(?!(?<=woche) {_WEEK_NUMBER['de']})",
        read_part,
    ),
    (
        r"\b(?!wochenende)(?P<unit>monat|jahr|quartal|woche)(?P<which>)(?:e?s|en?|n)?(?P<part>ende|anfang|mitte|beginn|schluss|ultimo|letzten?"
        r"|wechsel)s?\b",
        read_part,
    ),
    (r"\bultimo\b", lambda _, when: last_of_month(when.today.year, when.today.month)),
    (
        _number_of(
            "de",
            r"\b(?:(?:geb\w*|gib|lass\w*|gewaehr\w*|brauch\w*|benoetig\w*|raeum\w*)(?: (?:sie|ihr|mir|uns|ich|wir|bitte|noch|doch|mal))*|in|innerhalb"
            r"|innert|binnen"
            r"|heute in|die|noch|weitere|um|dauert(?: es| das| die zahlung)?|nach|spaetestens in|in den) ",
            _UNITS["de"],
            _BUSINESS["de"],
        ),
        read_number_of,
    ),
    (_number_of("de", r"\b", _UNITS["de"], _BUSINESS["de"], r" (?:noch|geduld|zeit)\b"), read_number_of),
    (
        rf"\b(?:im laufe?|im verlaufe?|innerhalb|waehrend|noch in|in)(?: der| des| dieser| dieses)? ?(?P<which>{_NEXT_DE}|der"
        rf"|des)? (?P<unit>woche|monate?s?|jahres)\b(?! (?:vom|ab|um|vor|nach|des|[0-9]))",
        read_stretch,
    ),
    (rf"\b(?P<which>{_NEXT_DE}) (?P<unit>woche|monate?s?|jahre?s?)\b", read_stretch),
    (r"\bdie(?P<which>) (?P<unit>woche) noch\b", read_stretch),
    (r"\b(?:bis|bis zum|vor dem|vorm|zum) (?:wochenende|we)\b", lambda _, when: read_weekend(4, when)),
    (r"\bnach(?: dem|m) (?:wochenende|we)\b", lambda _, when: read_weekend(7, when)),
    (r"\b(?:am|uebers|ueber das|dieses|kommendes) (?:wochenende|we)\b", lambda _, when: read_weekend(6, when)),
    (rf"\b(?:(?P<which>{_NEXT_DE}) )?(?P<day>{WEEKDAY['de']})", read_weekday),
    (r"\buebermorgen\b", after(2)),
    (
        r"(?<!guten )(?<!gute )(?<!heute )(?<!am )(?<!schoenen )(?<!jeden )(?<!gegen )(?<!gut )(?<!gestern )\bmorgen\b(?! "
        r"(?:zusammen|herr|frau|liebe|allerseits|team))",
        after(1),
    ),
    (r"\bheute\b(?! in)", after(0)),
    (
        rf"\b(?:am|bis|bis zum|zum|den|dem|spaetestens|um den|gegen den|rund um den) (?:(?P<which>naechsten|kommenden"
        rf"|folgenden) )(?P<d>{ORDINAL['de']}){_NO_DAY}",
        read_ordinal_to_come,
    ),
    (
        rf"\bzwischen (?:dem |den )?{ORDINAL['de']} und (?:dem |den )?(?P<d>{ORDINAL['de']})(?! ?(?:{MONTH['de']}|[0-9]))",
        read_ordinal,
    ),
    (
        rf"\b(?:am|bis|zum|den|dem|der) {ORDINAL['de']} ?(?:oder|/|bzw\.?|-) ?(?:am |zum |den |dem |der )?(?P<d>{ORDINAL['de']})"
        rf"(?! ?(?:{MONTH['de']}|[0-9])){_NO_DAY}",
        read_ordinal,
    ),
    (
        rf"\b(?:am|bis|bis zum|zum|den|dem|spaetestens|ab|per) (?P<d>{ORDINAL['de']})(?: (?P<which>dieses|naechsten|kommenden"
        rf"|folgenden|dieses|des) monats)?{_NO_DAY}(?! (?:werk|bankarbeits|arbeits)?tag)",
        read_ordinal,
    ),
    (r"\b(?:am|per|zum|bis zum|bis spaetestens zum) (?P<d>[0-9]{1,2})(?=$|[,!]| (?:ueberw|zahl|bez|erh|geld|ist|auf|raus|wird|bei))", read_ordinal),
    (
        r"\b(?:(?P<part>anfang|mitte|ende|beginn)(?: der| in| in der)? )?(?:kw|kal\.?-?woche|kalenderwoche|woche) ?"
        rf"(?:(?:nr\.?|nummer) ?)?(?P<n>{_WEEK_NUMBER['de']})(?: ?(?:/|-|oder|bis) ?(?P<n2>[0-9]{{1,2}}))?\b(?!\.?[0-9])(?!\. ?{MONTH['de']})",
        read_calendar_week,
    ),
    (
        rf"\b(?:(?P<part>anfang|mitte|ende|beginn)(?: der)? )?(?P<n>[0-9]{{1,2}}\.|{ORDINAL['de']}(?! ?woche)"
        r"|(?:[a-z]{3,6}und)?(?:dreissig|vierzig|fuenfzig)(?=ste[nr] k))(?:ste[nr])? ?(?:kw|kalenderwoche|woche)\b",
        read_calendar_week,
    ),
    (r"(?<!rutsch )(?<!gut )(?<!gesund )\bi[mn]s? neuen? jahr\b(?! (?:gewuensch|wuensch))", read_new_year),
    (r"\bzwischen den jahren\b", lambda _, when: read_between_years(when)),
    (rf"\b(?:im|noch im|fuer|(?:im laufe?|im verlaufe?|waehrend) des|(?P<till>bis)) (?P<m>{MONTH['de']})(?! [0-9])", read_month),
)


def _compiled(rules: tuple[tuple[str, Reader], ...]) -> tuple[tuple[re.Pattern[str], Reader], ...]:
    return tuple((re.compile(pattern), read) for pattern, read in (*rules, *_BOTH))


RULES = {"en": _compiled(_ENGLISH), "de": _compiled(_GERMAN)}
