"""Mails as customers' mail programs and mail servers write them."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText


def written(
    text: str, *, sender: str = "billing@c-1.example", to: str = "ann.lee@brightwater.example", subject: str = "Re: Invoice", **headers: str
) -> EmailMessage:
    """A mail as a customer's mail program writes it; ``headers`` with underscores for dashes."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


def returned(sent: bytes, status: str = "5.1.1", action: str = "failed") -> bytes:
    """A report as mail servers send it (RFC 3464), with the mail that came back."""
    original = message_from_bytes(sent, policy=policy.compat32)
    report = MIMEMultipart("report", **{"report-type": "delivery-status"})
    report["From"], report["To"], report["Subject"] = "MAILER-DAEMON@mx.example", "ann.lee@brightwater.example", "Undelivered Mail Returned to Sender"
    report["Message-ID"], report["Auto-Submitted"] = f"<{status}.{action}@mx.example>", "auto-replied"
    report.attach(MIMEText("This is the mail system at host mx.example.\n\nI'm sorry to have to inform you that your message could not be delivered."))
    recipient = original["To"].rpartition("<")[2].rstrip(">")
    blocks = (
        "Reporting-MTA: dns; mx.example\n\n"
        f"Final-Recipient: rfc822; {recipient}\nAction: {action}\nStatus: {status}\nDiagnostic-Code: smtp; 550 {status} no such user\n"
    )
    report.attach(message_from_bytes(f"Content-Type: message/delivery-status\n\n{blocks}".encode()))
    report.attach(MIMEMessage(original))
    return report.as_bytes()
