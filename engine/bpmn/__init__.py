"""The only room that speaks SpiffWorkflow: diagrams in, plain data out."""
