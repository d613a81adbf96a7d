# ruff: noqa: F821 (the names come from MicroPython's manifest tool)
# What the image holds. STAGE_DIR is the copy that boards/build makes for each build: the firmware (main.py,
# pump, oximeters, drivers), the modules beside this file (pins.py as board_pins) and build_info.py (version,
# hash of everything frozen, commit). No file in the file system can take the place of any: see boot.py.
import os

freeze("$(PORT_DIR)/modules")  # the port's own: mounts the file system, assembles PIO programs
freeze("$(STAGE_DIR)")

if os.environ.get("MPY_LIB_DIR"):  # extras for tests on the target and for service mode
    include("$(MPY_DIR)/extmod/asyncio")
    require("unittest")
    require("aiorepl")
