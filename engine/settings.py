"""All settings, read once: config/default.toml, then ICITY_* over it; a fault refuses to start."""

import os
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from engine.errors import SettingsRefused

ROOT = Path(__file__).resolve().parent.parent
DEFAULTS = ROOT / "config" / "default.toml"
PREFIX = "ICITY_"


@dataclass(frozen=True)
class Settings:
    """Every setting by its name in config/default.toml, where each is explained."""

    database_url: str
    var: str
    workflows: str
    document_fonts: list[str]
    host: str
    port: int
    web_processes: int
    web_threads: int
    trusted_hosts: list[str]
    public_url: str
    tls: bool
    max_body: int
    idle_minutes: int
    session_hours: int
    lock_after: int
    lock_minutes: int
    second_factor_roles: list[str]
    tick_seconds: int
    timer_batch: int
    timer_attempts: int
    webhook_hosts: list[str]
    webhook_loopback: bool
    smtp_host: str
    smtp_port: int
    smtp_security: str
    smtp_user: str
    smtp_password: str
    mail_from: str
    sms_url: str
    sms_token: str
    dingtalk_url: str
    wecom_url: str
    feishu_url: str
    metrics_token: str
    message_days: int
    max_evidence: int
    evidence_types: list[str]
    virus_scan: str
    evidence_daily: int
    evidence_daily_organisation: int
    evidence_daily_files: int
    task_attachments: int
    default_actions: list[str]
    max_returns: int
    scenario_coverage: float
    seed_demo: bool
    language: str

    @property
    def var_path(self) -> Path:
        """Return the folder of everything this installation writes."""
        return ROOT / self.var

    @property
    def workflows_path(self) -> Path:
        """Return the folder of the programmes."""
        return ROOT / self.workflows

    @property
    def font_folders(self) -> tuple[Path, ...]:
        """Return the folders with the fonts of official documents, the first to be asked first."""
        return tuple(ROOT / folder for folder in self.document_fonts)


def load(**overrides: Any) -> Settings:
    """Return the settings; raise SettingsRefused naming every fault at once."""
    values = tomllib.loads(DEFAULTS.read_text(encoding="utf-8"))
    faults = [f"{name}: unknown setting" for name in _unknown(values)]
    for name in values.keys() & _names():
        raw = os.environ.get(PREFIX + name.upper())
        if raw is not None:
            values[name] = _read(name, raw, values[name], faults)
    faults += [f"{name}: no default in {DEFAULTS.name}" for name in _names() - values.keys()]
    if faults:
        raise SettingsRefused(faults=sorted(faults))
    return Settings(**{**values, **overrides})


def _names() -> set[str]:
    return {field.name for field in fields(Settings)}


def _unknown(values: dict[str, Any]) -> set[str]:
    given = {key.removeprefix(PREFIX).lower() for key in os.environ if key.startswith(PREFIX)}
    return (set(values) | given) - _names()


def _read(name: str, raw: str, default: Any, faults: list[str]) -> Any:
    try:
        return _as_type_of(default, raw)
    except ValueError:
        faults.append(f"{name}: {raw!r} is not a {type(default).__name__}")
        return default


def _as_type_of(default: Any, raw: str) -> Any:
    if isinstance(default, bool):
        return _truth(raw)
    if isinstance(default, list):
        item = type(default[0]) if default else str
        return [item(part.strip()) for part in raw.split(",") if part.strip()]
    return type(default)(raw)


def _truth(raw: str) -> bool:
    if raw.lower() not in {"true", "false", "1", "0"}:
        raise ValueError(raw)
    return raw.lower() in {"true", "1"}
