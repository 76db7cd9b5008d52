"""``dunwell voice``: learned from real files, shown, calibrated on the owner's own customers, approved."""

from __future__ import annotations

import json
import mailbox
import re
from email.message import EmailMessage
from pathlib import Path

from db.voices import approved_tiers
from tests.cli.installation import Installation

NAMES = ("Tom", "Bea", "Lou", "Ada", "Kim", "Joe")


def mail(name: str, sender: str = "Hanna Weiss <hanna@brightwater.example>") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, f"{name} <{name.lower()}@harbour.example>", "Your garden gate"
    message.set_content(
        f"Hi {name},\n\nHope all is well. I've had a look at the gate, as {name} asked. Just give me a shout.\n\nCheers,\nHanna\n\n"
        "On Mon, 2 Mar 2026 at 10:00, Somebody wrote:\n> Dear Sirs, you owe me a gate.\n> Yours faithfully\n"
    )
    return message


def sent_folder(folder: Path, count: int = 6, **how: str) -> Path:
    folder.mkdir()
    for name in NAMES[:count]:
        (folder / f"{name}.eml").write_bytes(mail(name, **how).as_bytes())
    return folder


def test_a_voice_is_learned_from_a_sent_folder_without_what_others_wrote(installation: Installation, tmp_path: Path) -> None:
    folder = sent_folder(tmp_path / "Sent")
    (folder / "theirs.eml").write_bytes(mail("Eve", "Eve <eve@harbour.example>").as_bytes())
    assert "Learned from 6 mails" in installation.run("voice", "learn", str(folder)).output
    shown = installation.run("voice", "show").output
    for said in ("greeting: Hi {first},", "closing: Cheers", "sign_off: Hanna", "ending_phrase: Just give me a shout."):
        assert said in shown
    assert "faithfully" not in shown
    assert "Nothing goes out yet: the owner has not approved a draft of the first note, the second note and the third note yet." in shown


def test_a_voice_is_learned_from_an_mbox_and_from_text_files(installation: Installation, tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "Sent.mbox")
    for name in NAMES:
        box.add(mail(name))
    box.close()
    installation.run("voice", "learn", str(tmp_path / "Sent.mbox"))
    first = installation.run("voice", "show", "--json").output
    for name in NAMES:
        (tmp_path / f"{name}.txt").write_text(mail(name).get_content(), "utf-8")
    installation.run("voice", "learn", "--replace", *(str(tmp_path / f"{name}.txt") for name in NAMES))
    assert installation.run("voice", "show", "--json").output == first
    assert json.loads(first)["voice"]["contractions"] is True


def test_too_few_mails_and_mails_of_others_are_told_with_the_remedy(installation: Installation, tmp_path: Path) -> None:
    folder = sent_folder(tmp_path / "Sent", 4)
    assert "only 4 different mails" in installation.run("voice", "learn", str(folder), status=1).output
    strange = sent_folder(tmp_path / "Strange", sender="Hanna <hanna@oldname.example>")
    told = installation.run("voice", "learn", str(strange), status=1).output
    assert "6 mails from other addresses" in told
    assert "--from" in told
    installation.run("voice", "learn", str(strange), "--from", "Hanna@OldName.example")
    assert "there is no such file" in installation.run("voice", "learn", str(tmp_path / "nowhere"), "--replace", status=1).output


def test_an_edited_voice_is_not_overwritten_and_its_faults_are_named(installation: Installation, tmp_path: Path) -> None:
    folder = sent_folder(tmp_path / "Sent")
    installation.run("voice", "learn", str(folder))
    assert "--replace" in installation.run("voice", "learn", str(folder), status=1).output
    file = installation.folder / "voice" / "main.yaml"
    file.write_text(file.read_text("utf-8").replace("closing: Cheers", "closing: Pay or court"), "utf-8")
    assert "main.yaml:" in installation.run("voice", "show", status=1).output


