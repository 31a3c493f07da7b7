"""What the service costs, measured beside a web server that only copies files, in one and the same run.

Ratios and CPU per call mean the same on any machine; times do not. Nothing here judges: a goal that is not
met is shown as missed.
"""
