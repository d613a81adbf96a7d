"""labgrid's driver for a rig. Only labgrid imports this module, by the name in the environment file.

The ports are handed over, not opened: RigTarget opens them, so that a pump whose power is cut may come back. A port on
another computer is opened over the network (pyserial's `rfc2217://` and `socket://`), which a real-time run may be too
slow for; run the scenario on the computer at the rig.
"""

from __future__ import annotations

from typing import Any

import attr
from labgrid.driver import Driver
from labgrid.factory import target_factory

from toleramp_bench.targets.rig import RigTarget


@target_factory.reg_driver
@attr.s(eq=False)
class TolerampRigDriver(Driver):  # type: ignore[misc]
    """Two serial ports, bound by the names "pump" and "rig", that together are a target for scenarios."""

    bindings = {"pump": {"RawSerialPort", "USBSerialPort"}, "rig": {"RawSerialPort", "USBSerialPort"}}

    pump: Any
    rig: Any

    @Driver.check_active  # type: ignore[untyped-decorator]
    def rig_target(self) -> RigTarget:
        """The target; whoever takes it closes it. UserError when a port is not there."""
        return RigTarget.of_ports(self.pump.port, self.rig.port)
