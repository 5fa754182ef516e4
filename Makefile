# `make demo` or `make test` is the only command that a fresh clone needs.
# Wanted: Python 3.11 or later with its venv module, or uv.

VENV := .venv
ORACLES := .venv-oracles
RUN := fixtures/runs/coordexp-resumed/input
ARCHIVES := demo-archives

PYTHON_CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11 python
FITS := import sys; sys.exit(sys.version_info < (3, 11))

# What a user's shell holds must not reach into the environment.
unexport PYTHONPATH
unexport PYTHONHOME
unexport VIRTUAL_ENV

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types docs lock wheel oracles clean

help:
	@echo "make demo     archive a sample run and say where the archive is"
	@echo "make test     run the tests"
	@echo "make lint     ruff: rules and format"
	@echo "make types    mypy, strict"
	@echo "make docs     write what is made from the code again: docs, schemas, outputs in the README"
	@echo "make wheel    build the wheel into dist/"
	@echo "make oracles  compare the readers with the vendors' own"
	@echo "make lock     resolve requirements/ again (needs uv)"
	@echo "make clean    remove environments, caches and the demo's archives"

# An environment is ready when its Python works and its stamp is newer than the pins and names
# this very place: an editable installation points to the directory that it was made in.
ifneq "$(shell $(VENV)/bin/python -c '$(FITS)' 2>/dev/null && cat $(VENV)/.ready)" "$(CURDIR)"
$(VENV)/.ready: FORCE
endif
ifneq "$(shell $(ORACLES)/bin/python -c '$(FITS)' 2>/dev/null && cat $(ORACLES)/.ready)" "$(CURDIR)"
$(ORACLES)/.ready: FORCE
endif
FORCE:

$(VENV)/.ready: requirements/dev.txt pyproject.toml
	@$(call make_venv,$(VENV))
	@$(call install,$(VENV),-r requirements/dev.txt)
	@$(call install,$(VENV),--no-deps --no-build-isolation -e .)
	@printf '%s' '$(CURDIR)' > $@

$(ORACLES)/.ready: requirements/oracles.txt pyproject.toml
	@$(call make_venv,$(ORACLES))
	@$(call install,$(ORACLES),-r requirements/oracles.txt)
	@$(call install,$(ORACLES),--no-deps --no-build-isolation -e .)
	@printf '%s' '$(CURDIR)' > $@

# An environment that works is kept; anything else is made again.
define make_venv
rm -f $(1)/.ready; \
if $(1)/bin/python -c '$(FITS)' 2>/dev/null; then exit 0; fi; \
rm -rf $(1); \
python=; \
for name in $(PYTHON_CANDIDATES); do \
  if $$name -c '$(FITS)' >/dev/null 2>&1; then python=$$name; break; fi; \
done; \
if command -v uv >/dev/null 2>&1; then \
  echo "Setting up $(1) with uv"; \
  if [ -n "$$python" ]; then python=$$($$python -c 'import sys; print(sys.executable)'); fi; \
  uv venv --quiet --python "$${python:->=3.11}" $(1); \
elif [ -n "$$python" ]; then \
  echo "Setting up $(1) with $$($$python --version)"; \
  $$python -m venv $(1) || { rm -rf $(1); \
    echo "$$python has no working venv module; install it (Debian, Ubuntu: python3-venv) or uv" >&2; \
    exit 1; }; \
else \
  echo "No Python 3.11 or later found (tried: $(PYTHON_CANDIDATES)); install one, or uv" >&2; \
  exit 1; \
fi
endef

# Twice quiet: what went wrong is still said.
define install
echo "Installing $(2)"; \
if command -v uv >/dev/null 2>&1; then \
  uv pip install --quiet --python $(1)/bin/python $(2); \
else \
  $(1)/bin/python -m pip --version >/dev/null 2>&1 || $(1)/bin/python -m ensurepip >/dev/null; \
  $(1)/bin/python -m pip install -qq --disable-pip-version-check --no-input $(2); \
fi
endef

setup: $(VENV)/.ready

demo: $(VENV)/.ready
	@echo "runarchive collect $(RUN) -o $(ARCHIVES)"
	@$(VENV)/bin/runarchive collect $(RUN) -o $(ARCHIVES)
	@echo
	@echo "Look at:"
	@find $(ARCHIVES) \( -name ARCHIVE.md -o -path '*/plots/loss.png' \) | sort | sed 's/^/  /'

test: $(VENV)/.ready
	$(VENV)/bin/python -m pytest -n auto

lint: $(VENV)/.ready
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check

types: $(VENV)/.ready
	$(VENV)/bin/mypy

docs: $(VENV)/.ready
	$(VENV)/bin/python docs/generate.py

wheel: $(VENV)/.ready
	rm -rf dist
	$(VENV)/bin/python -m build --wheel --no-isolation --outdir dist

oracles: $(ORACLES)/.ready
	$(ORACLES)/bin/python -m pytest -m oracle

# The vendors' packages do not agree with every version of the other environment.
lock:
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-header --no-annotate \
	  --group dev pyproject.toml -o requirements/dev.txt
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-header --no-annotate \
	  --group dev --group oracles pyproject.toml -o requirements/oracles.txt

clean:
	rm -rf $(VENV) $(ORACLES) $(ARCHIVES) build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
