"""Signs that money is there, on its way, on its way soon, or held up inside the customer's house."""

from __future__ import annotations

import re

from domain.understanding.intent import Intent
from domain.understanding.signs import BILL, sign

_MONEY = (
    rf"(?:payments?|money|funds|transfers?|wires?|wire transfer|bank transfer|remittance|ach|bacs|chaps|sepa|amount|balance|total|it|this|that|one|account"
    rf"|everything|these|they|both|all|{BILL}"
    r"|zahlung(?:en)?|geld|ueberweisung(?:en)?|betrag|betraege|summe|das|dies|diese|alles|sie|die|forderung|posten)"
)
_FUNDS = (
    r"(?:payments?|money|funds|transfers?|wires?|wire transfer|bank transfer|remittance|ach|bacs|chaps|sepa|amount|balance|total|it|this|that|everything"
    r"|these|they|both|all|debt)"
)
_PAID = r"(?:paid|transferred|wired|remitted|settled|cleared|squared|deposited)"
_BEZAHLT = (
    r"(?:bezahlt|gezahlt|ueberwiesen|angewiesen|beglichen|ausgeglichen|abgebucht|eingezahlt|transferiert|rausgegangen|abgegangen|ueberwiesn|bezahl[dt]"
    r"|gutgeschrieben|vorausbezahlt|uebersandt|angestossen|ausgeloest|eingeleitet|transferiert)"
)

