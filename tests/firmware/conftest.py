"""Fixtures of this folder; what they are made of is in firmware_kit, which tests import by a name of its own."""

from firmware_kit import (  # noqa: F401
    _module_cable,
    _no_tool_stays,
    bench_protocol,
    blob,
    cable,
    firmware,
    flowing,
    world,
)
