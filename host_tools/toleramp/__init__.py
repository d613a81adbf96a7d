"""The laptop's side of Toleramp: writes protocols, loads them, watches the run, reports on it."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("toleramp")
except PackageNotFoundError:  # run from the sources, not installed
    __version__ = "0.0.0"
