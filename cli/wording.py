"""``dunwell wording``: what customers read, in every language and tone, and whether it can be sent."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.session import UnableToChoose, own_playbooks
from cli.terminal import as_json, count, print_json, print_table, say

if TYPE_CHECKING:
    from playbooks.proving import Flaw


class UnableToSend(Exception):
    """Texts are at fault; the message has one line for each fault."""


@click.group(short_help="What customers read: check every text, and read any of them.")
def wording() -> None:
    """Check and read the texts of the playbooks in every language (en, de, fr, es) and tone (warm, firm, formal).

    A customer is written to in the language of the contact, else its own; where a text is missing in it, in that of the
    playbook. Strategic and VIP customers read the warm tone, a step with consequences is formal, all else is firm.

    \b
    Examples:
      dunwell wording check
      dunwell wording show b2b-three-weeks final-demand --language de --tone formal
    """


@wording.command(short_help="Prove that every text can be sent.")
@click.argument("names", metavar="[PLAYBOOK]...", nargs=-1)
@click.option("--language", default="", metavar="XX", help="Only this language, such as de.")
@as_json
def check(names: tuple[str, ...], language: str, as_json: bool) -> None:
    """Write every step's texts in every language and tone about invented invoices, and look at each: it can be written, it says
    how much of which invoice and since when, and it announces nothing that its playbook does not do. An e-mail has a voice of its
    own in each tone, and a text message is short: two segments about one invoice, four about several. Those of owner-voice are
    written as owners write who are casual or formal, at full length or short.

    \b
    Examples:
      dunwell wording check
      dunwell wording check owner-voice --language fr
    """
    import playbooks
    from playbooks.proving import prove

    own, looked_at = own_playbooks(), 0
    flaws: list[Flaw] = []
    _refuse_unknown(language)
    wanted = names or playbooks.names(own)
    for name in wanted:
        found, number = prove(playbooks.load(name, own), own, language)
        flaws += found
        looked_at += number
    if as_json:
        print_json({"texts": looked_at, "flaws": [asdict(flaw) for flaw in flaws]})
    if flaws:
        raise UnableToSend(f"{count(len(flaws), 'fault')} in {count(looked_at, 'text')}:\n" + "\n".join(map(_line, flaws)))
    if not as_json:
        _tell(wanted, own, language)
        say(f"{count(looked_at, 'text')} looked at: all can be sent.")


@wording.command(short_help="Read what a step says.")
@click.argument("name", metavar="PLAYBOOK")
@click.argument("step")
@click.option("--language", default="", metavar="XX", help="In this language; the playbook's own when left out.")
@click.option("--tone", type=click.Choice(["warm", "firm", "formal"]), default="firm", help="In this tone.")
@click.option("--channel", default="", help="By this channel; the first of the step when left out.")
@click.option("--formality", type=click.Choice(["casual", "formal"]), default=None, help="As an owner writes who is so; owner-voice alone.")
@click.option("--short", is_flag=True, help="As an owner writes who is brief; with --formality.")
@click.option("--html", "as_html", is_flag=True, help="The HTML of an e-mail instead of its text.")
def show(name: str, step: str, language: str, tone: str, channel: str, formality: str | None, short: bool, as_html: bool) -> None:
    """Print what STEP of PLAYBOOK says about an invented invoice.

    \b
    Examples:
      dunwell wording show b2b-three-weeks account-summary
      dunwell wording show issue-to-payment formal-demand --channel letter --language es
      dunwell wording show owner-voice second-note --language de --formality casual --short
    """
    import playbooks
    from playbooks.proving import Flaw, texts

    own = own_playbooks()
    _refuse_unknown(language)
    policy = playbooks.load(name, own)
    every = tuple(texts(policy, own, language or policy.language))
    found = [one for one in every if isinstance(one, Flaw) or (one.step.name == step and channel in ("", one.channel))]
    written = [one for one in found if not isinstance(one, Flaw) and one.tone == (tone if one.channel != "task" else "firm")]
    if short and not formality:
        raise UnableToChoose("--short: say --formality casual or --formality formal as well")
    if formality and written:
        written = [one for one in written if (one.formality, one.length) == (formality, "short" if short else "full")]
        if not written:
            raise UnableToChoose(f"--formality: {step} of {name} is written in nobody's voice; leave it out")
    if not written:
        if flaws := [one for one in found if isinstance(one, Flaw) and one.step in (step, "")]:
            raise UnableToSend("\n".join(map(_line, flaws)))
        steps = dict.fromkeys(one.step.name for one in every if not isinstance(one, Flaw))
        raise UnableToChoose(f"STEP: {name} says nothing at {step!r} by such a channel; choose from {', '.join(steps)}")
    text = written[0].said
    if as_html:
        say(text.html)
        return
    say(text.subject)
    say()
    say(text.text.rstrip())


def _refuse_unknown(language: str) -> None:
    from playbooks.language import languages

    if language and language not in languages():
        raise UnableToChoose(f"--language: there are no texts in {language!r}; choose from {', '.join(languages())}")


def _tell(names: tuple[str, ...], own: Path | None, language: str) -> None:
    import playbooks
    from playbooks.language import languages

    shown = (language,) if language else languages()
    rows = [[name, *(str(len(playbooks.wording_texts(playbooks.load(name, own), own, one))) for one in shown)] for name in names]
    print_table(["Playbook", *shown], rows, right=shown)


def _line(flaw: Flaw) -> str:
    where = " ".join(filter(None, (flaw.step, f"by {flaw.channel}" if flaw.channel else "", flaw.language, flaw.tone, flaw.formality, flaw.length)))
    return f"  {flaw.playbook}: {where}: {flaw.what}"
