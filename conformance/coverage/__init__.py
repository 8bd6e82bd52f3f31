"""What the vectors exercise, measured: they are performed, and every update that appears is decoded.

`cells` says what there is to cover, `contents` and `usage` what one update and one step cover, `measure` performs the
cases, `impossible` reads which cells cannot be covered and why, `show` prints.
"""
