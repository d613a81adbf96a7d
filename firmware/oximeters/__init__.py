"""Serial formats of oximeters, one module each. A parser takes bytes and hands out judged samples."""