def test_six_drafts_are_written_about_the_oldest_late_invoice_of_each_customer_and_then_invented_ones(installation: Installation, tmp_path: Path) -> None:
    installation.run("import", str(installation.write_csv(("INV-1", "C-1", 20), ("INV-2", "C-2", 30), ("INV-3", "C-2", 40), ("INV-4", "C-3", -5))))
    installation.run("voice", "learn", str(sent_folder(tmp_path / "Sent")))
    drafts = json.loads(installation.run("voice", "calibrate", "--json").output)
    assert [one["tier"] for one in drafts] == [1, 1, 2, 2, 3, 3]
    assert [one["about"] for one in drafts] == ["about invoice INV-3 of C-2 Ltd", "about invoice INV-1 of C-1 Ltd", *["about an invented invoice"] * 4]
    assert "INV-3" in drafts[0]["text"]
    assert all("Cheers,\n\nHanna\n" in one["text"] for one in drafts)
    assert drafts[2]["text"].startswith("Hi Dana,")
    files = sorted(path.name for path in (installation.folder / "voice" / "drafts").iterdir())
    assert len(files) == 6
    assert files[0].startswith("1-first-note-vd_")


def test_one_draft_of_each_tier_is_approved_for_the_present_voice_alone(installation: Installation, tmp_path: Path) -> None:
    installation.run("voice", "learn", str(sent_folder(tmp_path / "Sent")))
    drafts = json.loads(installation.run("voice", "calibrate", "--json").output)
    assert "Still waiting" in installation.run("voice", "approve", drafts[0]["draft"], "--by", "Hanna Weiss").output
    installation.run("voice", "approve", drafts[2]["draft"], "--by", "Hanna Weiss")
    assert "All three are approved" in installation.run("voice", "approve", drafts[5]["draft"], "--by", "Hanna Weiss").output
    shown = json.loads(installation.run("voice", "show", "--json").output)
    assert shown["waiting"] == ""
    with installation.database().reading() as connection:
        assert approved_tiers(connection, "main", shown["edition"]) == {1, 2, 3}
    file = installation.folder / "voice" / "main.yaml"
    file.write_text(file.read_text("utf-8").replace("closing: Cheers", "closing: Best wishes"), "utf-8")
    assert json.loads(installation.run("voice", "show", "--json").output)["waiting"]
    assert "has changed since" in installation.run("voice", "approve", drafts[1]["draft"], "--by", "Hanna Weiss", status=1).output


def test_a_draft_that_does_not_exist_cannot_be_approved(installation: Installation) -> None:
    assert "there is no draft" in installation.run("voice", "approve", "vd_nothing", "--by", "Hanna", status=1).output


GERMAN = "\n\n".join(("Hallo {name},", "kannst du dir das Tor ansehen, wie {name} wollte? Sag mir einfach Bescheid.", "Viele Grüße", "Hanna"))


def test_drafts_say_du_and_little_where_the_owner_does_and_a_change_of_either_ends_the_approval(installation: Installation, tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / f"{name}.txt").write_text(GERMAN.format(name=name), "utf-8")
    installation.run("voice", "learn", *(str(tmp_path / f"{name}.txt") for name in NAMES))
    file = installation.folder / "voice" / "main.yaml"
    learned = file.read_text("utf-8")
    assert "formality: casual" in learned and "language: de" in learned
    [words] = re.findall(r"^usual_words: (\d+)$", learned, re.MULTILINE)

    def drafts() -> list[dict[str, str]]:
        found: list[dict[str, str]] = json.loads(installation.run("voice", "calibrate", "--json").output)
        return found

    short = drafts()
    for one in short[::2]:
        installation.run("voice", "approve", one["draft"], "--by", "Hanna Weiss")
    for changed in (learned.replace("formality: casual", "formality: formal"), learned.replace(f"usual_words: {words}", "usual_words: 120")):
        file.write_text(learned, "utf-8")
        assert json.loads(installation.run("voice", "show", "--json").output)["waiting"] == ""
        file.write_text(changed, "utf-8")
        assert "has not approved a draft of the first note" in json.loads(installation.run("voice", "show", "--json").output)["waiting"]
        assert "has changed since" in installation.run("voice", "approve", short[0]["draft"], "--by", "Hanna Weiss", status=1).output
    assert len(drafts()[0]["text"].split()) > len(short[0]["text"].split())
