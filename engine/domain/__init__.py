"""Pure functions on plain values: nothing here knows a database, a diagram or a request."""
