"""What every command begins with: configuration, jobs, and the data directory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import actors.jobs
from actors.config import Needs, check_jobs, load, secrets_of, take_secrets
from actors.job import find_jobs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from actors.config import Config
    from actors.job import Job

CONFIG_FILE = Path(__file__).parents[2] / "config.toml"
_FOLDER_MODE = 0o711  # as the folders of its servers, one of which may run as another user


def load_all(overrides: dict[str, str] | None = None) -> tuple[Config, dict[str, Job]]:
    """Return the checked configuration and the jobs it is about.

    Raises:
        ConfigError: with every fault found.
    """
    config = load(CONFIG_FILE, os.environ, overrides or {})
    jobs = find_jobs(actors.jobs)
    check_jobs(config, {job.name: Needs(job.stages, job.uses) for job in jobs.values()})
    # From here on no child process can inherit a secret.
    take_secrets(os.environ)
    return config, jobs


def overrides_for(data: Path | None) -> dict[str, str]:
    """Return what the command line's `--data` sets."""
    return {"data.dir": str(data)} if data is not None else {}


def load_again(config: Config, jobs: Mapping[str, Job], overrides: dict[str, str]) -> Config:
    """Return the configuration as it is written now, for these jobs; the environment is the one of the start.

    Args:
        config: of the start; the secrets that were taken out of the environment are in it.
        jobs: those that were found then.
        overrides: those of the start.

    Raises:
        ConfigError: with every fault found.
    """
    again = load(CONFIG_FILE, {**os.environ, **secrets_of(config)}, overrides)
    check_jobs(again, {job.name: Needs(job.stages, job.uses) for job in jobs.values()})
    return again


def data_folder(config: Config) -> Path:
    """Return the data directory, made if need be; others may pass through one that is made here, and not read it."""
    folder = config.data.dir.absolute()
    folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    return folder
