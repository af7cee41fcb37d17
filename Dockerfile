# Debian-based on purpose: its Chromium brings the libraries it needs.
ARG BASE=python:3.12-slim

FROM ${BASE} AS packages
WORKDIR /build
COPY requirements.lock .
RUN python3 -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes -r requirements.lock

FROM ${BASE}
# The browser follows Debian's security updates, so it is not pinned.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends chromium-headless-shell tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 1000 --create-home supervisor \
    && install -d -o supervisor -g supervisor -m 0711 /data
COPY --from=packages /venv /venv
WORKDIR /app
COPY config.toml supervisor.py ./
COPY actors actors
RUN /venv/bin/python -m compileall -q actors supervisor.py
ENV PATH=/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1 \
    CHROMIUM_PATH=/usr/lib/chromium/chromium-headless-shell \
    SUPERVISOR_DATA_DIR=/data
# A mounted volume may belong to root (Railway's does: set RAILWAY_RUN_UID=0); root works too.
USER 1000:1000
# Docker sends TERM to tini, which passes it on and reaps what killed browsers leave behind. There is no
# HEALTHCHECK: the program watches its own progress and ends with a non-zero code when there is none.
ENTRYPOINT ["tini", "--"]
CMD ["python", "supervisor.py", "run"]
