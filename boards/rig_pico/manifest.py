# ruff: noqa: F821 (the names come from MicroPython's manifest tool)
# What the image holds. STAGE_DIR is the copy that boards/build makes for each build: the rig's firmware (firmware/
# beside this file), the modules beside this file (pins.py as board_pins) and build_info.py.

freeze("$(PORT_DIR)/modules")  # the port's own: mounts the file system, assembles PIO programs
freeze("$(STAGE_DIR)")
