"""Whether a protocol may run on this pump: two people's approval, or bench mode, and every rule."""

from pump.protocol import approval
from pump.protocol.protocol import BENCH, Refusal
from pump.protocol.rules import demand
from pump.tables import refusals


def admit(protocol, blob, bench, keys):
    """Raises Refusal unless the pump, in bench mode or not, with these keys, takes the protocol decoded from `blob`."""
    if not bench and protocol.kind == BENCH:
        raise Refusal(refusals.BENCH_MODE)
    if not bench or (protocol.approval and keys):
        approval.demand(protocol, blob, keys)
    demand(protocol)
    if not protocol.steps:
        raise Refusal(refusals.NOT_RUN)
