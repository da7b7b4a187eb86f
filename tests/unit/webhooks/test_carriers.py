"""Carriers against real parts: an SMTP server, a gateway of short messages and chat robots over loopback."""

import json
from dataclasses import replace
from email import message_from_bytes, policy
from uuid import uuid4

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from engine.domain.channels import Channel
from engine.notices import reach
from engine.notices.sending import Fate, Item, Parcel
from tests.support.receiver import Receiver, answering
from webhooks import carriers

# Within this machine a password needs no TLS.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

ITEM = Item("待办：<审定>", "您好：\n有一项任务", "/tasks/1")


class Post:
    """A mail server's conscience: who is known, what came."""

    def __init__(self):
        self.mail = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd calls it so
        if address.startswith("gone"):
            return "550 no such user"
        if address.startswith("full"):
            return "452 mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.mail.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"


@pytest.fixture
def post(free_port):
    handler = Post()

    def knows(server, session, envelope, mechanism, data):
        return AuthResult(success=data.password == b"right", handled=False)

    asked = {"authenticator": knows, "auth_require_tls": False, "auth_required": True, "server_hostname": "mail.test"}
    office = Controller(handler, hostname="127.0.0.1", port=free_port, **asked)
    office.start()
    handler.port = free_port
    yield handler
    office.stop()


def parcel(channel, address, *items):
    told = items or (ITEM,)
    return Parcel([1], "notice-1", uuid4(), channel, address, "zh", told[0].subject, told[0].body, told)


@pytest.fixture
def named(configuration):
    return replace(configuration, webhook_loopback=True, smtp_security="none", public_url="https://desk.example.test/")


def mailing(named, post, password="right"):
    mail = {"smtp_host": "127.0.0.1", "smtp_port": post.port, "smtp_user": "icity", "smtp_password": password}
    return replace(named, **mail)


def test_mail_says_it_plain_and_in_html_under_one_id(named, post):
    outcome = carriers.carry(parcel(Channel.MAIL, "clerk@example.test"), mailing(named, post))
    assert outcome.fate is Fate.TAKEN, outcome
    [mail] = post.mail
    assert (mail["Subject"], mail["Message-ID"], mail["Auto-Submitted"]) == (
        "待办：<审定>", "<notice-1@desk.example.test>", "auto-generated",
    )  # fmt: skip
    assert "https://desk.example.test/tasks/1" in mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    assert "待办：&lt;审定&gt;" in html
    assert 'lang="zh"' in html


def test_a_digest_names_every_notice(named, post):
    letter = parcel(Channel.MAIL, "clerk@example.test", ITEM, Item("第二条", "", "/tasks/2"))
    assert carriers.carry(letter, mailing(named, post)).fate is Fate.TAKEN
    assert "- 第二条 https://desk.example.test/tasks/2" in post.mail[0].get_body(("plain",)).get_content()


@pytest.mark.parametrize(("address", "fate"), [("gone@example.test", Fate.BOUNCED), ("full@example.test", Fate.FAILED)])
def test_a_mail_server_says_who_is_gone_and_who_is_away(named, post, address, fate):
    assert carriers.carry(parcel(Channel.MAIL, address), mailing(named, post)).fate is fate


def test_a_mail_server_that_refuses_us_or_is_away_is_tried_again(named, post, free_port):
    letter = parcel(Channel.MAIL, "clerk@example.test")
    assert carriers.carry(letter, mailing(named, post, "wrong")).fate is Fate.FAILED
    starttls = replace(mailing(named, post), smtp_security="starttls")
    assert carriers.carry(letter, starttls).fate is Fate.FAILED
    tls = replace(mailing(named, post), smtp_security="tls", smtp_port=1)
    assert carriers.carry(letter, tls).fate is Fate.FAILED
    assert post.mail == []


