"""Carriers: a letter to a person leaves by SMTP, by the gateway of short messages, or by a chat robot.

Mail goes to the server that the installation names. Short messages are posted within the fence of webhooks. Chat robots
speak through apprise, to the three addresses of the settings alone: no redirect is followed, and where each name leads
is held against the fence right before.
"""

import socket
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from smtplib import SMTP, SMTP_SSL, SMTPException, SMTPRecipientsRefused
from urllib.parse import urlsplit

import orjson

from engine import clock
from engine.domain.channels import Channel
from engine.notices import reach
from engine.notices.sending import Fate, Outcome, Parcel
from engine.settings import Settings
from webhooks import posting, robots
from webhooks.posting import Fence

SECONDS = 30
PERMANENT = 500  # SMTP: such a reply to a recipient will be the same tomorrow (RFC 5321, 4.2.1)
NOBODY = frozenset({400, 404, 410, 422})  # what a gateway says of a number that is none
GONE = Outcome(Fate.BOUNCED, "the address cannot be read")


def carry(parcel: Parcel, settings: Settings) -> Outcome:
    """Carry a letter to its channel, outside any transaction; whatever goes wrong is in the outcome."""
    if parcel.address is None:
        return GONE
    if parcel.channel is Channel.MAIL:
        return _mail(parcel, parcel.address, settings)
    if parcel.channel is Channel.SMS:
        return _message(parcel, parcel.address, settings)
    return _chat(parcel, parcel.address, settings)


def written(parcel: Parcel, address: str, settings: Settings) -> EmailMessage:
    """Return a letter as mail: plain text and the same in HTML, with one id through every try."""
    mail = EmailMessage()
    mail["From"] = settings.mail_from
    mail["To"] = Address(addr_spec=address)
    mail["Subject"] = parcel.subject
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = f"<{parcel.key}@{_home(settings)}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no machine shall answer
    mail["Content-Language"] = parcel.language
    mail.set_content(_plain(parcel, settings))
    mail.add_alternative(_html(parcel, settings), subtype="html")
    return mail


def _mail(parcel: Parcel, address: str, settings: Settings) -> Outcome:
    try:
        with _server(settings) as server:
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password)
            server.send_message(written(parcel, address, settings))
    except SMTPRecipientsRefused as refused:
        code, said = next(iter(refused.recipients.values()))
        fate = Fate.BOUNCED if code >= PERMANENT else Fate.FAILED
        return Outcome(fate, f"{code} {said.decode('utf-8', 'replace')}")
    except (SMTPException, OSError, ValueError) as fault:
        return Outcome(Fate.FAILED, f"{type(fault).__name__}: {fault}")
    return Outcome(Fate.TAKEN)


def _server(settings: Settings) -> SMTP:
    """Return a connection to the mail server: under TLS from the start, from STARTTLS on, or plain within a machine."""
    context = ssl.create_default_context()
    here = _home(settings)  # the library would ask the resolver for our name, and wait for it
    if settings.smtp_security == "tls":
        return SMTP_SSL(settings.smtp_host, settings.smtp_port, here, timeout=SECONDS, context=context)
    server = SMTP(settings.smtp_host, settings.smtp_port, here, timeout=SECONDS)
    try:
        if settings.smtp_security == "starttls":
            server.starttls(context=context)
    except (SMTPException, OSError):
        server.close()
        raise
    return server


def _message(parcel: Parcel, number: str, settings: Settings) -> Outcome:
    body = {"id": parcel.key, "to": number, "text": f"{parcel.subject} {_link(parcel, settings)}"}
    headers = {"content-type": "application/json", "authorization": f"Bearer {settings.sms_token}"}
    answer = posting.post(settings.sms_url, headers, orjson.dumps(body), Fence.of(settings))
    if answer.ok:
        return Outcome(Fate.TAKEN)
    said = answer.error or f"{answer.status} {answer.text}"
    return Outcome(Fate.BOUNCED if answer.status in NOBODY else Fate.FAILED, said)


def _chat(parcel: Parcel, token: str, settings: Settings) -> Outcome:
    address = reach.addresses(settings)[parcel.channel]
    if not _allowed(address, Fence.of(settings)):
        return Outcome(Fate.FAILED, "the fence does not allow the address of the robot")
    return robots.say(parcel.channel, address, token, _plain(parcel, settings), parcel.subject)


def _allowed(address: str, fence: Fence) -> bool:
    """Tell whether every place to which the name leads now may be reached."""
    parts = urlsplit(address)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return all(fence.allows(parts.hostname or "", str(place[4][0])) for place in found)


def _plain(parcel: Parcel, settings: Settings) -> str:
    lines = [parcel.body, ""]
    if len(parcel.items) > 1:
        lines += [f"- {one.subject} {_address(one.link, settings)}" for one in parcel.items]
    else:
        lines.append(_link(parcel, settings))
    return "\n".join(lines)


def _html(parcel: Parcel, settings: Settings) -> str:
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in parcel.body.splitlines() if line.strip())
    links = "".join(
        f'<li><a href="{escape(_address(one.link, settings))}">{escape(one.subject)}</a></li>' for one in parcel.items
    )
    return (
        f'<!doctype html><html lang="{parcel.language}"><body style="font:16px/1.6 sans-serif;color:#1f2937">'
        f'{paragraphs}<ul style="padding-left:1.2em">{links}</ul></body></html>'
    )


def _link(parcel: Parcel, settings: Settings) -> str:
    return _address(parcel.items[0].link, settings)


def _address(path: str, settings: Settings) -> str:
    return f"{settings.public_url.rstrip('/')}{path}"


def _home(settings: Settings) -> str:
    return urlsplit(settings.public_url).hostname or "localhost"
