"""Scenarios: one file says what happens to pump, patient and people and what must follow, on any target."""
