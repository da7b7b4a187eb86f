"""Channels: the ways to reach a person away from their desk."""

from enum import StrEnum


class Channel(StrEnum):
    """A way to reach a person, in the order in which one takes over from another."""

    MAIL = "mail"
    SMS = "sms"
    DINGTALK = "dingtalk"
    WECOM = "wecom"
    FEISHU = "feishu"
