"""Moments of surveys that do not fit memory: files are read in parts, and only the sums of each part are kept.

Nothing is imported here: a fit knows the record of such moments without the readers behind it.
"""
