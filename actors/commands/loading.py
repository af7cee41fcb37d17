"""What every command begins with: configuration, jobs, and the data directory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import actors.jobs
from actors.config import check_jobs, load, take_secrets
from actors.job import find_jobs

if TYPE_CHECKING:
    from actors.config import Config
    from actors.job import Job

CONFIG_FILE = Path(__file__).parents[2] / "config.toml"


def load_all(overrides: dict[str, str] | None = None) -> tuple[Config, dict[str, Job]]:
    """Return the checked configuration and the jobs it is about.

    Raises:
        ConfigError: with every fault found.
    """
    config = load(CONFIG_FILE, os.environ, overrides or {})
    jobs = find_jobs(actors.jobs)
    check_jobs(config, jobs)
    # From here on no child process can inherit a secret.
    take_secrets(os.environ)
    return config, jobs


def data_folder(config: Config) -> Path:
    """Return the data directory, made if need be; only its owner may enter it."""
    folder = config.data.dir.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return folder
