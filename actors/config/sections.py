"""The sections of the configuration: every key with its default, bounds, clock and meaning, declared once."""

# ruff: noqa: RUF009  (setting, duration and environment return fields, which dataclasses are made for)

from __future__ import annotations

# The dataclasses' types are read at run time, so these imports must not hide under TYPE_CHECKING.
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Literal, cast

from actors.config.secret import Secret
from actors.config.setting import REQUIRED, cadences, duration, environment, length, setting
from actors.domain.budget import MoneyLane
from actors.domain.stages import Stages
from actors.domain.workload import Span

_HTTP = r"https?://[^\s/?#@]+(/[^\s?#@]*)?"
_HTTP_WORDS = "an http(s) URL without user and query"
_PORT = r"[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"
_NAME_OR_IP = r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?|\[[0-9A-Fa-f:.]+\]"
_HTTP_QUERY = rf"https?://({_NAME_OR_IP})(:({_PORT}))?([/?][!\"$-~]*)?"
_HTTP_QUERY_WORDS = "an http(s) URL in ASCII, without user and fragment"
_HOST, _HOST_WORDS = r"[A-Za-z0-9.-]*", "a host name"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSettings:
    """Where the program keeps what it must not lose."""

    dir: Path = setting(Path("data"), "directory of embedded servers, their data and their logs", pattern=".+",
                        unit="a path")
    volume: bool = setting(False, "whether `dir` is on a disk that survives a new deployment")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformSettings:
    """The site that is published to."""

    name: str = setting("sandbox", "adapter of the platform; this release has `sandbox`", pattern="[a-z][a-z0-9_]*",
                        unit="a lower-case name")
    account: str = setting("commons_daily", "handle of the account, without @", pattern="[A-Za-z0-9_]{1,15}",
                           unit="1 to 15 letters, digits or underscores")
    cooldown_min: timedelta = duration("2m", "wait before the first probe after a 429, or of a lost login", "schedule",
                                       "1s", "7d")
    cooldown_max: timedelta = duration("2h", "longest wait before a probe; it doubles after each that fails",
                                       "schedule", "1s", "7d")
    challenge_stop: timedelta = duration("6h", "wait before a probe after a challenge or consent page", "schedule",
                                         "1s", "7d")
    session_key: Secret | None = environment("SESSION_KEY", "key that opens the imported login session; unset: none is "
                                             "used", r"[A-Za-z0-9+/]{43}=", "32 bytes as base64 (openssl rand "
                                             "-base64 32)")
    url: str | None = environment("PLATFORM_URL", "base URL of the site; unset: the embedded sandbox", _HTTP,
                                  _HTTP_WORDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """Postgres."""

    connections: int = setting(10, "connections, one slot each", low=1, high=100)
    reserved: int = setting(2, "connections kept for P0", low=0, high=100)
    queue: int = setting(200, "requests of one priority that may wait; more are refused", low=1, high=100_000)
    statement_timeout: timedelta = duration("10s", "longest statement, enforced by the server", "real", "100ms", "10m")
    deadline: timedelta = duration("15s", "longest request, from its start in a slot", "real", "100ms", "10m")
    url: Secret | None = environment("DATABASE_URL", "Postgres to use; unset: the embedded one",
                                     r"postgres(ql)?://\S+", "a postgresql:// URL")


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisSettings:
    """Redis or Valkey."""

    connections: int = setting(4, "connections, one slot each", low=1, high=100)
    reserved: int = setting(1, "connections kept for P0", low=0, high=100)
    queue: int = setting(200, "requests of one priority that may wait; more are refused", low=1, high=100_000)
    timeout: timedelta = duration("3s", "longest request", "real", "100ms", "60s")
    url: Secret | None = environment("REDIS_URL", "Redis to use; unset: the embedded Valkey",
                                     r"(rediss?|unix)://\S+", "a redis:// URL")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenaiSettings:
    """The model endpoint and its daily money."""

    model: str = setting("gpt-4o-mini", "model that writes", pattern=r"\S+", unit="a name without spaces")
    slots: int = setting(4, "calls at the same time", low=1, high=100)
    reserved: int = setting(1, "slots kept for P0", low=0, high=100)
    queue: int = setting(100, "requests of one priority that may wait; more are refused", low=1, high=100_000)
    timeout: timedelta = duration("30s", "longest call, aborted then", "real", "1s", "10m")
    budget_usd_per_day: float = setting(5.0, "money for all calls of one day", low=0, high=10_000, unit="USD")
    content_share: float = setting(0.6, "part of the budget for content", low=0, high=1)
    replies_share: float = setting(0.25, "part of the budget for replies", low=0, high=1)
    analysis_share: float = setting(0.15, "part of the budget for analysis", low=0, high=1)
    base_url: str | None = environment("OPENAI_BASE_URL", "endpoint to use instead of the provider's own", _HTTP,
                                       _HTTP_WORDS)
    api_key: Secret | None = environment("OPENAI_API_KEY", "key of the endpoint; unset: the sandbox's model answers",
                                         r"\S+", "a key without spaces")

    @property
    def shares(self) -> dict[MoneyLane, float]:
        """Return each lane's part of the budget."""
        return {
            MoneyLane.CONTENT: self.content_share,
            MoneyLane.REPLIES: self.replies_share,
            MoneyLane.ANALYSIS: self.analysis_share,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserSettings:
    """The one Chromium."""

    contexts: int = setting(3, "contexts, one slot each", low=1, high=16)
    reserved: int = setting(1, "contexts kept for P0", low=0, high=16)
    queue: int = setting(50, "requests of one priority that may wait; more are refused", low=1, high=100_000)
    idle_stop: timedelta = duration("60s", "idle time after which the browser is stopped", "real", "1s", "1d")
    retire_after: int = setting(50, "errands after which a context is made anew", low=1, high=100_000, unit="errands")
    executable: Path | None = environment("CHROMIUM_PATH", "Chromium to use; unset: the first one found",
                                          r".*\S.*", "a path")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsSettings:
    """Runs of jobs."""

    slots: int = setting(16, "runs at the same time", low=1, high=256)
    reserved: int = setting(2, "slots kept for P0", low=0, high=256)
    queue: int = setting(64, "runs of one priority that may wait; more are refused", low=1, high=100_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionSettings:
    """When a child is started again, and when its supervisor gives up."""

    intensity: int = setting(20, "restarts within `period` that are tolerated", low=0, high=10_000)
    period: timedelta = duration("60s", "window over which restarts are counted", "real", "1s", "1d")
    backoff_min: timedelta = duration("200ms", "wait before the first restart", "real", "1ms", "1h")
    backoff_max: timedelta = duration("30s", "longest wait before a restart", "real", "1ms", "1h")
    boot_backoff: timedelta = duration("5m", "longest wait of a process that keeps dying young; 0s: none", "real",
                                       "0s", "1h")
    grace: timedelta = duration("40s", "time between TERM and KILL, where the platform does not say; 0s is safe",
                                "real", "0s", "10m")
    draining: int | None = setting(None, "the same, as the platform says it; it wins", low=0, high=600,
                                   unit="seconds", variable="RAILWAY_DEPLOYMENT_DRAINING_SECONDS")
    abandoned: int = setting(16, "hung threads, beyond which the process begins anew in a quiet gap", low=0, high=1000)
    mailbox: int = setting(10_000, "messages in a band of a mailbox; more are refused", low=100, high=1_000_000)

    @property
    def grace_s(self) -> float:
        """Return the grace in real seconds."""
        return self.grace.total_seconds() if self.draining is None else float(self.draining)


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerSettings:
    """When a resource that keeps failing is left alone."""

    threshold: int = setting(5, "infrastructure errors in a row that open a breaker", low=1, high=1000)
    open_min: timedelta = duration("2s", "wait before the first probe", "real", "10ms", "1d")
    open_max: timedelta = duration("20s", "longest wait before a probe", "real", "10ms", "1d")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishingSettings:
    """How much is published and when it is too late, and how long a doubt may last."""

    content_per_hour: int = setting(4, "posts in any 60 minutes of schedule time", low=0, high=60)
    content_per_day: int = setting(48, "posts in any 24 hours of schedule time", low=0, high=500)
    spacing: timedelta = duration("30m", "least time between two posts", "schedule", "0s", "7d")
    replies_per_hour: int = setting(4, "replies in any 60 minutes of schedule time", low=0, high=60)
    replies_per_day: int = setting(60, "replies in any 24 hours of schedule time", low=0, high=500)
    reply_spacing: timedelta = duration("24m", "least time between two replies", "schedule", "0s", "7d")
    replies_per_author_day: int = setting(1, "replies to one author in any 24 hours", low=0, high=50)
    replies_per_author_week: int = setting(3, "replies to one author in any 7 days", low=0, high=100)
    replies_per_conversation: int = setting(1, "replies in one conversation in any 30 days", low=0, high=20)
    approval: bool = setting(False, "whether only decisions go out that somebody approved")
    shadow: bool = setting(False, "whether nothing goes out, and `outcomes` invents what would have come of it")
    content_stale: timedelta = duration("2d", "lateness at which a post is cancelled", "schedule", "1h", "31d")
    reply_stale: timedelta = duration("1h", "lateness at which a reply is cancelled", "schedule", "1m", "7d")
    target_age: timedelta = duration("1d", "age up to which a post is answered", "schedule", "1m", "31d")
    queue_depth: int = setting(6, "decisions `plan` keeps ready", low=1, high=100)
    uncertain_scan_gap: timedelta = duration("5m", "least time between the two scans that prove a post absent",
                                             "schedule", "5m", "1d")
    uncertain_give_up: timedelta = duration("30m", "age at which an uncertain decision fails and a person is called",
                                            "schedule", "5m", "7d")
    index_lag: timedelta = duration("2m", "time the site may take to list a new post", "schedule", "0s", "1d")
    lease: timedelta = duration("30s", "how long a dead publisher keeps another process from publishing", "real",
                                "5s", "10m")


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningSettings:
    """When measured outcomes change what is planned."""

    minimum_outcomes: int = setting(20, "measured posts before the first snapshot", low=1, high=100_000)
    exploration: float = setting(0.05, "part of the choices made at random", low=0, high=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepliesSettings:
    """Whose posts are looked for and answered, and what comes of it."""

    pool_target: int = setting(250, "posts ready to be answered, with which no more are looked for", low=1, high=10_000)
    pool_minimum: int = setting(150, "posts ready to be answered, below which less liked ones are looked for, too",
                                low=0, high=10_000)
    pool_warning: int = setting(40, "posts ready to be answered, below which `reply_health_monitor` warns", low=0,
                                high=10_000)
    pool_critical: int = setting(20, "posts ready to be answered, below which it calls the harvester", low=0,
                                 high=10_000)
    pool_stale: timedelta = duration("2h", "age of the newest find beyond which it warns", "schedule", "1m", "7d")
    opportunity_age: timedelta = duration("24h", "age up to which a post is kept ready", "schedule", "1h", "7d")
    searches_per_run: int = setting(3, "searches of one harvest; twice as many when hardly a post is ready", low=1,
                                    high=20)
    profiles_per_run: int = setting(12, "profiles that one run of `account_discovery` reads", low=1, high=100)
    accounts: int = setting(1000, "accounts that are remembered, the best of them", low=10, high=100_000)
    relevance: float = setting(3.0, "least relevance of a stranger's post, from 0 to 10", low=0, high=10)
    queue_depth: int = setting(2, "replies `reply_posting` keeps ready", low=1, high=100)
    holdout: float = setting(0.2, "part of the targets that are left alone by chance, to see what answering does",
                             low=0, high=0.9)
    prefer_age: timedelta = duration("2h", "age up to which posts are answered first, and how far ahead replies are "
                                     "planned", "schedule", "1m", "1d")
    least_per_hour: float = setting(1.5, "replies an hour, over six hours, below which the monitor objects", low=0,
                                    high=60)
    longest_gap: timedelta = duration("2h", "time without a reply beyond which it warns", "schedule", "1m", "7d")
    conversion_window: timedelta = duration("2d", "time after an answer within which its author's follow counts",
                                            "schedule", "6h", "31d")


@dataclass(frozen=True, slots=True, kw_only=True)
class InsightSettings:
    """Whose posts are studied, and how long what was read is kept."""

    peers: tuple[str, ...] = setting((), "accounts of our size and field; none: the best of those discovered")
    competitors: tuple[str, ...] = setting((), "accounts to be compared with; none: the largest of those discovered")
    text_kept: timedelta = duration("7d", "time after which the words of a post that was studied are deleted",
                                    "schedule", "1d", "31d")
    post_kept: timedelta = duration("60d", "time after which its figures are deleted", "schedule", "7d", "365d")


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlSettings:
    """Who may give control words."""

    key: Secret | None = environment("CONTROL_KEY", "key that signs control words on a foreign Redis; unset: words "
                                     "that start, change or release are refused there", r"\S{32,}",
                                     "at least 32 characters without spaces (openssl rand -hex 32)")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """Health over HTTP: `/livez`, `/startz` and `/readyz` for everybody, the rest with a token."""

    enabled: bool = setting(True, "whether anything is served at all")
    hosts: tuple[str, ...] = setting((), "further host names it may be asked by, besides loopback and the platform's")
    port: int | None = setting(None, "TCP port; unset: nothing is served; 0: a free one", low=0, high=65_535,
                               variable="PORT")
    token: Secret | None = environment("HTTP_TOKEN", "bearer token for metrics and status; unset: those are off",
                                       r"[!-~]{32,}", "at least 32 ASCII characters without spaces "
                                       "(openssl rand -hex 32)")
    public_name: str | None = environment("RAILWAY_PUBLIC_DOMAIN", "host name on the internet, set by the platform",
                                          _HOST, _HOST_WORDS)
    private_name: str | None = environment("RAILWAY_PRIVATE_DOMAIN", "host name within the project, set by the "
                                           "platform", _HOST, _HOST_WORDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """Who is called, and who calls when nothing is heard any more."""

    again: timedelta = duration("1h", "interval after which the same matter is told again", "real", "1m", "7d")
    ping_every: timedelta = duration("1m", "interval of the dead-man's ping", "real", "1s", "1h")
    webhook: Secret | None = environment("ALERT_WEBHOOK_URL", "where alerts are posted to as JSON; unset: they are "
                                         "lines of the log only", _HTTP_QUERY, _HTTP_QUERY_WORDS)
    ping: Secret | None = environment("PING_URL", "what is asked for while the work goes on; unset: nothing",
                                      _HTTP_QUERY, _HTTP_QUERY_WORDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """The log on stdout."""

    level: Literal["debug", "info", "warn", "error"] = setting("info", "least level that is written; the state, "
                                                                  "P0, words and answers are written all the same")
    format: Literal["auto", "pretty", "json"] = setting("auto", "`auto`: pretty on a terminal, JSON otherwise")
    heartbeat: timedelta = duration("1m", "interval of the line that carries the whole state", "real", "1s", "1h")
    verbose: tuple[str, ...] = setting((), "loggers that write from debug on, whatever `level` is")
    key: Secret | None = environment("LOG_KEY", "key that seals heartbeats, for `tail` to check; unset: one that only "
                                     "the process knows", r"\S{32,}",
                                     "at least 32 characters without spaces (openssl rand -hex 32)")


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSettings:
    """The embedded outside world."""

    port: int = setting(0, "port on loopback; 0: a free one, remembered", low=0, high=65_535)
    seed: int = setting(1, "seed of the audience", low=0, high=2**31 - 1)
    audience: str = setting("", "file with an audience profile; empty: the built-in one")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSettings:
    """One `[jobs.<name>]` block."""

    every: timedelta = duration(REQUIRED, "interval of the grid the job is due on", "schedule", "1s", "31d")
    offset: timedelta = duration("0s", "shift of the grid", "schedule", "0s", "31d")
    deadline: timedelta = duration(REQUIRED, "longest attempt", "real", "1s", "2h")
    length: Span = length("1s..10s", "shortest and longest run that is expected, until five were measured")
    attempts: int = setting(1, "attempts of one run", low=1, high=20)
    backoff: timedelta = duration("5s", "wait before the second attempt, doubled before each further one", "real",
                                  "0s", "1h")
    stages: Stages = cadences("interval of each of its stages, a multiple of `every`", "1m", "31d")
    enabled: bool = setting(True, "whether the job is ever due")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole configuration, checked. Holds no secret that prints itself."""

    data: DataSettings = field(default_factory=DataSettings)
    platform: PlatformSettings = field(default_factory=PlatformSettings)
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    redis: RedisSettings = field(default_factory=RedisSettings)
    openai: OpenaiSettings = field(default_factory=OpenaiSettings)
    browser: BrowserSettings = field(default_factory=BrowserSettings)
    runs: RunsSettings = field(default_factory=RunsSettings)
    supervision: SupervisionSettings = field(default_factory=SupervisionSettings)
    breaker: BreakerSettings = field(default_factory=BreakerSettings)
    publishing: PublishingSettings = field(default_factory=PublishingSettings)
    learning: LearningSettings = field(default_factory=LearningSettings)
    replies: RepliesSettings = field(default_factory=RepliesSettings)
    insight: InsightSettings = field(default_factory=InsightSettings)
    control: ControlSettings = field(default_factory=ControlSettings)
    http: HttpSettings = field(default_factory=HttpSettings)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    log: LogSettings = field(default_factory=LogSettings)
    sandbox: SandboxSettings = field(default_factory=SandboxSettings)
    jobs: Mapping[str, JobSettings] = field(default_factory=dict)

    def secrets(self) -> Iterator[Secret]:
        """Yield every secret it holds, for the log to black out."""
        for section in (getattr(self, found.name) for found in fields(self) if found.name != "jobs"):
            yield from (value for found in fields(section) if isinstance(value := getattr(section, found.name), Secret))


SECTIONS: dict[str, type] = {
    found.name: cast("type", found.default_factory) for found in fields(Config) if found.name != "jobs"
}
"""Name and dataclass of every section but the jobs'."""
