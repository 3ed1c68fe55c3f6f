"""Maps of the world: a scene is plain data for every face, a sheet is a scene laid out, SVG and PNG draw a sheet."""
