"""Generated from the OpenAPI of icity by `make docs`; do not edit."""
