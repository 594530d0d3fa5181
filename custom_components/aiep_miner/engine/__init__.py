"""The governed cycle, in pure Python: it never imports Home Assistant.

``records`` are what flows through it, ``cycle`` is its seven steps in order, ``controller``
runs them for one operator.
"""
