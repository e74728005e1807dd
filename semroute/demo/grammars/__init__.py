"""How the kinds of work are phrased: one grammar per kind, as text.

A line `name: this | that` gives a rule and its alternatives; a rule may also stand alone on its \
    line
and list its alternatives below, indented, one to a line. `{name}` draws an alternative of a rule,
of the grammar itself or of `words.py`; `{3..40}` draws a whole number; `{name:1}` draws once and
says the same again wherever it is repeated in a text. `~` is nothing and `⏎` a line break. A text
starts at `query`. See `semroute.demo.phrases`.
"""
