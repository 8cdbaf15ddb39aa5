# The two commands of a fresh machine are `make run` and `make test`; both make .venv from the hash-pinned lock files.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
# The locks are complete, so pip has nothing to resolve (and pip 23's resolver trips over extras in hash mode).
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
export DO_NOT_TRACK := 1
export PREFECT_SERVER_ANALYTICS_ENABLED := false

.PHONY: help run demo-change test lint format bench lock upgrade clean

help:  ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
		|| { echo "clausewatch needs Python 3.11, 3.12 or 3.13 ($(PYTHON) is $$($(PYTHON) -V)); name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv .venv

# What is needed to run. `.installed` marks what the lock file's content was.
.venv/.installed: requirements.txt pyproject.toml | .venv/bin/python
	@echo "installing clausewatch into .venv (once, a minute or two)"
	$(INSTALL) -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	$(INSTALL) -r requirements-dev.txt
	@touch $@

run: .venv/.installed  ## the main job on the bundled demo: archive, vendors, mail and Slack sinks on loopback
	@$(BIN)/python -m deploy.demo

demo-change: .venv/.installed  ## the same, a day later: one of the demo's vendors has changed its policy
	@$(BIN)/python -m deploy.demo --change

test: .venv/.installed-dev  ## the test suite
	$(BIN)/python -m pytest -n auto --dist loadfile $(PYTEST_ARGS)

lint: .venv/.installed-dev  ## ruff and mypy, as CI runs them
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/.installed-dev  ## let ruff rewrite
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.installed-dev  ## benchmarks, each against a floor or a peer in the same run
	$(BIN)/python -m bench

lock: .venv/.installed-dev  ## resolve the lock files anew within the bounds of pyproject.toml, changing as little as possible
	$(LOCK) pyproject.toml requirements-build.in -o requirements.txt
	$(LOCK) --group dev pyproject.toml requirements-build.in -c requirements.txt -o requirements-dev.txt
	@! grep -nE '://' requirements*.txt || { echo "a lock file names a host"; exit 1; }

upgrade: .venv/.installed-dev  ## newest releases within the bounds, then the test suite: the scheduled check
	$(LOCK) --upgrade pyproject.toml requirements-build.in -o requirements.txt
	$(LOCK) --upgrade --group dev pyproject.toml requirements-build.in -c requirements.txt -o requirements-dev.txt
	$(MAKE) test

clean:  ## forget the demo's data and all caches, keep .venv
	rm -rf demo-data .pytest_cache .mypy_cache .ruff_cache .hypothesis
