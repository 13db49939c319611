# Commands for Linux and macOS. On Windows, or with conda, see README.md: `cohort` and `pytest` do the same.
PYTHON ?= python3
VENV   ?= .venv
OUT    ?= report
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help run test test-slow check lab notebooks demo lock clean

help:  ## Print this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk 'BEGIN {FS = ":.*## "} {printf "  make %-12s %s\n", $$1, $$2}'

$(READY): pyproject.toml constraints.txt
	@echo "preparing $(VENV) with the locked versions ..."
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test,dev]'
	@touch $@

run: $(READY)  ## Clean the demo cohort, run the notebooks on it, write report/index.html (STUDY=..., OUT=...)
	@$(BIN)/cohort run $(STUDY) --out $(OUT)
	@echo "open $(OUT)/index.html in a browser"

test: $(READY)  ## Run the tests and check the stored outputs of the notebooks
	@OMP_NUM_THREADS=1 $(BIN)/python scripts/test_all.py

test-slow: $(READY)  ## Run the slow checks too (simulation studies)
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m slow

check: $(READY)  ## Lint, format, types and the module map, as pre-commit and CI do
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python scripts/check_architecture.py

lab: $(READY)  ## Open JupyterLab on copies of the notebooks (STUDY=...)
	@$(BIN)/cohort lab $(STUDY)

notebooks: $(READY)  ## Execute the notebooks on the demo and store their outputs
	@$(BIN)/python scripts/execute_notebooks.py

demo: $(READY)  ## Draw the committed demo cohort anew
	@$(BIN)/python scripts/draw_demo.py

lock: $(READY)  ## Write constraints.txt from what is installed in the venv
	@$(BIN)/python scripts/lock.py

clean:  ## Remove the venv and the report
	@rm -rf $(VENV) $(OUT)
