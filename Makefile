# The verbs of the house. Each makes ready what it needs (tools/prepare.py) and does nothing twice.
#   make run PORT=9001 DATA=./elsewhere DEMO=1

.DEFAULT_GOAL := help
.PHONY: help run test test-real dev check check-code check-pages fix api bench fuzz audit lock clean
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
# More than two cores: a test of a real process waits a good part of its time.
TEST_WORKERS ?= 3
PREPARE := $(PYTHON) tools/prepare.py
VENV := .venv/bin
SOURCES := moorage tests tools $(if $(wildcard benchmarks/*.py),benchmarks)

ENVIRONMENT := $(if $(PORT),MOORAGE_PORT='$(PORT)') $(if $(DATA),MOORAGE_DATA='$(DATA)') $(if $(DEMO),MOORAGE_DEMO='$(DEMO)')

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile

run: ## install what is missing, build the pages if they changed, serve (PORT=, DATA=, DEMO=1)
	@$(PREPARE) python pages
	@$(ENVIRONMENT) exec $(VENV)/python -m moorage serve

test: ## everything CI runs: checks, tests on SQLite and PostgreSQL, pages in Chromium
	@$(PREPARE) dev pages programs peers
	@$(MAKE) check
	@$(VENV)/python -m pytest -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder

test-real: ## against llama-cpp-python, the LiteLLM proxy and OpenBao (minutes to install; MOORAGE_PEERS=… reuses an installation)
	@$(PREPARE) dev pages peers
	@$(PYTHON) tools/peers.py
	@$(VENV)/python -m pytest -m real

dev: ## serve with reload, pages by Vite with hot replacement
	@$(PREPARE) dev modules
	@$(ENVIRONMENT) exec $(VENV)/python tools/dev.py

check: ## lint, format, types, room walls, dangerous code, licences, pages
	@$(PREPARE) dev modules
	@$(MAKE) -j2 --output-sync=target check-code check-pages

check-code: ## of `check`, what is about Python
	@$(PREPARE) dev
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check .
	@$(VENV)/mypy $(SOURCES)
	@$(VENV)/lint-imports --no-logo
	@$(VENV)/python -m pytest -q tests/house/test_dangerous_code.py tests/house/test_supply.py

check-pages: ## of `check`, what is about the pages
	@$(PREPARE) modules
	@if [ -f web/package.json ]; then $(PREPARE) npm web run check; fi

fix: ## repair what ruff can repair, and format
	@$(PREPARE) dev
	@$(VENV)/ruff check --fix-only .
	@$(VENV)/ruff format .

api: ## write web/openapi.json from the app, and the pages' types from it
	@$(PREPARE) dev modules
	@$(VENV)/python -m moorage openapi > web/openapi.json.new || { rm -f web/openapi.json.new; exit 1; }
	@mv web/openapi.json.new web/openapi.json
	@$(PREPARE) npm web run api

bench: ## streams through Moorage and straight to a model server, side by side; then what the pages cost
	@$(PREPARE) dev pages programs
	@$(VENV)/python -m benchmarks
	@$(VENV)/python -m benchmarks.pages

fuzz: ## looks for ten minutes for a text that breaks the door's parsers (docs/attacks.md)
	@$(PYTHON) tools/fuzz.py

audit: ## known weaknesses of what is locked (asks the network; says so if it can't), and a bill of materials
	@$(PREPARE) dev modules
	@$(VENV)/python tools/audit.py

lock: ## pin the newest versions that pyproject.toml and package.json allow, with hashes, without addresses
	@$(PREPARE) dev
	@$(VENV)/python tools/lock.py

clean: ## remove what the verbs installed and built; data stays
	@rm -rf .venv .cache .peers artifacts moorage/static web/node_modules tests/peers/node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