@pytest.mark.parametrize(
    ("statuses", "fate"), [([200], Fate.TAKEN), ([404], Fate.BOUNCED), ([503], Fate.FAILED), ([302], Fate.FAILED)]
)
def test_short_messages_go_to_the_gateway(named, statuses, fate):
    with Receiver(answering(*statuses)) as gateway:
        told = replace(named, sms_url=gateway.url, sms_token="t")
        assert carriers.carry(parcel(Channel.SMS, "13900000000"), told).fate is fate
        [request] = gateway.got
    assert request.headers["authorization"] == "Bearer t"
    assert json.loads(request.body) == {
        "id": "notice-1",
        "to": "13900000000",
        "text": "待办：<审定> https://desk.example.test/tasks/1",
    }


@pytest.mark.parametrize("channel", [Channel.DINGTALK, Channel.WECOM, Channel.FEISHU])
@pytest.mark.parametrize(("statuses", "fate"), [([200], Fate.TAKEN), ([500], Fate.FAILED), ([302], Fate.FAILED)])
def test_robots_of_chats_are_spoken_to_through_apprise(named, channel, statuses, fate):
    with Receiver(answering(*statuses)) as robot:
        place = "{key}" if channel is Channel.WECOM else "{token}"
        told = replace(named, **{f"{channel.value}_url": f"{robot.url}&robot={place}"})
        assert carriers.carry(parcel(channel, "a" * 32), told).fate is fate
        assert len(robot.got) == 1
        assert "有一项任务" in str(json.loads(robot.got[0].body))


@pytest.mark.parametrize(
    ("channel", "said", "fate"),
    [
        (Channel.DINGTALK, {"errcode": 0, "errmsg": "ok"}, Fate.TAKEN),
        (Channel.DINGTALK, {"errcode": 310000, "errmsg": "keywords not in content"}, Fate.FAILED),
        (Channel.DINGTALK, {"errcode": 300001, "errmsg": "token is not exist"}, Fate.BOUNCED),
        (Channel.WECOM, {"errcode": 93000, "errmsg": "invalid webhook url"}, Fate.BOUNCED),
        (Channel.WECOM, {"errcode": 45009, "errmsg": "api freq out of limit"}, Fate.FAILED),
        (Channel.FEISHU, {"code": 19001, "msg": "incoming webhook access token invalid"}, Fate.BOUNCED),
        (Channel.FEISHU, {"code": 9499, "msg": "Bad Request"}, Fate.FAILED),
        (Channel.FEISHU, ["strange"], Fate.TAKEN),
        (Channel.WECOM, {"errcode": "strange"}, Fate.TAKEN),
    ],
)
def test_what_a_chat_answers_in_a_reply_of_200_counts(named, channel, said, fate):
    with Receiver(answering(200, json.dumps(said).encode())) as robot:
        place = "{key}" if channel is Channel.WECOM else "{token}"
        told = replace(named, **{f"{channel.value}_url": f"{robot.url}&robot={place}"})
        outcome = carriers.carry(parcel(channel, "a" * 32), told)
        assert outcome.fate is fate
        assert fate is Fate.TAKEN or json.loads(outcome.said) == said


def test_a_robot_behind_the_fence_is_not_spoken_to(named):
    with Receiver() as robot:
        told = replace(named, feishu_url=robot.url + "&robot={token}", webhook_loopback=False)
        assert carriers.carry(parcel(Channel.FEISHU, "a" * 32), told).fate is Fate.FAILED
        nowhere = replace(named, feishu_url="https://no-such-host.invalid/{token}")
        assert carriers.carry(parcel(Channel.FEISHU, "a" * 32), nowhere).fate is Fate.FAILED
        assert robot.got == []


def test_a_token_that_is_none_bounces_and_so_does_an_address_that_cannot_be_read(named):
    assert (
        carriers.carry(parcel(Channel.DINGTALK, "!"), replace(named, dingtalk_url="http://127.0.0.1:9/{token}")).fate
        is Fate.BOUNCED
    )
    assert carriers.carry(parcel(Channel.MAIL, None), named) == carriers.GONE


def test_an_installation_has_the_channels_that_it_names(configuration):
    assert reach.channels(configuration) == {Channel.DINGTALK, Channel.WECOM, Channel.FEISHU}
    assert Channel.MAIL in reach.channels(replace(configuration, smtp_host="mail.example.test"))
