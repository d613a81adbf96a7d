"""Firmware broken on purpose: seeded defects, each by the requirement that it breaks."""
