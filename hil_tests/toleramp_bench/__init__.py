"""The bench: runs the real firmware against simulated or real hardware and shows that it does what it promises."""
