# make help lists the targets. Everything lives in .venv, results in out/.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV  := .venv
BIN   := $(VENV)/bin
READY := $(VENV)/.ready
CODE  := geometry meshes fem studies tests

# Any Python from 3.11 on; PYTHON=/path/to/python overrides the search.
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)

# Two BLAS threads at most: the sparse solvers gain nothing from more, and small machines stay usable.
export OMP_NUM_THREADS ?= 2
export OPENBLAS_NUM_THREADS ?= $(OMP_NUM_THREADS)
# Tests: as many processes as cores, one thread each; a file stays in one process, where its parts share meshes.
PYTEST = OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses=logical --maxprocesses=8 --dist=loadfile
# Pictures are drawn off screen; a display is neither needed nor asked for.
export MPLBACKEND := Agg
export VTK_DEFAULT_OPENGL_WINDOW ?= vtkEGLRenderWindow

.PHONY: help setup compare verify test lint format slow clean

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(firstword $(MAKEFILE_LIST)) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY)  ## make .venv with everything in it, check the system libraries

$(READY): pyproject.toml .ci/system-libraries
	@[ -n "$(PYTHON)" ] || { echo "make: no Python 3.11 or newer found; on Debian 12: apt-get install -y python3 python3-venv" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "make: $(PYTHON) cannot make environments; on Debian: apt-get install -y python3-venv" >&2; exit 1; }
	@echo "== environment: $(VENV) with $$("$(PYTHON)" --version)"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || "$(PYTHON)" -m venv --clear $(VENV)
	@echo "== packages: pip install -e .[cluster,view,test] (about a gigabyte, a minute or more)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[cluster,view,test]"
	@echo "== system libraries"
	@bash .ci/system-libraries $(BIN)/python
	@touch $@
	@echo "== ready"

compare: $(READY)  ## compare all designs of the default case -> out/compare/report.html
	@$(BIN)/bilayer compare --out out/compare

verify: $(READY)  ## check the program against closed forms and rates -> out/verify/verification.html
	@$(BIN)/bilayer verify --out out/verify

test: lint  ## lint, types and the fast tests
	@echo "== pytest"
	@$(PYTEST)

lint: $(READY)  ## ruff and the type checker
	@echo "== ruff check"
	@$(BIN)/ruff check .
	@echo "== ruff format --check"
	@$(BIN)/ruff format --check .
	@echo "== pyright"
	@$(BIN)/basedpyright

format: $(READY)  ## let ruff rewrite what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

slow: $(READY)  ## the slow tests
	@$(PYTEST) -m slow

clean:  ## remove .venv, results and caches
	rm -rf $(VENV) out build .pytest_cache .ruff_cache .hypothesis *.egg-info
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +
