"""The physical test rig, from the laptop's side: the same code drives real boards and two emulated ones."""
