# liner: everything a person needs is one word behind `make`.
# Needs python3 (3.11 or newer) and make; the rest is set up in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/python -m uv
export PYTHONDONTWRITEBYTECODE :=
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo test lint fix bench fuzz docs serve scan setup setup-dev lock screenshots clean

help: ## Show what there is.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: setup ## Make a small catalogue, screen it, serve the console. ARGS=--no-serve ends after the table.
	@$(BIN)/liner demo $(ARGS)

serve: setup ## Serve the API and the console on what was screened before.
	@$(BIN)/liner serve $(ARGS)

scan: setup ## Screen a folder or manifest: make scan ARGS=PATH
	@$(BIN)/liner scan $(ARGS)

test: setup-dev ## Everything that CI runs: lint, types, layers, generated docs, tests.
	@$(MAKE) --no-print-directory lint
	@$(BIN)/python -P -m pytest $(ARGS)

lint: setup-dev ## Formatting, lint, types, import layers, docs that are generated.
	@$(BIN)/ruff format --check --quiet . || { echo "run: make fix"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/liner rules --format markdown | diff -u docs/rules.md - || { echo "run: make docs"; exit 1; }

fix: setup-dev ## Format and mend what can be mended by a machine.
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --fix --quiet .

docs: setup-dev ## Write the generated pages of docs/ anew.
	@$(BIN)/liner rules --format markdown > docs/rules.md

bench: setup-dev ## Cost tables. ARGS=duplicates for copies at scale; "duplicates --million" adds 10^6 (an hour).
	@$(BIN)/python -P -m benchmarks $(ARGS)

fuzz: setup-dev ## Fuzz all readers of strangers' bytes: make fuzz MINUTES=10
	@bash scripts/fuzz $(VENV) $(or $(MINUTES),10) $(ARGS)

screenshots: setup-dev ## Take the README's pictures anew from the running demo.
	@PYTHONPATH=tests $(BIN)/python -P docs/screenshots.py

setup: $(VENV)/.runtime
setup-dev: $(VENV)/.dev

$(BIN)/python:
	@bash scripts/make-venv $(PYTHON) $(VENV)

$(VENV)/.runtime: requirements.lock pyproject.toml | $(BIN)/python
	@bash scripts/install $(VENV) requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@bash scripts/install $(VENV) requirements-dev.lock
	@touch $@

lock: setup-dev ## Resolve requirements.lock and requirements-dev.lock anew.
	@bash scripts/lock $(VENV)

clean: ## Remove the environment and the demonstration.
	rm -rf $(VENV) .demo .liner
