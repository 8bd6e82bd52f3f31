"""Minimising: the smallest case that still shows a failure, by delta debugging on live implementations.

`search.minimize` is the loop, `passes` what it tries, `stage` where candidates are performed and seen.
"""
