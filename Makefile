# `make up` and `make test` set up everything they need. The second time this costs nothing.
.PHONY: help setup up test test-parts test-web test-quick test-all check coverage audit manual docs release bench chaos web screenshots dist lock clean
.DEFAULT_GOAL := help

PYTHON_READY := .venv/setup.stamp
NODE_READY := web/node_modules/setup.stamp
WEB_READY := src/yeoul/web_dist/index.html
WEB_SOURCES := $(shell find web \( -name node_modules -o -path web/test \) -prune -o -type f -print 2>/dev/null)

help:
	@echo 'make up      set up and start Yeoul at http://localhost:8000'
	@echo 'make test    set up and run the tests: about 20 minutes on two cores'
	@echo 'make test-quick  the tests without media, browsers and servers: at most 3 minutes'
	@echo 'make test-web  the tests of the logic of the web app: seconds'
	@echo 'make test-all    all tests, in parts that continue after a break: up to 3 hours; PARTS="unit media" runs some'
	@echo 'make setup   only set up'
	@echo 'make check   lint, format, types, import rules, of Python and of the web app'
	@echo 'make coverage  the lines that the tests of logic, databases and queues run'
	@echo 'make audit   look up the pinned packages in the lists of known weaknesses'
	@echo 'make bench   the table of targets, from fresh runs'
	@echo 'make chaos   inject 200 faults into running uploads, and print what was lost (nothing)'
	@echo 'make web     build the web app'
	@echo 'make screenshots  pictures of all pages, into ./screenshots'
	@echo 'make manual  write the pages of the reference, and the types of the API, from the code'
	@echo 'make docs    the documentation as a site, into build/docs'
	@echo 'make dist    a wheel with the web app inside'
	@echo 'make release VERSION=1.2.3  check, build and tag a release'
	@echo 'make lock    pin the requirements again'
	@echo 'make clean   remove what was built; data stays'

$(PYTHON_READY): requirements/runtime.txt requirements/dev.txt pyproject.toml scripts/setup_python.sh
	@echo 'setting up Python packages'
	@scripts/setup_python.sh

$(NODE_READY): web/package.json web/package-lock.json | $(PYTHON_READY)
	@echo 'setting up web packages'
	@scripts/npm.sh ci --no-audit --no-fund --no-update-notifier --loglevel=error
	@touch $@

$(WEB_READY): $(WEB_SOURCES) $(NODE_READY)
	@echo 'building the web app'
	@scripts/npm.sh run --silent build -- --logLevel warn
	@touch $@

setup: $(PYTHON_READY) $(WEB_READY)

web: $(WEB_READY)

up: setup
	@exec .venv/bin/yeoul up

# In random order; `--dist loadfile` keeps the tests of a file on one worker, since they share servers and videos.
PYTEST := .venv/bin/pytest -q -n logical --dist loadfile --no-loadscope-reorder --durations 10

test-parts: setup
	@scripts/system_parts.sh
	@.venv/bin/python -m tests.swift.venv >/dev/null
	@.venv/bin/python -m tests.clips.collection >/dev/null

# TypeScript in Node, without a browser.
test-web: $(NODE_READY)
	@scripts/npm.sh run --silent test

test: test-web test-parts
	@$(PYTEST) -m 'not long'

test-quick: setup test-web
	@$(PYTEST) -m 'not long and not slow' tests/unit tests/contract

test-all: test-web test-parts
	@.venv/bin/python -m tests.harness.parts $(PARTS)

check: $(PYTHON_READY) $(NODE_READY)
	@scripts/check.sh

# Shows what is covered; no percentage is required.
coverage: setup
	@$(PYTEST) -m 'not long' --cov --cov-report term tests/unit tests/contract

audit: $(PYTHON_READY) $(NODE_READY)
	@scripts/audit.sh

bench: setup
	@.venv/bin/python -m bench
	@.venv/bin/python scripts/performance_manual.py

chaos: setup
	@.venv/bin/python -m bench.chaos
	@.venv/bin/python -m bench.tool_kills
	@.venv/bin/python -m bench.small_container
	@.venv/bin/python -m bench.hostile
	@.venv/bin/python -m bench.fuzz

screenshots: setup
	@.venv/bin/python scripts/screenshots.py screenshots

manual: $(PYTHON_READY)
	@.venv/bin/python scripts/settings_manual.py
	@.venv/bin/python scripts/reference_manual.py
	@.venv/bin/python scripts/api_types.py

docs: $(PYTHON_READY)
	@scripts/docs.sh

dist: $(WEB_READY)
	@.venv/bin/python -m build --wheel --no-isolation --outdir dist .

release: $(PYTHON_READY)
	@.venv/bin/python scripts/release.py $(VERSION)

lock: $(PYTHON_READY)
	@scripts/lock.sh

clean:
	rm -rf .venv web/node_modules src/yeoul/web_dist dist build .pytest_cache .ruff_cache .import_linter_cache
