"""The long runs: each once for its inputs, one after the other, resumable, ending in one report."""
