"""What a person reads on a terminal. Only this package imports rich.

Nothing of what a user typed is ever read as markup: it comes in as `Text`. Widths are the console's, so
that 40 columns work as well as 200; beyond 100 the lines would be hard to read and are kept shorter.
"""
