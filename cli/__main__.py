"""``python -m cli`` is ``dunwell``."""

from cli import main

main()
