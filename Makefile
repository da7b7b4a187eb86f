# One command each: `make help` lists them. Nothing is installed outside .venv/, var/ and server/frontend/node_modules/.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
unexport PYTHONDONTWRITEBYTECODE  # every process would compile every module anew

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
FRONT := server/frontend
CATALOGUES := $(wildcard server/translations/*/LC_MESSAGES/messages.po)
FRONT_SOURCES := $(FRONT)/build.mjs $(shell find $(FRONT)/src -type f 2>/dev/null)
ARGS ?=

.PHONY: help run demo demo-county test check bench format docs screenshots lock

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/ready ## Install what is missing, build, and serve http://127.0.0.1:8000 until Ctrl-C
	@exec $(BIN)/icity serve $(ARGS)

demo: .venv/ready ## Drive a fictional province through ten years (ARGS="--lang en" for English)
	@exec $(BIN)/icity demo province $(ARGS)

demo-county: .venv/ready ## Drive one fictional county through its whole life
	@exec $(BIN)/icity demo county $(ARGS)

test: .venv/ready-dev .venv/browser ## Run every test, in four processes
	@mkdir -p var/coverage && $(BIN)/pytest -n 4 --dist worksteal --cov --cov-report= $(ARGS) && rm -f var/coverage/data.* && $(BIN)/coverage report

check: .venv/ready-dev ## Run every linter, the types, the import contracts and the documents
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/vulture
	@$(BIN)/deptry .
	@$(BIN)/codespell
	@$(BIN)/python -m docs.generate --check
	@$(BIN)/python -m docs.client --check
	@$(BIN)/mkdocs build --strict --quiet --site-dir var/site

bench: .venv/ready-dev .venv/browser ## Measure, print the table and write var/bench.json
	@exec $(BIN)/python -m tests.bench $(ARGS)

format: .venv/ready-dev ## Put the code in order
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: .venv/ready-dev ## Write the generated pages of docs/reference and the generated part of the Python client
	@$(BIN)/python -m docs.generate
	@$(BIN)/python -m docs.client

screenshots: .venv/ready-dev .venv/browser ## Make the pictures of docs/pictures anew (plays both demonstrations)
	@$(BIN)/python -m docs.screenshots $(ARGS)

lock: ## Pin the requirements again (needs uv)
	@uv pip compile --universal --generate-hashes --no-header --quiet --extra build pyproject.toml -o requirements.txt
	@uv pip compile --universal --generate-hashes --no-header --quiet --extra dev --extra build pyproject.toml -o requirements-dev.txt

# Everything `icity` needs to start.
.venv/ready: .venv/packages $(FRONT)/node_modules/.ready server/static/.ready $(CATALOGUES:.po=.mo)
	@touch $@

.venv/ready-dev: .venv/ready .venv/packages-dev
	@touch $@

# Three ways to an environment: Python's own, uv, Debian's package; else the one line that says what to do.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "icity needs python3 3.11 or newer: install it, or name one with 'make PYTHON=/path/to/python3 ...'" >&2; exit 1; }
	@rm -rf .venv; $(PYTHON) -m venv .venv >/dev/null 2>&1 \
	  || { rm -rf .venv; command -v uv >/dev/null && uv venv --quiet --seed --python $(PYTHON) .venv; } \
	  || { rm -rf .venv; [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq \
	       && apt-get install -y -qq python3-venv >/dev/null && $(PYTHON) -m venv .venv; } \
	  || { echo "no virtual environment can be made here; run 'apt-get install python3-venv' as root, then make again" >&2; exit 1; }

# The pins are complete, so nothing is resolved: pip would otherwise take a newer release of what is asked for with an extra.
.venv/packages: requirements.txt pyproject.toml | $(BIN)/python
	@echo "installing Python packages"
	@$(PIP) install --no-deps --require-hashes -r requirements.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/packages-dev: requirements-dev.txt .venv/packages
	@echo "installing the packages of the checks and tests"
	@$(PIP) install --no-deps --require-hashes -r requirements-dev.txt
	@touch $@

$(FRONT)/node_modules/.ready: $(FRONT)/package.json $(FRONT)/package-lock.json
	@command -v node >/dev/null && command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' \
	  || { echo "icity needs node 18 or newer with npm to build its pages" >&2; exit 1; }
	@echo "installing JavaScript packages"
	@cd $(FRONT) && npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

server/static/.ready: $(FRONT_SOURCES) $(FRONT)/node_modules/.ready
	@echo "building the pages"
	@cd $(FRONT) && node build.mjs
	@touch $@

%.mo: %.po | .venv/packages
	@$(BIN)/pybabel --quiet compile -i $< -o $@

# The browser tests need a real Chromium and a Chinese font; without them they fail, they are never skipped.
.venv/browser: | $(BIN)/python
	@command -v chromium-headless-shell chromium >/dev/null && [ -n "$$(fc-list :lang=zh-cn 2>/dev/null)" ] \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq \
	       && apt-get install -y -qq --no-install-recommends chromium-headless-shell fontconfig fonts-noto-cjk >/dev/null; } \
	  || { echo "the browser tests need chromium and a Chinese font; run 'apt-get install chromium-headless-shell fontconfig fonts-noto-cjk' as root" >&2; exit 1; }
	@touch $@
