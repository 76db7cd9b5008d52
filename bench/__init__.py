"""What the product costs, beside bare Temporal and a bare web route: ``python -m bench --help``."""
