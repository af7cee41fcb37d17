"""The configuration: everything an operator turns, declared once, checked at start, refused with all its faults.

`sections` declares the keys, `loader` reads them, `checks` holds them against each other, `table` documents them.
Secrets and URLs come from well-known environment variables; `DATABASE_URL`, `REDIS_URL`, `OPENAI_API_KEY` and
`CONTROL_KEY` are `Secret`s, to be revealed where they are used.
"""

from __future__ import annotations

from actors.config.checks import check_jobs
from actors.config.loader import load, take_secrets
from actors.config.secret import Secret
from actors.config.sections import (
    BreakerSettings,
    BrowserSettings,
    Config,
    ControlSettings,
    DatabaseSettings,
    DataSettings,
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
    "BreakerSettings",
    "BrowserSettings",
    "Config",
    "ControlSettings",
    "DataSettings",
    "DatabaseSettings",
    "JobSettings",
    "LearningSettings",
    "LogSettings",
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
    "load",
    "take_secrets",
]
