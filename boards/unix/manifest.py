# ruff: noqa: F821 (the names come from MicroPython's manifest tool)
# MicroPython for Unix with the pure core in it: the same packages as in the pump's image, no hardware.
# BOARD_DIR is the copy of them that boards/build makes for each build.
freeze("$(BOARD_DIR)")
