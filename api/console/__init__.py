"""The moderators' pages: templates without logic, plain ES modules, no build step."""
