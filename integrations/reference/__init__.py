"""Tables of the world that the domain takes as values: public holidays, and the time zones of countries and phones."""
