# The pumping mechanism of this board, until it is calibrated on a scale: a roller head of 0.32 mL a
# revolution, driven by a 200-step motor at 16 microsteps. Picolitres a microstep.
PL_PULSE = 100_000
