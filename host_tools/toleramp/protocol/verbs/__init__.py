"""What `toleramp protocol` can do, one module a verb; each has add_parser(verbs), whose parser sets func."""

VERBS = ("table", "templates", "new", "prepare", "check", "diff", "plot", "sign", "verify", "library")
