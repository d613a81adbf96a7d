# Toleramp. `make demo` on a fresh machine prepares everything and shows the pump at work; `make help` lists the rest.
BOARD ?= pump_pico
PORT ?= auto
SCALE ?= 0.02
SPACE ?= all

IN_VENV := .venv/bin
TOOL := sh boards/build/python.sh -m boards.build
# Hundreds of Pythons start in the tests: what they compile is kept in build/, also where a shell forbids it beside sources.
KEEPING := env -u PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX=$(CURDIR)/build/pycache

.PHONY: help setup system venv demo test firmware rig unix flash lint bench explore mutants trace evidence clean
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 12

setup: venv ## once: the system packages and .venv with the tools (the other targets do it by themselves)

system:
	@$(TOOL) --system

venv: system
	@$(TOOL) --venv

demo: setup firmware ## a whole desensitization on the emulated pump, with a reaction, and its report (SCALE=0.02)
	@$(IN_VENV)/python -m toleramp_bench.demo --scale $(SCALE)

test: setup firmware rig unix ## all tests
	@$(KEEPING) $(IN_VENV)/python -m pytest -n 2 --dist loadfile --durations 20

firmware: system ## the image to flash: build/BOARD/firmware.uf2 (BOARD=pump_pico)
	@$(TOOL) --board $(BOARD)

rig: system
	@$(TOOL) --board rig_pico

unix: system ## MicroPython for this computer with the pump's core: build/unix/micropython
	@$(TOOL) --port unix

flash: setup firmware ## puts the image on a board (BOARD=pump_pico PORT=/dev/ttyACM0)
	@$(IN_VENV)/python -m boards.build.flash --board $(BOARD) --port $(PORT)

lint: setup ## style, types, and which room may import which
	@$(IN_VENV)/ruff check -q .
	@$(IN_VENV)/ruff format -q --check .
	@$(IN_VENV)/mypy --no-error-summary
	@mkdir -p build/log; $(IN_VENV)/lint-imports >build/log/lint-imports.log || { cat build/log/lint-imports.log; exit 1; }
	@echo "lint: clean"

bench: setup firmware ## performance figures side by side
	@$(IN_VENV)/python -m toleramp_bench.figures

explore: setup ## every input in every state of the core that comes up, and what it breaks (SPACE=all)
	@$(IN_VENV)/python -m tests.explore $(SPACE)

mutants: setup ## slips put into the safety kernel: which one no test notices
	@$(IN_VENV)/python tests/mutants

trace: setup ## which test shows which requirement
	@$(IN_VENV)/python -m toleramp_bench.trace

evidence: setup firmware unix ## the long runs, resumable, ending in one report
	@$(KEEPING) $(IN_VENV)/python -m toleramp_bench.evidence

clean: ## removes what was built; .venv and the download cache stay
	@rm -rf build
