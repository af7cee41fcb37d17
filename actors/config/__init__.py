"""The configuration: everything an operator turns, declared once, checked at start, refused with all its faults.

`sections` declares the keys, `loader` reads them, `checks` holds them against each other, `table` documents them.
Secrets and URLs come from well-known environment variables; `DATABASE_URL`, `REDIS_URL`, `OPENAI_API_KEY`,
`CONTROL_KEY`, `SESSION_KEY`, `HTTP_TOKEN`, `ALERT_WEBHOOK_URL` and `PING_URL` are `Secret`s, to be revealed where they
are used.
"""

from __future__ import annotations

from actors.config.checks import Needs, check_jobs
from actors.config.difference import Difference, differences, with_live
from actors.config.loader import load, secrets_of, take_secrets
from actors.config.secret import Secret
from actors.config.sections import (
    AlertSettings,
    BreakerSettings,
    BrowserSettings,
    Config,
    ControlSettings,
    DatabaseSettings,
    DataSettings,
    HttpSettings,
    JobSettings,
    LearningSettings,
    LogSettings,
    OpenaiSettings,
    PlatformSettings,
    PublishingSettings,
    RedisSettings,
    RepliesSettings,
    RunsSettings,
    SandboxSettings,
    SupervisionSettings,
)
from actors.config.table import config_table

__all__ = [
    "AlertSettings",
    "BreakerSettings",
    "BrowserSettings",
    "Config",
    "ControlSettings",
    "DataSettings",
    "DatabaseSettings",
    "Difference",
    "HttpSettings",
    "JobSettings",
    "LearningSettings",
    "LogSettings",
    "Needs",
    "OpenaiSettings",
    "PlatformSettings",
    "PublishingSettings",
    "RedisSettings",
    "RepliesSettings",
    "RunsSettings",
    "SandboxSettings",
    "Secret",
    "SupervisionSettings",
    "check_jobs",
    "config_table",
    "differences",
    "load",
    "secrets_of",
    "take_secrets",
    "with_live",
]
