"""`toleramp oximeter simulate`: the bench's oximeter on a serial port or a pseudo-terminal, in real time.

`session` has the oximeter and its schedule, `lines` where its bytes go, `told` the words that change it, `serve` the
clock.
"""
