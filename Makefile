# Everything runs from .venv, which holds exactly what the lock files say.
#   make run ARGS="--speed 60"     start the supervisor, installing whatever is missing first
#   make setup                     only install what is missing
#   make test ARGS="tests/domain"  run the tests
#   make check                     lint, types and import contracts
#   make bench                     measure kernel, fronts, recalls of the browser, start-up and memory
#   make soak SEED=7               10,000 random traces for each machine, then ten minutes of random deaths
#   make crashpoints               kill the process at every step of publishing, and count what is on the site
#   make torture ARGS="--kills 50" kill everything at random, and count again
#   make deployments               fifty deployments by TERM and KILL, overlapping or not, and count again
#   make outage                    take Redis away for half an hour and Postgres for ten minutes of it
#   make loops                     live 26 hours in 26 minutes, and see that both loops are closed
#   make mutate                    break the kernel's machines in every small way and see the tests notice
#   make lock                      write the lock files anew from setup.cfg

NEW_ENOUGH := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,\
	$(shell $(name) -c '$(NEW_ENOUGH)' 2>/dev/null && echo $(name))))
BIN := .venv/bin
# Files side by side, half as many workers again as there are cores, because most tests wait rather than compute.
WORKERS := $(shell echo $$(( ($$(nproc 2>/dev/null || sysctl -n hw.ncpu) * 3 + 1) / 2 )))
SIDE_BY_SIDE := --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder
PIP := $(BIN)/python -m pip install --disable-pip-version-check --no-deps --require-hashes
# Five days: what is younger may still be withdrawn, or has not reached every mirror.
COMPILE := $(BIN)/uv pip compile setup.cfg --no-config --quiet --upgrade --exclude-newer '5 days' \
	--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command 'make lock'

.PHONY: setup run test check bench soak crashpoints torture deployments outage loops mutate lock
.DELETE_ON_ERROR:

setup: .venv/run.stamp
	@$(BIN)/python -m actors.embedded.setup

run: setup
	@exec $(BIN)/python supervisor.py run $(ARGS)

test: .venv/dev.stamp setup
	@exec $(BIN)/python -m pytest $(SIDE_BY_SIDE) $(ARGS)

check: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: .venv/dev.stamp
	@$(BIN)/python -m actors.embedded.setup
	@exec $(BIN)/python -m tests.benchmarks.run $(ARGS)

soak: .venv/dev.stamp
	@SOAK=1 SOAK_SEED=$(or $(SEED),$(shell date +%s)) $(BIN)/python -m pytest tests/conformance tests/models \
		tests/simulation/test_proof.py tests/domain/why $(ARGS)
	@SOAK=1 exec $(BIN)/python -m pytest -s -m soak $(ARGS)

crashpoints torture deployments outage loops: .venv/dev.stamp setup
	@exec $(BIN)/python -m tests.$@.run $(ARGS)

mutate: .venv/dev.stamp
	@exec $(BIN)/python -m tests.mutation.run $(ARGS)

lock: .venv/dev.stamp
	$(COMPILE) --output-file requirements.lock
	$(COMPILE) --extra dev --constraint requirements.lock --output-file requirements-dev.lock

.venv/run.stamp: requirements.lock | $(BIN)/python
	@echo "Installing what requirements.lock names"
	@$(PIP) --requirement requirements.lock
	@touch $@

.venv/dev.stamp: requirements-dev.lock .venv/run.stamp
	@echo "Installing the tools that requirements-dev.lock names"
	@$(PIP) --quiet --requirement requirements-dev.lock
	@touch $@

$(BIN)/python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Python 3.11 or newer with its venv module is needed; on Debian: apt-get install python3 python3-venv," >&2; \
		echo "or name one: make PYTHON=/path/to/python3" >&2; \
		exit 1; \
	fi
	@$(PYTHON) -c '$(NEW_ENOUGH)' || { echo "$(PYTHON) is not Python 3.11 or newer with its venv module" >&2; exit 1; }
	@echo "Creating .venv with $(PYTHON)"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }
