"""Reach: over which channels this installation can tell people anything away from their desk."""

from collections.abc import Mapping

from engine.domain.channels import Channel
from engine.settings import Settings


def addresses(settings: Settings) -> Mapping[Channel, str]:
    """Return the server, gateway or robot of each channel; an empty one where the installation has none."""
    return {
        Channel.MAIL: settings.smtp_host,
        Channel.SMS: settings.sms_url,
        Channel.DINGTALK: settings.dingtalk_url,
        Channel.WECOM: settings.wecom_url,
        Channel.FEISHU: settings.feishu_url,
    }


def channels(settings: Settings) -> frozenset[Channel]:
    """Return the channels that this installation has."""
    return frozenset(channel for channel, address in addresses(settings).items() if address)
