"""What is said of oximeters' streams on the laptop, with the pump's own readers."""
