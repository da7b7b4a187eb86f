"""The REST API, version 1: one module a noun, its schemas at its top."""
