"""Models of the parts on the pump's board. Plain Python: they know nothing of the emulator."""
