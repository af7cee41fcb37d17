"""The measured lengths of past runs, for commands that reckon with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from psycopg.rows import dict_row

from actors.embedded.postgres import EmbeddedPostgres
from actors.sql.queries import load_queries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from actors.config import Config
    from actors.job import Job
    from actors.simulation.registry import History

_LIMIT_S = 5


def read_lengths(config: Config, jobs: Mapping[str, Job]) -> tuple[History, str]:
    """Return what the database remembers, and a sentence about it; nothing if no database answers.

    Starts nothing: the embedded Postgres is only asked while it runs.
    """
    try:
        url = config.database.url.reveal() if config.database.url else EmbeddedPostgres(config.data.dir).running_url()
    except OSError as error:
        return {}, f"The data directory could not be read ({error.strerror}), so lengths come from the configuration."
    if url is None:
        return {}, "No database runs, so lengths come from the configuration."
    try:
        with psycopg.connect(
            url, connect_timeout=_LIMIT_S, options=f"-c statement_timeout={1000 * _LIMIT_S}", row_factory=dict_row
        ) as connection:
            rows = connection.execute(load_queries()["job_lengths"]).fetchall()
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0]
        return {}, f"The database could not be read ({reason}), so lengths come from the configuration."
    measure = {name: "browser_s" if "browser" in job.uses else "took_s" for name, job in jobs.items()}
    found = {row["job"]: tuple(row[measure[row["job"]]]) for row in rows if row["job"] in measure}
    return found, ""
