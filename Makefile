# Two commands matter: `make run` and `make test`. Both set up everything they need and do nothing twice.
SHELL := /bin/bash
.DEFAULT_GOAL := help

UV := .uv/bin/uv
PYTHON := .venv/bin/python
COMPILE := $(UV) pip compile --quiet --python-version 3.13 --generate-hashes --no-emit-index-url --no-header
PORT ?= 8000
AWS_PORT ?= 4566

export UV_NO_CONFIG := 1
# Laboratories' networks often have certificates of their own.
export UV_SYSTEM_CERTS := 1

help:  ## Show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

run: .venv/run  ## Start everything, compute the examples, keep serving (ONCE=1 stops after the results, PORT=8000)
	@$(PYTHON) manage.py demo --port $(PORT) $(if $(ONCE),--once)

# Processes that share the tests. Many tests wait for others, so that one more than the cores is of use.
JOBS ?= 3
# The tests start hundreds of processes: none is to compile again what another has compiled.
test test-aws: export PYTHONDONTWRITEBYTECODE :=

test: lint  ## Everything that must hold: lint, types, import rules, migrations, deploy check, tests (JOBS=3)
	$(PYTHON) -m pytest --cov --numprocesses=$(JOBS) --ignore=tests/aws

test-aws: .venv/dev .runtime/done  ## The same on AWS's terms: real zappa, real packages, a Lambda of our own on this machine
	$(PYTHON) -m pytest tests/aws

aws-local: .venv/dev .runtime/done  ## An AWS on this machine to practise on: deploy, watch, undeploy (AWS_PORT=4566)
	@$(PYTHON) -m tests.localaws.practice --port $(AWS_PORT)

lint: .venv/dev  ## Format, lint, types, import rules, migrations, deploy check
	.venv/bin/ruff format --check --quiet .
	.venv/bin/ruff check --quiet .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo
	$(PYTHON) manage.py makemigrations --check --dry-run
	@# A made-up production, only to ask Django's own deployment checks about it.
	FOUNDRY_PRODUCTION=1 FOUNDRY_SECRET_KEY=$$($(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(60))') \
	  FOUNDRY_ALLOWED_HOSTS=foundry.example \
	  $(PYTHON) manage.py check --deploy --fail-level WARNING

format: .venv/dev  ## Rewrite the code in the project's format
	.venv/bin/ruff format --quiet .
	.venv/bin/ruff check --quiet --fix .

bench: .venv/dev  ## Measure against the plain routes, side by side in one run
	$(PYTHON) -m bench

screenshots: .venv/dev  ## Make the README's pictures of the portal anew, in docs/screenshots
	$(PYTHON) -m tests.portal.browser.screenshots

requirements: $(UV)  ## Compile the pinned, hashed requirements anew
	$(COMPILE) --upgrade requirements-uv.in -o requirements-uv.txt
	$(COMPILE) --upgrade requirements.in -o requirements.txt
	$(COMPILE) --upgrade requirements-dev.in -c requirements.txt -o requirements-dev.txt
	$(COMPILE) --upgrade requirements-lambda.in -c requirements.txt -o requirements-lambda.txt

clean:  ## Remove the environments and everything kept under .foundry (the embedded database too)
	rm -rf .venv .uv .runtime .foundry

# The environment: uv in its own small one, then .venv from the pinned requirements.

$(UV): requirements-uv.txt
	@command -v python3 >/dev/null || { echo "make: no python3 found. Install any Python 3 (with its venv module) and try again." >&2; exit 1; }
	@python3 -m venv --clear .uv || { echo "make: python3 cannot make a virtual environment. On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@.uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.txt
	@touch $@

.venv/pyvenv.cfg: $(UV) .python-version
	@$(UV) venv --quiet --clear --no-project --python $$(cat .python-version) .venv || { \
	  echo "make: Python $$(cat .python-version) is needed and none was found, nor could uv download one." >&2; \
	  echo "      Install it (python.org, your distribution, or pyenv install $$(cat .python-version)) so that python$$(cat .python-version) is on the PATH, and run make again." >&2; \
	  exit 1; }

.venv/run: .venv/pyvenv.cfg requirements.txt
	@if [ ! -e .venv/dev ]; then echo "Installing the pinned requirements ..."; $(UV) pip sync --quiet --python .venv --require-hashes requirements.txt; \
	 else $(UV) pip install --quiet --python .venv --require-hashes -r requirements.txt; fi
	@touch $@

.venv/dev: .venv/pyvenv.cfg requirements-dev.txt
	@echo "Installing the pinned requirements for development ..."
	@$(UV) pip sync --quiet --python .venv --require-hashes requirements-dev.txt
	@touch $@ .venv/run

# What AWS's runtime brings along, for the Lambda of the tests: not in .venv, so that functions see nothing else of ours.
.runtime/done: $(UV) requirements-lambda.txt
	@rm -rf .runtime
	@$(UV) pip install --quiet --python .venv --target .runtime --compile-bytecode --require-hashes -r requirements-lambda.txt
	@touch $@

# The authorities that RDS's servers are checked by. It goes into the package, as AWS's runtime does not have it.
global-bundle.pem:
	@curl --fail --silent --show-error --location --proto =https -o $@.new https://truststore.pki.rds.amazonaws.com/global/$@
	@grep -q 'BEGIN CERTIFICATE' $@.new && mv $@.new $@

.PHONY: help run test test-aws aws-local lint format bench screenshots requirements clean
