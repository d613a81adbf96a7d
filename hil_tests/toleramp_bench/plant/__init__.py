"""The plant: what step pulses at the motor do to liquid, tubing, bags, scale, sensors and patient.

Pure Python without I/O, driven by simulated microseconds; every draw comes from a random.Random that is handed in.
Volumes are whole picolitres (`_pl`) wherever they are summed, so that two runs agree to the last digit; `_nl` and
`_ul` are floats inside a model or exact fractions in a readout.
"""