_RAIL = r"(?:neft|rtgs|imps|upi|wire|ach|bacs|chaps|eft|sepa|transfer|payments?|faster payment|direct deposit|remittance|twint)"
# Said of what has been done. What is yet to be done, or was not done, must not stand beside it.
PAID = (
    sign(
        Intent.PAID_ALREADY,
        r"\byou (?:have )?(?:already )?had (?:this|it|that|our money|the (?:money|payment))\b|\b(?:zelle|venmo|paypal|ach|wire)'?e?d\b|\bran (?:my|our|the"
        r"|her|his) card\b"
        r"|\b(?:got|have|has|gave me) (?:a |the |an )*conf(?:irmation)?\b(?: (?:number|no|code|email))|\bshow(?:s|ing|ed)? (?:it|this|that"
        r"|the \w+) (?:leaving|left|cleared|gone|going out|debited)\b"
        r"|\b(?:that|this) one(?:'s| is)? (?:been )?done\b|\bwe did the (?:transfer|payment|wire)\b|\bcame out of (?:our|my) account\b"
        r"|\bpay(?:ing)? (?:this|it|that)? ?twice\b",
        r"\bhaben sie (?:doch )?(?:schon|bereits|laengst)\b(?! (?:mal|einmal|nach|gehoert|gesehen|geprueft|gesprochen|versucht))|\b(?:habt ihr"
        r"|hast du) (?:doch )?(?:schon|bereits|laengst|das geld)\b"
        r"|\bein zweites mal\b|\bdoppelt (?:zahl|bezahl|ueberweis)\w*|\b(?:uebers?|ueber das) portal gemacht\b|\bbar (?:in die hand )?(?:bezahlt|gegeben)\b"
        r"|\bhat quittiert\b",
        unless=r"\b(?:ware|lager|will|would|if|once|when|wenn|sobald|reminder|invoice|mahnung)\b|\?$",
    ),
    sign(
        Intent.PAID_ALREADY,
        rf"\b(?:have|has|had|was|were|been|got|already|just|is|are|being|all|long since|it|this|that|we|i|they|she|he|accounting|accounts|finance|treasury"
        rf"|bookkeeper|colleague|department|company|bank|payable|ap|boss|husband|wife|partner|invoice|bill) (?:\w+ ){{0,4}}?{_PAID}\b|(?:^|[,:-] ?)(?:yes "
        rf"|no |hi |hello |ok |sorry |but |and |was |all |already |invoice |bill |just |[a-z]*[0-9]+ |yes, |hello, |hi, )*{_PAID}\b",
        rf"\b{_FUNDS}\b(?: \S+){{0,5}}? (?:has |have |had |was |were |been |already |just |is |are )+(?:\w+ )?(?:sent|made|released|initiated|processed"
        rf"|executed|actioned|dispatched|submitted|completed|done|effected|debited|issued|credited|taken|collected|received by you|gone|issued|out"
        rf"|approved and sent|confirmed|booked|withdrawn|charged)\b",
        rf"\b{_MONEY} (?:already |just |also |\w+ly )?(?:went|left|cleared|went through|came out|was taken|hit your|landed)\b|\b(?:have|has|just|already|we"
        rf"|i|they) (?:already |just |also )?(?:sent|made|released|initiated|processed|executed|completed|submitted|issued|done|put through|instructed"
        rf"|authori[sz]ed|triggered) (?:you |off |out )?(?:the |a |this |that |our |your |full |all |an? )*(?:\w+ )?(?:payments?|transfers?|wires?|money"
        rf"|funds|bank transfer|ach|bacs|amount|it)\b",
        r"\b(?:payment|money|transfer|wire|funds|it|cash|amount) (?:is |are |should be |must be |already |now )+(?:on (?:its|the|their) way|in transit"
        r"|under ?way|en route|in your (?:bank|account)|with you (?:already|now)|sent|gone)\b|\b(?:payment|money|transfer|funds|wire) on (?:its|the) way"
        r"|\bcross(?:ed)? (?:with|in the|paths)|\b(?:been|already) (?:\w+ )?(?:sorted|handled|actioned|looked after|squared)\b"
        r"|\bshould (?:already )?have (?:\w+ )?(?:received|got|gotten|arrived|reached|been (?:paid|credited|settled|received))\b|\bpaid (?:in full|up|off"
        r"|already|last|on|by (?:card|credit|wire|bank|ach|transfer|paypal|direct|check)|via|through|yesterday|weeks?|days?|it|this|that|today|these|you)\b"
        r"|\b(?:nothing|no (?:balance|amount|open (?:items?|invoices?))|zero balance|not anything) (?:is |left |outstanding|owing|open|due|remains)|\b(?:was"
        r"|is|has been|been|all) (?:already )?(?:taken care of|dealt with)\b(?! (?:by|on|next|tomorrow))",
        r"\b(?:see|check|look at|look for|find) (?:\w+ ){0,4}?(?:payment|transfer) (?:of|from|dated|made|on)\b|\bdid you not (?:get|receive"
        r"|see) (?:\w+ ){0,2}(?:payment|money|transfer)|\b(?:did|have) you (?:get|got|receive|received|see|seen) (?:our|the|my) (?:payment|money|transfer"
        r"|wire)|\b(?:our|my|the) (?:payment|transfer) (?:of|from|made on|dated|on) (?!the \w+ will)[0-9$€£]*\S*[0-9]|\b(?:payment|transfer|wire) (?:ref"
        r"|reference|confirmation|id|transaction|trace)(?:erence)? ?(?:no\.?|number|is|:|#)|\b(?:receipts? from your|our bank (?:statement )?(?:shows"
        r"|confirms|says))|\bbooks? (?:show|say)\w* (?:\w+ ){0,4}(?:paid|settled|cleared|closed)|\b(?:was|were|been|went out|included|part) (?:\w+ )?(?:in"
        r"|with|of) (?:last|yesterday's|the last|the previous) (?:\S+ )?(?:payment |pay |check )?(?:run|batch|cycle)\b|\bdirect debit (?:was|has|went"
        r"|you took)|\byou (?:already |have |just )*(?:collected|debited|took|charged|deducted)\b|\byou (?:have |already )*(?:received|got|had) (?:our|the"
        r"|my) (?:transfer|payment|money|wire|funds)|\bbeen in your (?:account|bank)|\bsent (?:it |this |that )?(?:via|through|by) (?:zelle|venmo|paypal"
        r"|wire|ach|bank|transfer|wise|sepa|bacs|chaps|stripe|apple|revolut|online|direct)|\b(?:took|taken) care of\b|\bcashed (?:our|the|my|it)\b|\b(?:we|i"
        r"|they) (?:\w+ )?sent (?:this|that|it|the) (?:\w+ )?(?:over |out |across )?(?:on|last|by|via|yesterday|already)\b"
        r"|\bpayment date\b(?! (?:is|will|would|of the))"
        r"|\bgone out already|\bpayment completed|\breceipt of (?:our|the|my) (?:payment|transfer|money)|\b(?:payment|money|transfer|wire|funds"
        r"|amount) (?:sent|made|done|completed|executed|initiated|processed|transferred|wired|settled)\b|\b(?:put|charged|went|paid) (?:it )?(?:through "
        r"|out )?on (?:our|my|the) (?:\w+ )?card\b|\bprepaid\b|\bpaid\b(?= (?:[0-9]|mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov"
        r"|dec))",
        unless=(
            r"\balways (?:been )?paid\b|\b(?:previous|prior|earlier|past|other) (?:\w+ )?(?:invoices|bills|ones)\b.{0,30}\bpaid\b"
            r"|\b(?:cleared|released|approved|ready) (?:for|to)\b|\b(?:is|are) (?:\w+ )?going (?:out|to)\b|\b(?:make|making) sure\b|\bensur\w+|\b(?:not|never"
            r"|nor|yet to|no longer|unable|without|nobody|no one|none of) (?:\w+ ){0,6}?(?:paid|transferred|wired|remitted|settled|cleared|sent|made"
            r"|released|initiated|processed|executed|done|completed|received|issued|authori[sz]ed|instructed)\b(?<!not you received)|\b(?:will|shall"
            r"|going to|would|to|can|could|must|needs? to|has to|have to|gets?|getting|should) (?:\w+ ){0,3}?(?:be|get|have) (?:\w+ ){0,3}?(?:paid"
            r"|transferred|wired|remitted|settled|sent|made|released|initiated|processed|executed|done|completed|issued|cleared"
            r"|sorted)\b(?<!should have been paid)|\b(?:once|as soon as|when|until|till|if|unless|after|before|whether|in case"
            r"|provided) (?:\w+ ){0,6}?(?:paid|settled|transferred|received|cleared|sent|made|processed)\b|\b(?:paid|pays|pay|paying) (?:us|me)\b"
            r"|\b(?:unpaid|not paid|partly paid)\b|\b(?:has|have|was|is|are|were|been) (?:\w+ )?(?:scheduled|set up|queued|planned|lined up"
            r"|booked in) (?:\w+ ){0,4}(?:for|to)\b|\bget(?:s|ting)? paid\b|\bto (?:be|get) paid\b|\b(?:is|are) being (?:paid|processed|made|sent|prepared"
            r"|released|settled)\b|\bis paid (?:by|on|every|via) (?:our|the|next|end)|\b(?:mailed|sent|posted) (?:\w+ ){0,3}(?:invoice|copy|reminder|email)"
            r"|\byou (?:\w+ )?(?:sent|made) (?:\w+ ){0,4}(?:invoice|reminder|mistake)"
        ),
    ),
    sign(
        Intent.PAID_ALREADY,
        r"\b(?:is|was|were|are|has|have|did) not (?:\w+ ){0,8}?(?:paid|settled|transferred|wired|pay|settle|cleared|taken care of)\b.*\?$|\bnicht (?:schon"
        r"|bereits|laengst|eigentlich|letzte\w*|am)\b.{0,40}\b(?:bezahlt|gezahlt|ueberwiesen|beglichen|erledigt)\b.*\?$",
        unless=r"\b(?:why|when|warum|wieso|wann)\b",
    ),
    sign(
        Intent.PAID_ALREADY,
        rf"\b(?:habe|haben|hat|hatte|hatten|hast|hab|wurde|wurden|worden|ist|sind|war|waren|bereits|schon|gerade|soeben|eben|laengst|gestern|heute"
        rf"|vorgestern|vorhin|frueh)\b(?: \S+){{0,16}}? {_BEZAHLT}\b|\b{_BEZAHLT} (?:worden|haben|habe|hat|wurde|wurden|ist|sind|am|hatten|war|per)\b"
        rf"|^(?:ja |nein |hallo |wurde |alles |schon |bereits |laengst |doch |ist |rechnung |[a-z]*-?[0-9]+ |ja, |hallo, )*{_BEZAHLT}\b",
        r"\b(?:zahlung\w*|geld|ueberweisung\w*|betrag|betraege|summe|rechnung\w*|das|dies|alles|die|sie|es|forderung)\b(?: \S+){0,10}? (?:ist|sind|wurde"
        r"|wurden|war|haben wir|habe ich|hat|bereits|schon|gestern|heute|am)\b(?: \S+){0,8}? (?:raus|weg|erfolgt|erledigt|veranlasst|getaetigt|gebucht"
        r"|unterwegs|durchgefuehrt|ausgefuehrt|abgebucht|abgeschickt|gesendet|beauftragt|in auftrag gegeben|abgegangen|eingezogen|belastet|abgezogen|durch"
        r"|geleistet|vorgenommen|eingereicht|gemacht|getan|losgeschickt|rausgegangen|weggeschickt|eingegangen sein)\b",
        r"\b(?:zahlung\w*|geld|ueberweisung\w*|rechnung|betrag) (?:ist |sind |wurde )(?:\w+ ){0,3}?(?:raus|unterwegs|erfolgt|angewiesen|veranlasst"
        r"|erledigt)\b|\b(?:zahlung\w*|geld|ueberweisung\w*|rechnung|betrag)(?: \S+){0,5} (?:raus|unterwegs|erfolgt|angewiesen|veranlasst|erledigt)[.! ]*$"
        r"|\berfolgte\b|^(?:schon|bereits|laengst|alles|ist|wurde|doch) (?:\w+ )?erledigt|\b(?:ist|war|sind) (?:schon |bereits |laengst |doch |alles |lange "
        r"|seit \w+ )*(?:erledigt|raus|beglichen|vom tisch|durch)\b|\b(?:muesste|muesste[nt]|sollte|sollten|duerfte) (?:\w+ ){0,6}?(?:schon|bereits|laengst"
        r"|eigentlich|inzwischen|mittlerweile|doch)(?: \w+){0,6}? (?:sein|haben|eingegangen|da|angekommen|drauf|erhalten)\b|\b(?:ging"
        r"|gingen) (?:\w+ ){0,5}?(?:raus|ab|weg|an sie|auf ihr)\b|\b(?:ueberwies|beglich|zahlte|bezahlte)n?\b|\bhaben sie (?:unsere|meine|die) (?:zahlung"
        r"|ueberweisung) (?:\w+ ){0,3}?(?:nicht )?(?:erhalten|bekommen|gesehen|verbucht)|\bpruefen sie (?:bitte )?(?:ihren|den|ihre) (?:zahlungseingang"
        r"|konto\w*|bank\w*|buchhaltung|eingaenge)|\b(?:zahlungseingang|zahlungseingaenge) (?:\w+ ){0,3}?(?:pruefen|checken|kontrollieren)|\b(?:lastschrift"
        r"|sepa)\b.{0,40}\b(?:eingezogen|abgebucht|abgezogen|eingeloest)|\b(?:abgebucht|eingezogen|belastet)\b|\b(?:nichts|kein betrag|keine posten"
        r"|keine rechnung) (?:mehr )?(?:offen|ausstehend)|\b(?:geld|zahlung|betrag|summe) (?:haben|habt|hat) (?:sie|ihr|du) (?:\w+ )?(?:doch|schon|bereits"
        r"|laengst)|\bbar bezahlt|\b(?:zahlung|geld|betrag|ueberweisung) (?:(?!nicht|noch|nie)\S+ ){0,6}eingegangen\b"
        r"|\bgeld (?:ist|muesste|muss|sollte) (?:\w+ )?(?:da|drauf|angekommen|eingegangen)\b(?! sein bis)"
        r"|\bhaben sie (?:\S+ ){0,8}(?:€|eur|euro|zahlung|geld|betrag|ueberweisung)(?: \S+){0,3} (?:erhalten|bekommen)\b|\bzahlung hat sich (?:mit"
        r"|ueberschnitten)|\bueberschnitten\b|\bgekreuzt\b|\bzahlung vom\b|\bunsere (?:zahlung|ueberweisung) (?:vom|ueber|in hoehe)",
        unless=(
            r"\b(?:immer|stets|bisher|bislang|noch jede\w*|vorige\w*|vorherige\w*|frueheren?|bisherige\w*)\b.{0,50}\b(?:be)?(?:zahlt|glichen)\b"
            rf"|\b(?:nicht|nie|niemals|keine?n?|noch nichts|weder) (?:\w+ ){{0,7}}?(?:{_BEZAHLT}|raus|erfolgt|erledigt|veranlasst|getaetigt|durchgefuehrt"
            rf"|freigegeben)\b|\b(?:wird|werden|werde|soll|sollen|sollte|muss|muessen|kann|koennen|koennte|will|wollen"
            rf"|wuerde)\b(?: \S+){{0,14}}? (?:{_BEZAHLT}|raus|veranlasst|getaetigt|durchgefuehrt|erledigt|ausgefuehrt|freigegeben|gebucht|abgebucht"
            rf"|eingezogen)\b(?! sein| haben)|\b(?:sobald|wenn|falls|bis|sofern|bevor|ob|sollte|nachdem)\b(?: \S+){{0,10}}? {_BEZAHLT}\b|\b(?:uns"
            rf"|mich) (?:\w+ ){{0,3}}?(?:bezahlt|gezahlt|ueberwiesen)\b|\bunbezahlt|\b(?:eingeplant|terminiert|vorgesehen|vorgemerkt) (?:fuer|zum|am|auf)"
            rf"|\b(?:fuer|auf|zum|am) (?:den |dem )?\S+ (?:\w+ )?(?:eingeplant|terminiert|vorgesehen|vorgemerkt)|\b(?:geht|gehen|kommt|folgt)\b"
            rf"|\bnoch nicht (?:da|eingegangen)"
        ),
    ),
    sign(
        Intent.PAID_ALREADY,
        rf"\b{_RAIL} (?:\S+ ){{0,5}}?(?:done|originated|initiated|effected|released|executed|left|went out|put through)\b|\b(?:done|did|initiated|effected"
        rf"|put through|processed|executed"
        rf"|authori[sz]ed|released) (?:the |an? |our |your |both |all |that |this |those |these )*(?:\w+ )?{_RAIL}\b|\b(?:done|did|sent|did do) (?:it|this"
        rf"|that) (?:last night|yesterday|this morning"
        r"|on the app|just now|already|online|over the weekend|on \w+day)\b|\b(?:will|should) (?:be )?see(?:ing)? (?:the|it as a|that) credit\b|\butr\b"
        r"|\bwill reflect\b",
        r"\b(?:ueberweisung|zahlung|betrag|geld|twint)\w* (?:ist |wurde |sind )?(?:\S+ ){0,4}?(?:raus|dusse|draussen|an die bank uebermittelt|uebermittelt"
        r"|angewiesen)\b"
        r"|\b(?:per|mit|ueber) (?:paypal|twint|wise|echtzeit\w*|sofortueberweisung) (?:\w+ )?(?:geschickt|gesendet|gemacht|bezahlt|ueberwiesen)\b"
        r"|\bwertstellung\b"
        r"|\b(?:muesste|sollte) (?:\S+ ){0,5}?(?:drauf|da|gutgeschrieben|eingegangen) sein\b",
        unless=(
            r"\b(?:will|shall|going to|to be|would|can|could|once|when|as soon as|until|till|if|not|never|nothing|needs?|pending|plan\w*)\b(?! (?:be seeing"
            r"|see|reflect|reach"
            r"|be with|be in|confirm|check|received|arrive|update|credit|land|show))|\b(?:wird|werden|werde|sobald|wenn|bis (?:dahin|alles)|nicht|noch nie"
            r"|geht|muss|soll|erst|morgen)\b(?! bei)"
        ),
    ),
)
_CHECK = (
    r"(?:(?:a|the|our|your|another|company|bank|paper|by|via|per|this|that|my|one|replacement|new|cashier'?s?|certified|signed) check\b|check (?:no\.?"
    r"|number|nr\.?|#|is in|in the (?:mail|post)|was|has|went|got|sent|mailed|posted|for|dated|already)|^check (?:is|was|sent|mailed|went|in)|checks (?:were"
    r"|have|went|are)|(?:verrechnungs)?scheck\w*)"
)
CHECK = (
    sign(
        Intent.CHECK_SENT,
        rf"{_CHECK}(?: \S+){{0,9}}? (?:sent|mailed|posted|in the (?:mail|post)|on (?:its|the) way|went|dropped|out|cut|issued|in transit|overnight\w*"
        rf"|fedex\w*|ups|usps|dispatched|couriered|unterwegs|abgeschickt|versendet|versandt|verschickt|raus|in der post|geschickt|aufgegeben|eingeworfen"
        rf"|zugesandt|gesendet|losgeschickt|abgesandt|per post|zur post|ging|left|delivered)\b",
        rf"\b(?:sent|mailed|posted|cut|issued|put|dropped|overnighted|couriered|popped|wrote|written|stuck|placed|fedexed"
        rf"|delivered) (?:\S+ ){{0,5}}?{_CHECK}|\b(?:paid|settled|pay|payment|cleared)(?: \S+){{0,6}} (?:by|with|via|per) (?:\w+ )?check\b|\bcheck (?:no\.?"
        rf"|number|nr\.?|#) ?#?[0-9]+|^(?:a |the |our )?check (?:was |has been |already )*(?:sent|mailed|posted|out)|\bcheck is in the (?:mail|post)"
        rf"|\bper scheck (?:bezahlt|gezahlt|beglichen|geschickt)|\b(?:haben|habe|hat|wurde|ging|geht|ist)\b.{{0,60}}\bscheck\b",
        unless=(
            r"\b(?:will|shall|going to|plan\w*|would|tomorrow|next|to be|werde|werden|wird|morgen|naechste\w*|goes out|going out|can (?:send|mail)|want"
            r"|prefer|could|should i|where|needs? to|not (?:yet )?(?:been )?(?:sent|mailed|issued|cut)|noch nicht|noch kein\w*)\b(?! (?:be )?(?:with you"
            r"|receive|arrive|reach|get))|\b(?:please|will|to|let me|can you|could you|i'll|double|and) check\b(?! (?:is|was|has|in))"
        ),
    ),
    # A check that is not called one: nothing but a check is put into a mailbox to pay a bill.
    sign(
        Intent.CHECK_SENT,
        r"\bchecks? (?:\w+ ){0,2}?in (?:the |\w+'?s? )?(?:mail|post)\b|\b(?:put|dropped|stuck|popped|threw) (?:it|this|that|them|payment|your \w+"
        r"|our \w+) in (?:the |\w+'?s? )?(?:mail|post|box|mailbox)\b"
        r"|\bck ?#? ?[0-9]{3,}|(?:^|\bi |\bwe |\balready |\bit was |\bwife |\bshe |\bhe )(?:mailed|posted)(?: (?:it|that|this|out|on|last|yesterday|monday"
        r"|tuesday|wednesday|thursday|friday|saturday"
        r"|[0-9]\S*|your|yalls|our|the) ?)*(?:check\b|$|[,.;]|[0-9])|\bscheck\b.{0,40}\b(?:unterwegs|eingeworfen|losgeschickt|aufgegeben)\b",
        unless=(
            r"\b(?:will|shall|going to|plan\w*|would|tomorrow|next|to be|werde|werden|wird|morgen|once|when|invoice|copy|letter"
            r"|not)\b(?! (?:be )?(?:with you|arrive|reach|get there))"
        ),
    ),
)
REMITTANCE = (
    sign(
        Intent.REMITTANCE,
        r"\bremittances?(?: advice| slip| note| details| info\w*| attached)?\b(?! address)|\bpayment advice|\bproof of (?:payment|transfer)|\b(?:payment"
        r"|transfer|wire|bank|swift|ach|sepa) (?:confirmation|receipt|proof|slip|screenshot|advice|copy)s?\b(?! (?:will|please|number|no\b|#|code|[0-9]))"
        r"|\bpayment details (?:are )?(?:attached|enclosed|below)|\bmt ?103\b|\bswift (?:copy|confirmation|message)|\bpayment breakdown|\b(?:attach\w*"
        r"|enclos\w*|herewith|please find|see|below|here is|here's|forwarding)\b.{0,50}\b(?:receipt|proof|screenshot|bank statement|confirmation (?:of|from)"
        r"|remit\w*|swift|payment confirmation|transaction (?:details|receipt))\b|\b(?:receipt|proof|screenshot|remit\w*|swift)\b.{0,30}\b(?:attached"
        r"|enclosed|below|herewith)\b",
        r"\bzahlungsavis\w*|\bavis\w*\b|\b(?:zahlungs|ueberweisungs|bank|einzahlungs|buchungs|transaktions)(?:beleg|nachweis|bestaetigung|quittung"
        r"|bestaetigungen|belege|protokoll)\b|\b(?:anbei|im anhang|beigefuegt|angehaengt|beiliegend|anliegend|in der anlage|hier)\b.{0,50}\b(?:beleg"
        r"|nachweis|avis|bestaetigung|kontoauszug|quittung|screenshot|auszug|ueberweisungstraeger)\b|\b(?:nachweis|beleg|bestaetigung|screenshot|kontoauszug"
        r"|quittung)\b.{0,40}\b(?:anbei|im anhang|beigefuegt|angehaengt|beiliegend|in der anlage)\b",
        unless=(
            r"\b(?:remittance|remit|remit-to) (?:address|to)|\b(?:send|need|provide|want|share|update|confirm|what|which|have) (?:me |us )?(?:your |the "
            r"|their )?(?:bank|payment|wire|transfer|remittance|ach) (?:details|instructions|information)|\b(?:will|to|shall|can|could) (?:follow|be sent"
            r"|send|forward|provide|share|email|attach|let you have)\b|\b(?:can|could|would|please) (?:you )?(?:\w+ ){0,2}(?:send|provide|forward|give)"
            r"|\b(?:folgt|folgen|schicken wir|senden wir|bekommen sie|erhalten sie)\b|\bbitte (?:\w+ ){0,3}(?:schicken|senden|zusenden|um)\b"
            r"|\bas proof of delivery|\blieferbeleg|\beingangsbestaetigung"
        ),
    ),
)
RUN = (
    sign(
        Intent.NEXT_PAYMENT_RUN,
        r"\b(?:payment|pay|check|payables?|supplier|ap|vendor|creditor|bacs|ach|sepa|weekly|monthly|bi-?weekly|fortnightly|next|mid-?month|month-?end|(?:mon"
        r"|tues|wednes|thurs|fri)day'?s?|following|coming|disbursement|accounts payable|our|the|this week's|end of month|week's|month's|wire) ?(?:payment "
        r"|check |pay |ap |payable |bacs |supplier |ach )?(?:runs?|batch(?:es)?|cycles?|proposal|file)\b|\bpayruns?\b|\bon the last \w+ of (?:each|every"
        r"|the) month\b|\bin that (?:run|batch)\b|\bcheck ?runs?\b|\bpaydays?\b|\bpay (?:our |all )?(?:suppliers|vendors|invoices|bills|creditors) (?:on"
        r"|every|once|twice|only|at|each|weekly|monthly)|\b(?:payments?|checks?|we|ap) (?:are |is |only )*(?:pay|process(?:ed)?|run|cut|made|release[sd]?"
        r"|issue[sd]?|go(?:es)? out|paid|batched) (?:\w+ ){0,3}?(?:every|each|once a|twice a|weekly|monthly|on the [0-9]+\w* of (?:each|every|the) month"
        r"|on (?:mon|tues|wednes|thurs|fri)days|bi-?weekly|fortnightly)\b|\b(?:the|that|this|next|current|our) (?:\w+ )?batch\b|\bbatch (?:goes"
        r"|leaves|runs|is released)\b"
        r"|\brun date\b|\b(?:scheduled )?(?:pay|disbursement) date\b|\b(?:only |always |normally )?(?:cut|print|issue|release|do|process) (?:the "
        r"|our |all )?(?:checks?|payments?|vendors?"
        r"|suppliers?|transfers?) (?:only |once |twice )?(?:on|every|each|a) (?:the )?(?:other|second|week|month|[a-z]*days?|first|fifteenth|[0-9]+\w*)\b"
        r"|\bevery (?:other|second) (?:[a-z]+day|week)\b",
        r"\b(?:kommt|laeuft|geht|ist) (?:\w+ )?(?:beim|im|mit dem) naechsten (?:\w+ )?mit\b|\bin the run\b|\b(?:picked up for|rolls? (?:over )?into) (?:the "
        r"|our )?run\b",
        r"\b(?:zahl|zahlungs|ueberweisungs|sammel|kreditoren|lieferanten|wochen|monats|abschluss)(?:ungs)?-?(?:laeufe|lauf|laufs|laufes|vorschlag"
        r"|vorschlagslauf|ueberweisung|zahllauf|zahlungslauf)\b|\bzahlungslaeufe\b|\b(?:naechste[nrm]?|kommende[nrm]?|heutigen?|morgige[nr]?) (?:lauf"
        r"|zahltag)\b|\bzahllauf|\bzahltage?\b|\b(?:wir )?(?:zahlen|ueberweisen|bezahlen) (?:wir )?(?:immer|nur|grundsaetzlich|generell|stets|jeden|jeweils"
        r"|einmal|zweimal|woechentlich|monatlich)\b|\bbuchungslauf|\b(?:zahl|zahlungs|ueberweisungs)-?(?:turnus|termine?n?|runden?|zyklus|stapel"
        r"|datei)\b|\b(?:naechsten|unserem|im) turnus\b|\bsammelueberweis\w*"
        r"|\b(?:zahlen|ueberweisen|bezahlen)(?: \w+){0,2} (?:alle (?:zwei wochen|[0-9]+ tage|vierzehn tage)|immer|nur) ?(?:am|zum|montags|dienstags"
        r"|mittwochs|donnerstags"
        r"|freitags|zweimal|einmal)?\b|\b(?:zahlen|ueberweisen) (?:alle (?:zwei wochen|[0-9]+ tage|vierzehn tage))\b",
        unless=(
            r"\bdry run|\btest run|\blong run|\brun(?:s)? out|\b(?:last|yesterday's|this morning's|previous) (?:\S+ )?(?:payment |pay |check )?(?:run|batch"
            r"|cycle)\b(?!.*\b(?:next|missed)\b)(?<!missed the last run)|\b(?:letzten|gestrigen) (?:zahl\w*|lauf)(?!.*\b(?:durchgerutscht|verpasst|gefehlt"
            r"|nicht dabei|zu spaet|naechste\w*)\b)"
        ),
    ),
)
_PENDING_WITH = (
    r"(?:manager|director|boss|cfo|ceo|coo|owner|head|approver|supervisor|md|controller|project|finance|department|team|partner|board|vp|president|treasurer"
    r"|buyer|requester|requisitioner|site|lead|colleague|plant|warehouse|procurement|purchasing)"
)
_BODY = (
    r"(?:trustees?|pcc|board|committee|council|vestry|elders|panel|governors|session|wardens|directors|gremium|vorstand|\w*gemeinderat|stiftungsrat|stiftung"
    r"|verwaltungsrat|aufsichtsrat|beirat"
    r"|presbyterium|elternbeirat|eigentuemerversammlung|gesellschafterversammlung|ausschuss)"
)
APPROVAL = (
    sign(
        Intent.IN_APPROVAL,
        r"\b(?:pending|await\w*|waiting (?:for|on)|needs?|requires?|in|under|for|undergoing|subject to|still|out for|up for|before|missing|without|final"
        r"|internal|management|budget|outstanding|get|getting|obtain\w*|seek\w*|chasing|route[d]? for|sent for|submitted for|through|lacks?|second"
        r"|two) (?:\w+ ){0,4}?(?:approvals?|sign[- ]?offs?|signatures?|authori[sz]ation|validation|verification|clearance|countersign\w*|coding)\b"
        r"|\bapprovals? (?:is |are |still |has |have |was )*(?:pending|outstanding|missing|process|workflow|needed|required|not|chain|queue|flow|stage"
        r"|in progress|from)\b|\b(?:not|yet to be|needs? to be|has to be|must be|still to be|waiting to be|have to be|being|to get|once|until|when|after"
        r"|as soon as|get it|gets|needs to|has to|must) (?:\w+ ){0,4}?(?:approved?|signed(?: off)?|authori[sz]ed?|verified|validated|released|sign(?: off)?"
        r"|coded|okayed)\b",
        rf"\b(?:with|by|from|at|to|on) (?:\w+ ){{0,2}}?{_PENDING_WITH}(?:'?s)?(?: \w+){{0,3}} (?:for|to|desk|approval|review|sign|who|inbox)\b|\b(?:is|are"
        rf"|it's|currently|still|being) (?:\w+ )?(?:being |under |in )(?:internal(?:ly)? |the )?(?:review\w*|process\w*|check\w*|validat\w*|verif\w*"
        rf"|approv\w*|audit\w*|workflow|match\w*|the system|clarification)\b|\b(?:under|in|for|internal) review\b|\b(?:go|goes|going|gone) (?:through|to"
        rf"|before) (?:the|our) (?:\w+ )?(?:board|committee|finance|management|process|workflow|partners)|\b(?:now|still|currently|is|sits"
        rf"|sitting) with (?:our|the|my) (?:\w+ )?(?:manager|director|boss|cfo|ceo|owner|head|approver|supervisor|controller|holder|team|board|department"
        rf"|accountant|partner|lead)\b|\b(?:verifying|validating|double-checking|checking|confirming) (?:the|it|this|that|your|these|all)\b"
        rf"|\bpending (?:with|at|in)\b|\breviewing (?:it|this|the invoice|your invoice)|\b(?:goods receipt|three-way match"
        rf"|3-way match|grn?|receipting|workflow|matching)\b"
        rf"|\b{_PENDING_WITH}(?:'?s)? (?:\w+ )?(?:has|needs|still|must|is|have|hasn't|wants|did) (?:\w+ ){{0,4}}?(?:approv\w*|sign\w*|review\w*|look\w*"
        rf"|authori[sz]\w*|check\w* it|release|ok)",
        r"\b(?:waiting|wait|need) (?:for|on|to hear from) (?:\w+ ){0,3}(?:the go-?ahead|green light|manager|director|boss|cfo|ok)\b|\b(?:passed|forwarded"
        r"|sent|handed|given|submitted|escalated|moved|directed) (?:\w+ ){0,4}?(?:on )?to (?:\w+ ){0,2}?(?:accounts|accounting|finance|ap|payables?|payable"
        r"|accounts payable|bookkeep\w+|the relevant|department|our \w+ team|colleagues?|processing|controller)\b|\b(?:invoice|it|this|bill) (?:is|has been"
        r"|was) (?:\w+ )?(?:with|in|passed|forwarded|logged|entered|registered|received and) (?:\w+ ){0,3}?(?:accounts|accounting|finance|ap|payables?"
        r"|process\w*|system|queue)\b",
        r"\bfreigabe\w*\b|\bfreizeichn\w*|\bfrei(?:ge)?(?:geben|zeichnen)\b|\bfreigegeben\b|\bgenehmig\w+|\brechnungspruefung|\bzur (?:pruefung|genehmigung"
        r"|unterschrift|abzeichnung|kontrolle|bearbeitung)\b|\b(?:in|im|unter) (?:der |interner |rechnungs|laufender )*(?:pruefung|bearbeitung|klaerung"
        r"|umlauf|genehmigung|workflow|pruefprozess|abstimmung|unterschriftenlauf|rechnungseingang)\b|\b(?:wird|werden) (?:\w+ ){0,5}?(?:geprueft|bearbeitet"
        r"|abgezeichnet|kontrolliert)\b|\b(?:muss|muessen|sollte?)\b.{0,50}\b(?:unterschreiben|unterzeichnen|pruefen|abzeichnen|absegnen|unterschrieben"
        r"|geprueft|abgezeichnet|abgesegnet|zustimmen|gegenzeichnen)\b|\b(?:liegt|haengt|ist|steckt|befindet) (?:\w+ ){0,5}?(?:bei|beim|zur|auf dem (?:tisch"
        r"|schreibtisch)) (?:\w+ ){0,5}?(?:chef\w*|leit\w*|geschaeftsfuehr\w*|abteilung\w*|vorgesetzt\w*|pruef\w*|vorstand|kollege\w*|einkauf|fachabteilung"
        r"|controlling|bauleit\w*|projektleit\w*|buchhaltung|unterschrift|bereich\w*)|\bunterschrift\b|\bgegenzeichn\w*|\babzeichn\w*|\babsegn\w*"
        r"|\bweitergeleitet\b|\bweitergegeben\b|\ban (?:die|unsere) (?:buchhaltung|finanz\w*|kreditoren\w*|rechnungs\w*) (?:weiter\w*|gegeben|geschickt"
        r"|uebergeben)\b|\bsachlich\w*.{0,20}\b(?:pruef\w*|richtig)|\bgrunes licht|\bgruenes licht|\bwareneingang\w*",
        unless=(
            r"\b(?:has been|was|is|been|got|have|already|now|hat|haben) (?:now |already |fully |finally )?(?:approved|signed off|released|freigegeben"
            r"|genehmigt)\b(?! by (?:friday|end))(?!.*\b(?:not|still|pending|once)\b)|\bnot (?:been )?approved (?:this|these|the (?:work|order|price))"
            r"|\bwithout (?:our|my|any) (?:approval|authori[sz]ation|consent)\b|\bpo approval"
        ),
    ),
    # Those who must agree meet on a day, or have not all signed.
    sign(
        Intent.IN_APPROVAL,
        rf"\b{_BODY}\b.{{0,60}}\b(?:meets?|sits?|meeting|votes?|decides?|reconvenes?|convenes?|signs?|agrees?|tagt|tagen|sitzung|beschlie\w*|entscheide\w*"
        rf"|zustimm\w*|zusammen\w*|wieder)\b"
        rf"|\b(?:meeting|sitzung) (?:of |der |des |vom )?(?:\w+ )?{_BODY}\b|\b(?:go|goes|be put|brought|taken|liegt) (?:\w+ )?(?:before|to|in front of|dem"
        rf"|der) (?:the |our )?{_BODY}\b"
        r"|\b(?:vote|voted|voting) on (?:it|this|that)\b|\bon the agenda\b|\btagesordnung\b|\bdo not meet (?:again )?(?:till|until)\b",
        r"\b(?:muss|geht|kommt) (?:\w+ ){0,4}?(?:durch|in|vor) (?:die|den|das|der) (?:\w+ ){0,2}?\w*(?:sitzung|versammlung|rat|vorstand)\b"
        r"|\bneed (?:\w+ ){0,4}to sign\b",
        r"\b(?:signatures?|signers?|signator(?:y|ies))\b|\bunterschriften\b|\bvisum\b|\bvisier(?:t|en|ung)\b|\bzeichnungsberechtigt\w*|\bzirkulier\w*"
        r"|\baufmass\b"
        r"|\b(?:chef\w*|boss|inhaber\w*|bauleit\w*) (?:muss|will|soll)\b.{0,20}\b(?:schau\w*|guck\w*|sehen|ansehen)\b|\bcertif(?:ied"
        r"|ication) (?:\w+ )?(?:is |are )?(?:awaited|pending)\b",
        unless=(
            r"\b(?:email|digital|delivery|pod) signature|\bsignatures? (?:below|block)|\b(?:signed|signiert|received|alle unterschriften|both signatures"
            r"|all signatures)\b"
        ),
    ),
    sign(
        Intent.IN_APPROVAL,
        r"\b(?:has been|was|is|been|got|have|already|now|just) (?:\w+ )?(?:approved|signed off|authori[sz]ed|released for payment|cleared for payment"
        r"|freigegeben|genehmigt)\b|\bwe are processing\b|\bprocessing (?:it|this|your|the)\b|\b(?:ist|wurde|sind) (?:\w+ ){0,3}(?:freigegeben|genehmigt)\b"
        r"|\bin bearbeitung\b",
        unless=r"\bnot\b|\bnicht\b",
        firm=False,
    ),
)


def is_asked(sentence: str) -> bool:
    """Whether ``sentence`` only asks whether something has been paid."""
    return bool(
        re.search(r"\?$", sentence)
        and not re.match(r"\w+ not\b", sentence)
        and re.match(r"(?:\w+[, ]+){0,3}?(?:has|have|is|was|were|when|how|do|does|did|can|could|if|wurde|ist|sind|hat|wann|wie|haben)\b", sentence)
        and not re.search(
            r"\b(?:you|sie) (?:\w+ ){0,3}?(?:get|got|gotten|receive|received|see|seen|find|check|confirm|erhalten|bekommen|gesehen"
            r"|verbucht|look)\b|\b(?:we|i|wir|ich) (?:have |haben |habe )?(?:already |just )?(?:paid|transferred|sent|made)"
            r"|\b(?:our|unsere|my|meine) (?:payment|transfer|zahlung|ueberweisung)|\b(?:haben wir|habe ich|have we|did we"
            r"|have i)\b.{0,40}\b(?:bereits|schon|laengst|doch|already)\b",
            sentence,
        )
    )
