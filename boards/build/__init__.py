"""Builds the images: `python3 -m boards.build --board pump_pico` and `--port unix`. Standard library only.

sources.py   what is built from: exact versions and their digests
system.py    the system packages that the build needs
debian.py    fetches the pinned sources through the machine's own apt configuration
toolchain.py unpacks them and builds mpy-cross, once for all clones
frozen.py    what goes into an image, its hash and the staged copy that is frozen
image.py     the board's image       unix.py  MicroPython for Unix with the same core and the chip's integers
venv.py      the tools of the host   flash.py puts an image on a board
"""
