# Everything happens in .venv; what is installed there is fixed by the hashes in requirements.txt.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test soak lint format lock clean machine

bin := .venv/bin
pip := $(bin)/python -m pip --disable-pip-version-check --no-input --quiet
installed := .venv/.installed
apt_install := DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes --no-install-recommends
can_apt := [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null

# The newest Python that will do; PYTHON=… on the command line overrides it.
PYTHON ?=
find_python = for python in $(PYTHON) python3.14 python3.13 python3.12 python3.11 python3; do \
	if "$$python" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	then echo "$$python"; break; fi; done

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 16

run: $(installed) ## start a server with a demo on http://127.0.0.1:8080, its data in ./data
	@$(bin)/ticketd serve --demo --data-dir ./data

test: lint machine ## check style, types and layers, then run all tests
	$(bin)/pytest

soak: $(installed) machine ## let the storms rage for an hour or two: docs/reliability.md
	$(bin)/pytest --soak -m storm
	$(bin)/python -m tests.simulation --seeds 50000
	$(bin)/python -m tests.simulation --mutations

lint: $(installed) ## check style, types and layers
	$(bin)/ruff format --check
	$(bin)/ruff check
	$(bin)/mypy
	$(bin)/lint-imports

format: $(installed) ## put the code into the project's style
	$(bin)/ruff format
	$(bin)/ruff check --fix

lock: $(bin)/python ## renew requirements.txt from pyproject.toml
	@$(pip) install 'uv>=0.9'
	$(bin)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
		--upgrade --no-emit-index-url --custom-compile-command 'make lock' --quiet --output-file requirements.txt

clean: ## remove what was installed and cached; ./data stays
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .grimp_cache .hypothesis build dist

# What tests need of the machine: a browser, and a clock that can be set wrong for one process.
machine:
	@if [ -x /usr/bin/chromium ] && ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1; then exit; fi; \
	if $(can_apt); then apt-get update --quiet && $(apt_install) chromium libfaketime; \
	else echo 'The tests need two packages: sudo apt install chromium libfaketime' >&2; exit 1; fi

# The interpreter is a link: when the system's Python has gone or is another one, all is installed anew.
$(bin)/python:
	@python=$$($(find_python)); \
	if [ -z "$$python" ] && $(can_apt); then \
		apt-get update --quiet && $(apt_install) python3-venv; python=$$($(find_python)); fi; \
	if [ -z "$$python" ]; then \
		echo 'ticketd needs Python 3.11 or newer with venv (Debian: sudo apt install python3-venv)' >&2; exit 1; fi; \
	"$$python" -m venv --clear .venv

$(installed): $(bin)/python requirements.txt pyproject.toml
	@echo 'Installing into .venv …'
	@$(pip) install --require-hashes --only-binary :all: -r requirements.txt
	@$(pip) install --no-deps --no-build-isolation --editable .
	@touch $@
