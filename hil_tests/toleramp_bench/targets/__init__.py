"""What a scenario runs on: the pure core, MicroPython for Unix, the image on the emulated board, a physical rig."""
