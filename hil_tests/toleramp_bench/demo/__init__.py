"""The demonstration: the image on the emulated board, the laptop's tools, a patient who reacts, and its verdict."""
