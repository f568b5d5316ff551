"""The spam estimate: many small signs from all layers, added up by a linear model that says what each one adds."""
