"""Chat robots: they speak through apprise, and what their service answers in a reply of 200 is heard as well."""

import json
from threading import local
from types import MappingProxyType
from typing import Any

import apprise
from apprise.plugins import dingtalk, feishu, wecombot

from engine.domain.channels import Channel
from engine.notices.sending import Fate, Outcome

CHATS = MappingProxyType(
    {
        Channel.DINGTALK: dingtalk.NotifyDingTalk,
        Channel.WECOM: wecombot.NotifyWeComBot,
        Channel.FEISHU: feishu.NotifyFeishu,
    }
)
TAKEN = 0
NO_ROBOT = frozenset({300001, 93000, 19001})  # no such token: DingTalk, WeCom, Feishu
KEPT = 500  # characters of an answer


class Ear:
    """The part of `requests` that apprise's robots use; keeps what was answered, of which they tell only the status."""

    def __init__(self, requests: Any) -> None:
        self.codes, self.RequestException, self._post = requests.codes, requests.RequestException, requests.post
        self._heard = local()

    def post(self, *given: Any, **facts: Any) -> Any:
        """Post as `requests` does."""
        self._heard.text = ""
        answer = self._post(*given, **facts)
        self._heard.text = answer.text
        return answer

    def heard(self) -> str:
        """Return the text of the last answer in this thread."""
        text: str = getattr(self._heard, "text", "")
        return text


EAR = Ear(vars(dingtalk)["requests"])
for plugin in (dingtalk, feishu, wecombot):
    vars(plugin)["requests"] = EAR


def say(channel: Channel, address: str, token: str, body: str, title: str) -> Outcome:
    """Let the robot of a token speak at an address of the settings; no redirect is followed."""
    asset = apprise.AppriseAsset(async_mode=False, http_redirects=False)
    key = "key" if channel is Channel.WECOM else "token"
    robot = type("Robot", (CHATS[channel],), {"notify_url": address})
    try:
        taken = robot(**{key: token}, asset=asset).send(body=body, title=title)
    except TypeError as fault:  # apprise's word for a token that is none
        return Outcome(Fate.BOUNCED, str(fault))
    said = EAR.heard()
    code = _code(said)
    if taken and code == TAKEN:
        return Outcome(Fate.TAKEN)
    return Outcome(Fate.BOUNCED if code in NO_ROBOT else Fate.FAILED, said[:KEPT] or "the robot did not take it")


def _code(said: str) -> int:
    """Return what the answer says in words of its own: zero where it took the message, or says nothing of the kind."""
    try:
        answer = json.loads(said)
    except ValueError:
        return TAKEN
    code = answer.get("errcode", answer.get("code", TAKEN)) if isinstance(answer, dict) else TAKEN
    return code if isinstance(code, int) else TAKEN
