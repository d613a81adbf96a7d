"""The core: pure, integer, the same on the microcontroller, on MicroPython for Unix and on CPython."""
