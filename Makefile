# The one door: every command of this repository. `make` or `make help` lists them.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
YIWANG := $(BIN)/yiwang
ROUNDS ?= 50

# PostgreSQL for the many short-lived homes of tests and measurements, found or installed once.
WITH_POSTGRESQL = bin=$$($(BIN)/python -m yiwang.kernel.cluster binaries) && YIWANG_PG_BIN=$$bin

# Plain output where nobody watches.
ifeq ($(CI),true)
PYTEST_FLAGS := --color=no
RUFF_FLAGS := --output-format=concise
export NO_COLOR := 1
endif

.PHONY: help
help: ## Show these commands
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: bootstrap web broker fonts ## Bring everything up and open the demo city on http://127.0.0.1:8000
	@exec $(YIWANG) run

# Compiled first: where Python keeps no bytecode, each of the many processes of tests would do it again.
.PHONY: test
test: bootstrap-dev web browser broker fonts gdal ## Run the tests; TESTS="tests/flow -k 退回" runs some of them
	@$(BIN)/python -m compileall -q -j 2 yiwang bench tests
	@$(WITH_POSTGRESQL) $(BIN)/pytest -n 2 --durations=40 --durations-min=2 $(PYTEST_FLAGS) $(TESTS)

.PHONY: check
check: bootstrap-dev ## Check style, types, floors, packs and changelog fragments
	$(BIN)/ruff check $(RUFF_FLAGS) .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(YIWANG) check
	@scripts/check-fragments.sh
	@scripts/check-web.sh

.PHONY: bench
bench: bootstrap-dev ## Measure; ONLY=name runs one, SCALE=full goes to 10⁷ cases, JSON=1 prints JSON
	@$(WITH_POSTGRESQL) $(BIN)/python -m bench $(if $(ONLY),--only "$(ONLY)") $(if $(SCALE),--scale "$(SCALE)") $(if $(JSON),--json)

.PHONY: crash
crash: bootstrap-dev ## Kill processes under load and look for losses; ROUNDS=50
	@$(WITH_POSTGRESQL) $(BIN)/python -m bench.crash --rounds $(ROUNDS)

.PHONY: web
web: bootstrap ## Build the web application where its sources have changed
	@$(BIN)/python scripts/build_web.py

.PHONY: screenshots
screenshots: bootstrap-dev web browser ## Photograph the faces anew for the README: docs/images
	@scripts/screenshots.sh

.PHONY: browser
browser: bootstrap-dev
	@scripts/browser.sh
	@$(BIN)/python scripts/build_web.py --packages dev

.PHONY: broker
broker:
	@scripts/broker.sh

.PHONY: fonts
fonts:
	@scripts/fonts.sh

.PHONY: gdal
gdal:
	@scripts/gdal.sh

.PHONY: doctor
doctor: bootstrap ## Say what is wrong with this installation and the remedy
	@$(YIWANG) doctor

.PHONY: docs
docs: bootstrap-dev ## Write the generated pages of docs/ anew (settings, commands, errors, events, pack keys)
	@$(YIWANG) docs

.PHONY: demo-reset
demo-reset: bootstrap ## Delete the embedded database; the next `make run` begins a new demo city
	@$(BIN)/python -m yiwang.kernel.cluster destroy

.PHONY: lock
lock: bootstrap-dev ## Choose the newest allowed versions of all dependencies anew: requirements/*.txt
	@scripts/lock.sh

.PHONY: clean
clean: ## Delete caches and build results; data and .venv stay
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info
	find yiwang tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: bootstrap bootstrap-dev
bootstrap:
	@scripts/bootstrap.sh run
bootstrap-dev:
	@scripts/bootstrap.sh dev
