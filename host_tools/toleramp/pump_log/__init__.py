"""The pump's own log on the laptop: pulled from its memory, checked, shown, exported."""
