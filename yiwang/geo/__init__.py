"""geo: where things are — division tree, unit and responsibility grids, coordinates, places, tiles. See README.md."""
