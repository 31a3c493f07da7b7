# Everything a developer types. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made
JOBS ?= 2
MEASURED := --cov --cov-report= --cov-fail-under=0
ENGINE_CODE := dms/storage/metadata/mongo*,dms/storage/content/s3/*

.PHONY: help run setup test test-engines test-crash check format bench clean

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

# pip is brought up to date first: dependency groups are newer than what some systems ship.
$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("dms needs Python 3.11 or newer: set PYTHON=") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable ".[mongodb,s3]" --group dev
	@touch $(STAMP)

setup: $(STAMP) ## Make the virtual environment in .venv

run: $(STAMP) ## Serve on embedded stores, with a small demo catalogue
	DMS_LOG_FORMAT=$${DMS_LOG_FORMAT:-text} $(BIN)/dms serve --demo

# Measuring coverage makes the tests some three times slower, so it is asked for: make test COVER=1
test: $(STAMP) ## Run the tests; with COVER=1 also demand 95 % coverage by branch
	@rm -f .coverage .coverage.*
	$(BIN)/python -m pytest -n $(JOBS) -m "not crash and not engines" $(if $(COVER),--cov --cov-report=term,)

test-engines: $(STAMP) ## Run the contracts and the service on the engines that DMS_TEST_* name
	@rm -f .coverage .coverage.*
	$(BIN)/python -m pytest -n $(JOBS) -m engines -rs --ignore=tests/e2e $(if $(COVER),$(MEASURED),)
	@# One at a time, as they make the engines fail.
	$(BIN)/python -m pytest -m engines -rs tests/e2e $(if $(COVER),$(MEASURED) --cov-append,)
	$(BIN)/python -m pytest -n $(JOBS) --on-engines tests/standard
	$(if $(COVER),$(BIN)/python -m coverage report --omit=nothing --include='$(ENGINE_CODE)')

test-crash: $(STAMP) ## Kill the service at every named point, 100 rounds each (CRASH_ROUNDS=)
	$(BIN)/python -m pytest -m crash

check: $(STAMP) ## Format, lint, types, import directions
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP) ## Put the layout right
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP) ## Benchmarks: ratios to a baseline of the same run
	$(BIN)/python -m benchmarks

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.* htmlcov
